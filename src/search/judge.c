/* SPDX-License-Identifier: MIT */
#include "judge.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/state.h"
#include "gate.h"
#include "learn/critic.h"
#include "search/transfer.h"
#include "space/arch_index.h"

enum {
    SAYS_FROM = 2, /* results from which on the critic says anything */
    MOVES = 8      /* mutations until an architecture is new, at most */
};

struct judge {
    const struct space *space;
    const struct fnas_conf *conf;
    uint64_t seed;
    struct critic *critic;
    struct gate gate;
    struct arch_index known; /* those trained, or being so */
    bool informed;           /* by results of other tasks */
    double age; /* of the weights that the latest result started from */

    /* scratch, [room] */
    struct verdict *verdict;
    struct rng *stream;
    struct arch *step;
    double *gain, *step_gain;
    bool *train, *barred;
};

struct judge *judge_new(const struct space *space, const struct fnas_conf *conf,
                        int room, uint64_t seed)
{
    struct judge *j = MEM_NEW(struct judge, 1);

    j->space = space;
    j->conf = conf;
    j->seed = seed;
    j->critic = critic_new(space, conf->points, room);
    j->gate.set = j->gate.share = conf->gate;
    j->gate.audit = conf->audit;
    j->verdict = MEM_NEW(struct verdict, room);
    j->stream = MEM_NEW(struct rng, room);
    j->step = MEM_NEW(struct arch, room);
    j->gain = MEM_NEW(double, room);
    j->step_gain = MEM_NEW(double, room);
    j->train = MEM_NEW(bool, room);
    j->barred = MEM_NEW(bool, room);
    return j;
}

void judge_free(struct judge *j)
{
    if (!j)
        return;
    critic_free(j->critic);
    arch_index_free(&j->known);
    mem_free(j->verdict);
    mem_free(j->stream);
    mem_free(j->step);
    mem_free(j->gain);
    mem_free(j->step_gain);
    mem_free(j->train);
    mem_free(j->barred);
    mem_free(j);
}

/* In deviations from their mean: tasks differ in both. */
static void standardise(double *x, int n)
{
    double mean = 0, square = 0;

    for (int i = 0; i < n; i++)
        mean += x[i] / n;
    for (int i = 0; i < n; i++)
        square += (x[i] - mean) * (x[i] - mean) / n;
    for (int i = 0; i < n; i++)
        x[i] = square > 0 ? (x[i] - mean) / sqrt(square) : 0;
}

static void expect_from_others(struct judge *j, const struct transfer *t)
{
    struct arch *arch;
    double *value;
    int all = 0, n = 0;

    for (int i = 0; i < t->count; i++)
        all += t->runs[i].same ? 0 : t->runs[i].count;
    arch = MEM_NEW(struct arch, all);
    value = MEM_NEW(double, all);
    for (int i = 0; i < t->count; i++) {
        const struct earlier *run = &t->runs[i];

        if (run->same || run->count == 0)
            continue;
        memcpy(arch + n, run->arch, sizeof arch[0] * (size_t)run->count);
        critic_level(j->space, run->count, run->arch, run->reward, run->age,
                     value + n);
        standardise(value + n, run->count);
        n += run->count;
    }
    critic_prior(j->critic, n, arch, value);
    j->informed = n > 0;
    mem_free(arch);
    mem_free(value);
}

static bool is_known(const struct judge *j, const struct arch *arch)
{
    return arch_index_find(&j->known, arch) >= 0;
}

/* One result of this task, whenever it was. */
static void learn_result(struct judge *j, const struct arch *arch,
                         double reward, double age)
{
    arch_index_put(&j->known, arch, 0);
    critic_add(j->critic, arch, reward, age);
    j->age = age;
}

void judge_earlier(struct judge *j, const struct transfer *t)
{
    expect_from_others(j, t);
    for (int i = 0; i < t->count; i++)
        for (int k = 0; k < t->runs[i].count && t->runs[i].same; k++)
            learn_result(j, &t->runs[i].arch[k], t->runs[i].reward[k],
                         t->runs[i].age[k]);
}

int judge_wants(const struct judge *j)
{
    int warm = j->conf->warm;
    int64_t missing;

    if (j->informed && warm > j->conf->informed)
        warm = j->conf->informed;
    missing = warm - critic_count(j->critic);
    return missing > 0 ? (int)missing : 0;
}

void judge_settle(struct judge *j)
{
    critic_settle(j->critic);
}

void judge_expect(struct judge *j, const struct round *r)
{
    for (int i = r->told; i < r->count; i++)
        if (!r->said[i].replaces)
            critic_expect(j->critic, &r->arch[i]);
}

/* A share of the round becomes neighbours of the best; and so does of itself
 * what was trained already. */
static void move(struct judge *j, struct round *r, int near)
{
    struct arch best = critic_best(j->critic);

    for (int i = 0; i < r->count; i++) {
        struct rng *stream = &j->stream[i];

        *stream = rng_stream(j->seed, RNG_MUTATE, (uint64_t)(r->first + i));
        if (i < near) {
            r->arch[i] = best;
            r->moved[i] = true;
            while (rng_below(stream, 2) > 0)
                r->arch[i] = space_mutate(j->space, &r->arch[i], stream);
        }
        for (int k = 0; k < MOVES && is_known(j, &r->arch[i]); k++) {
            r->arch[i] = space_mutate(j->space, &r->arch[i], stream);
            r->moved[i] = true;
        }
    }
}

/* Expected improvement of n architectures by training them; 0: not again. */
static void weigh(struct judge *j, int n, const struct arch *arch, double *gain)
{
    critic_judge(j->critic, n, arch, j->verdict);
    for (int i = 0; i < n; i++)
        gain[i] = is_known(j, &arch[i]) ? 0 : j->verdict[i].gain;
}

/* Each of these neighbours goes on by mutations that are expected to improve
 * more, so that the search does not depend on what happens to be drawn. */
static void climb(struct judge *j, struct round *r, int near)
{
    if (near == 0 || j->conf->climb == 0)
        return;
    weigh(j, near, r->arch, j->gain);
    for (int k = 0; k < j->conf->climb; k++) {
        for (int i = 0; i < near; i++)
            j->step[i] = space_mutate(j->space, &r->arch[i], &j->stream[i]);
        weigh(j, near, j->step, j->step_gain);
        for (int i = 0; i < near; i++)
            if (j->step_gain[i] > j->gain[i]) {
                r->arch[i] = j->step[i];
                j->gain[i] = j->step_gain[i];
            }
    }
}

static void explore(struct judge *j, struct round *r)
{
    int near = (int)(j->conf->near * r->count);

    move(j, r, near);
    climb(j, r, near);
}

static void speak(struct judge *j, struct round *r)
{
    critic_judge(j->critic, r->count, r->arch, j->verdict);
    r->rise = critic_rise(j->critic, j->age);
    for (int i = 0; i < r->count; i++)
        r->said[i] = (struct prediction){r->rise + j->verdict[i].value,
                                         j->verdict[i].deviation, false};
}

static void decide(struct judge *j, struct round *r)
{
    struct rng stream = rng_stream(j->seed, RNG_GATE, (uint64_t)r->first);

    r->audit =
        gate_decide(&j->gate, j->critic, &j->known, r->count, r->arch,
                    j->verdict, j->conf->train, &stream, j->train, j->barred);
    for (int i = 0; i < r->count; i++) {
        struct prediction *p = &r->said[i];

        p->replaces = !j->train[i];
        if (p->replaces && !r->moved[i])
            r->reward[i] =
                j->verdict[i].value + j->conf->optimism * p->deviation;
    }
}

void judge_round(struct judge *j, struct round *r)
{
    bool decides = judge_wants(j) == 0;

    if (decides)
        explore(j, r);
    if (critic_count(j->critic) >= SAYS_FROM)
        speak(j, r);
    if (decides)
        decide(j, r);
    for (int i = 0; i < r->count; i++)
        if (!r->said[i].replaces)
            arch_index_put(&j->known, &r->arch[i], 0);
}

double judge_level(const struct judge *j, double reward, double age)
{
    return reward - critic_rise(j->critic, age);
}

void judge_result(struct judge *j, const struct round *r, int i, double reward,
                  double age)
{
    if (!isfinite(reward))
        return;
    if (i == r->audit)
        gate_audited(&j->gate, &r->said[i],
                     r->rise + judge_level(j, reward, age));
    learn_result(j, &r->arch[i], reward, age);
}

struct critic_health judge_health(const struct judge *j)
{
    const struct gate *g = &j->gate;
    struct critic_record r = critic_record(j->critic);
    double audits = g->audits > 0 ? (double)g->audits : (double)NAN;

    return (struct critic_health){.on = true,
                                  .learned = critic_count(j->critic),
                                  .skipped = (double)g->skipped,
                                  .trained = (double)g->trained,
                                  .audits = (double)g->audits,
                                  .audit_error = g->error / audits,
                                  .audit_ratio = g->ratio / audits,
                                  .in_50 = r.in_50,
                                  .in_90 = r.in_90,
                                  .scale = r.scale,
                                  .slope = r.slope};
}

void judge_state(struct judge *j, struct state *s)
{
    state_enter(s, "judge");
    critic_state(j->critic, s, j->space);
    gate_state(&j->gate, s);
    arch_index_state(&j->known, s, "known");
    state_any_doubles(s, "age", &j->age, 1);
    state_leave(s);
}
