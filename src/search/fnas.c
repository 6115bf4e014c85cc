/* SPDX-License-Identifier: MIT */
/* Search in rounds: the policy draws a round of architectures, and learns from
 * it by PPO once all its results are in.  That is "ppo", the baseline of FNAS
 * (Liu et al. 2021); "fnas" has two accelerators, each a switch:
 *
 *     critic   once it has results enough, the policy draws many more than can
 *              be trained.  The gate picks those that may change the search;
 *              of the others the policy learns by what the critic predicts.
 *              What was trained already is mutated first, until it is new: so
 *              a settled policy is searched around, and not asked in vain.
 *     replay   half of what the policy learns from are results of earlier
 *              rounds, weighted by importance; so a round may be drawn while
 *              the ones before it are still out, `lag` of them.
 *
 * Predictions are never learned by the critic, nor replayed, nor the best. */
#include "search/fnas.h"

#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"
#include "gate.h"
#include "learn/critic.h"
#include "learn/policy.h"
#include "learn/ppo.h"
#include "learn/replay.h"
#include "round.h"
#include "search/search.h"

CONF_ROWS(rows, struct fnas_conf, FNAS_SETTINGS)
const struct conf_section fnas_section = {
    .name = "fnas",
    .help = "Search as ppo does, accelerated by a critic and by replay",
    .bytes = sizeof(struct fnas_conf),
    .count = CONF_COUNT(rows),
    .rows = rows,
};

enum { MOVES = 8 }; /* mutations until an architecture is new, at most */

struct fnas {
    const struct space *space;
    const struct ppo_conf *ppo_conf;
    const struct fnas_conf *conf; /* NULL: ppo */
    uint64_t seed;
    int slots;
    struct policy *policy;
    struct ppo *ppo;
    struct critic *critic; /* NULL: none */
    struct replay *replay; /* NULL: none */
    struct gate gate;
    struct known known;
    double spread; /* of the policy at the latest round */

    /* rounds learned..drawn - 1 are open, a ring */
    struct round *rounds; /* [open] */
    int open, room;
    int64_t learned, drawn;

    /* scratch */
    struct rng *streams;     /* [room] */
    float *entropy;          /* [room, slots] */
    struct verdict *verdict; /* [room] */
    bool *train, *barred;    /* [room] */
    struct arch *arch;       /* [2 room]: what is learned from */
    double *reward;          /* [2 room] */
    float *mu;               /* [2 room, slots] */
};

static void make_parts(struct fnas *s, const struct space *space)
{
    const struct ppo_conf *p = s->ppo_conf;
    const struct fnas_conf *c = s->conf;
    struct policy_shape shape = {p->hidden, p->embedding, 2 * s->room};

    s->policy = policy_new(space, &shape, s->seed);
    s->ppo = ppo_new(s->policy, p, 2 * s->room, s->seed);
    if (c && c->critic)
        s->critic = critic_new(space, c->points, s->room);
    if (c && c->replay)
        s->replay = replay_new(space->count, c->capacity);
    s->gate.share = s->gate.set = c ? c->gate : 1;
    s->gate.audit = c ? c->audit : 0;
    for (int i = 0; i < s->open; i++)
        round_new(&s->rounds[i], s->room, s->slots);
}

static void make_scratch(struct fnas *s)
{
    size_t room = (size_t)s->room, slots = (size_t)s->slots;

    s->streams = MEM_NEW(struct rng, room);
    s->entropy = MEM_NEW(float, room *slots);
    s->verdict = MEM_NEW(struct verdict, room);
    s->train = MEM_NEW(bool, room);
    s->barred = MEM_NEW(bool, room);
    s->arch = MEM_NEW(struct arch, 2 * room);
    s->reward = MEM_NEW(double, 2 * room);
    s->mu = MEM_NEW(float, 2 * room * slots);
}

static struct fnas *make(const struct space *space, const struct ppo_conf *p,
                         const struct fnas_conf *c, uint64_t seed)
{
    struct fnas *s = MEM_NEW(struct fnas, 1);

    s->space = space;
    s->ppo_conf = p;
    s->conf = c;
    s->seed = seed;
    s->slots = space->count;
    s->spread = 1;
    s->room = c && c->critic && c->sample > p->batch ? c->sample : p->batch;
    s->open = c && c->replay ? c->lag + 1 : 1;
    s->rounds = MEM_NEW(struct round, s->open);
    make_parts(s, space);
    make_scratch(s);
    return s;
}

static void *create_ppo(const struct space *space, const struct conf *conf,
                        uint64_t seed)
{
    return make(space, conf_of(conf, &ppo_section), NULL, seed);
}

static void *create_fnas(const struct space *space, const struct conf *conf,
                         uint64_t seed)
{
    return make(space, conf_of(conf, &ppo_section),
                conf_of(conf, &fnas_section), seed);
}

static void destroy(void *self)
{
    struct fnas *s = self;

    if (!s)
        return;
    for (int i = 0; i < s->open; i++)
        round_free(&s->rounds[i]);
    ppo_free(s->ppo);
    policy_free(s->policy);
    critic_free(s->critic);
    replay_free(s->replay);
    known_free(&s->known);
    void *const arrays[] = {s->rounds,  s->streams, s->entropy,
                            s->verdict, s->train,   s->barred,
                            s->arch,    s->reward,  s->mu};

    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        mem_free(arrays[i]);
    mem_free(s);
}

static struct round *round_at(const struct fnas *s, int64_t number)
{
    return &s->rounds[number % s->open];
}

static bool critic_decides(const struct fnas *s)
{
    return s->critic && critic_count(s->critic) >= s->conf->warm;
}

/* Architectures of the next round. */
static int round_size(const struct fnas *s)
{
    int batch = s->ppo_conf->batch;

    if (critic_decides(s))
        return s->conf->sample;
    return s->replay && s->drawn > 0 ? (batch + 1) / 2 : batch;
}

static void draw_round(struct fnas *s, struct round *r)
{
    for (int i = 0; i < r->count; i++)
        s->streams[i] =
            rng_stream(s->seed, RNG_SEARCH, (uint64_t)(r->first + i));
    policy_sample(s->policy, r->count, s->streams, r->arch, r->mu, s->entropy);
    s->spread = policy_spread(s->policy, r->count, s->entropy);
}

/* What was trained already becomes a neighbour that was not, if one is found. */
static void move_known(struct fnas *s, struct round *r)
{
    for (int i = 0; i < r->count; i++) {
        uint64_t id = (uint64_t)(r->first + i);
        struct rng stream = rng_stream(s->seed, RNG_MUTATE, id);

        for (int k = 0; k < MOVES && known_has(&s->known, &r->arch[i]); k++) {
            r->arch[i] = space_mutate(s->space, &r->arch[i], &stream);
            r->moved[i] = true;
        }
    }
}

/* Let the critic know what is being trained. */
static void expect_pending(struct fnas *s)
{
    critic_settle(s->critic);
    for (int64_t k = s->learned; k < s->drawn; k++) {
        const struct round *r = round_at(s, k);

        for (int i = r->told; i < r->count; i++)
            if (!r->said[i].replaces)
                critic_expect(s->critic, &r->arch[i]);
    }
}

/* What the critic says of a round; and, if it may, which are trained. */
static void judge_round(struct fnas *s, struct round *r)
{
    struct rng stream = rng_stream(s->seed, RNG_GATE, (uint64_t)r->first);
    bool decides = critic_decides(s);

    if (critic_count(s->critic) < 2)
        return;
    expect_pending(s);
    critic_judge(s->critic, r->count, r->arch, s->verdict);
    for (int i = 0; i < r->count; i++)
        r->said[i] = (struct prediction){s->verdict[i].value,
                                         s->verdict[i].deviation, false};
    if (!decides)
        return;
    r->audit =
        gate_decide(&s->gate, s->critic, &s->known, r->count, r->arch,
                    s->verdict, s->conf->train, &stream, s->train, s->barred);
    for (int i = 0; i < r->count; i++) {
        struct prediction *p = &r->said[i];

        p->replaces = !s->train[i];
        if (p->replaces && !r->moved[i])
            r->reward[i] = p->value + s->conf->optimism * p->deviation;
    }
}

static void begin_round(struct fnas *s, int64_t first)
{
    struct round *r = round_at(s, s->drawn);

    round_begin(r, first, round_size(s));
    draw_round(s, r);
    if (critic_decides(s))
        move_known(s, r);
    if (s->critic)
        judge_round(s, r);
    s->drawn++;
    for (int i = 0; s->critic && i < r->count; i++)
        if (!r->said[i].replaces)
            known_add(&s->known, &r->arch[i]);
}

static bool ask(void *self, struct task *t)
{
    struct fnas *s = self;
    struct round *r = s->drawn > 0 ? round_at(s, s->drawn - 1) : NULL;
    int i;

    if (!r || r->asked == r->count) {
        if (s->drawn - s->learned == s->open)
            return false;
        begin_round(s, t->id);
        r = round_at(s, s->drawn - 1);
    }
    i = r->asked++;
    CHECK(t->id == r->first + i);
    t->arch = r->arch[i];
    t->said = r->said[i];
    return true;
}

/* What counts of a round, in front; its number. */
static int gather(struct fnas *s, const struct round *r)
{
    size_t row = sizeof(float) * (size_t)s->slots;
    int n = 0;

    for (int i = 0; i < r->count; i++) {
        if (!isfinite(r->reward[i]))
            continue;
        s->arch[n] = r->arch[i];
        s->reward[n] = r->reward[i];
        memcpy(s->mu + n * s->slots, r->mu + i * s->slots, row);
        n++;
    }
    return n;
}

static void remember(struct fnas *s, const struct round *r)
{
    for (int i = 0; i < r->count; i++)
        if (isfinite(r->reward[i]) && !r->said[i].replaces)
            replay_add(s->replay, &r->arch[i], r->mu + i * s->slots,
                       r->reward[i], s->learned);
}

/* As many of earlier rounds as there are new ones. */
static int recall(struct fnas *s, int n)
{
    struct rng r = rng_stream(s->seed, RNG_REPLAY, (uint64_t)s->learned);

    return replay_draw(s->replay, &r, n, s->learned - s->conf->stale,
                       s->arch + n, s->mu + n * s->slots, s->reward + n);
}

static void learn(struct fnas *s)
{
    const struct round *r = round_at(s, s->learned);
    int news = gather(s, r), n = news;

    if (s->replay) {
        n += recall(s, news);
        remember(s, r);
    }
    if (n >= 2)
        (void)ppo_update(
            s->ppo,
            &(struct ppo_batch){
                .n = n,
                .news = news,
                .arch = s->arch,
                .reward = s->reward,
                .mu = s->replay ? s->mu : NULL,
                .naive = s->replay &&
                         strcmp(s->conf->replay_correction.s, "naive") == 0});
    s->learned++;
}

/* A result of a child that was trained. */
static void learn_result(struct fnas *s, struct round *r, int i, double reward)
{
    if (!r->moved[i])
        r->reward[i] = reward;
    if (!s->critic || !isfinite(reward))
        return;
    if (i == r->audit)
        gate_audited(&s->gate, &r->said[i], reward);
    critic_add(s->critic, &r->arch[i], reward);
}

static void tell(void *self, const struct task *t, const struct result *r,
                 double reward)
{
    struct fnas *s = self;
    struct round *round = round_at(s, s->learned);
    int i = round_find(round, t->id);

    (void)r;
    CHECK(s->learned < s->drawn && i == round->told);
    if (!round->said[i].replaces)
        learn_result(s, round, i, reward);
    if (++round->told == round->count)
        learn(s);
}

static struct search_health health(const void *self)
{
    const struct fnas *s = self;
    const struct gate *g = &s->gate;
    double audits = g->audits > 0 ? (double)g->audits : (double)NAN;
    struct search_health h = {.entropy = s->spread};

    if (!s->critic)
        return h;
    h.critic = (struct critic_health){
        .on = true,
        .learned = critic_count(s->critic),
        .skipped = (double)g->skipped,
        .trained = (double)g->trained,
        .audits = (double)g->audits,
        .audit_error = g->error / audits,
        .audit_ratio = g->ratio / audits,
        .in_50 = critic_record(s->critic).in_50,
        .in_90 = critic_record(s->critic).in_90,
        .scale = critic_record(s->critic).scale,
    };
    return h;
}

const struct search search_ppo = {
    .name = "ppo",
    .help = "An LSTM policy, learned by proximal policy optimisation",
    .section = &ppo_section,
    .create = create_ppo,
    .ask = ask,
    .tell = tell,
    .health = health,
    .destroy = destroy,
};

const struct search search_fnas = {
    .name = "fnas",
    .help = "As ppo, with a critic that predicts, and replay of results",
    .section = &fnas_section,
    .create = create_fnas,
    .ask = ask,
    .tell = tell,
    .health = health,
    .destroy = destroy,
};
