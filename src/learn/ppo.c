/* SPDX-License-Identifier: MIT */
#include "learn/ppo.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/state.h"
#include "learn/ppo_loss.h"
#include "nn/optim.h"

static void check(struct conf *conf, const void *values)
{
    const struct ppo_conf *c = values;

    if (c->minibatches > c->batch)
        conf_complain(conf, &ppo_section, "minibatches",
                      "%d parts of a round of %d architectures", c->minibatches,
                      c->batch);
}

CONF_ROWS(rows, struct ppo_conf, PPO_SETTINGS)
const struct conf_section ppo_section = {
    .name = "ppo",
    .help = "Search by proximal policy optimisation of an LSTM policy",
    .bytes = sizeof(struct ppo_conf),
    .count = CONF_COUNT(rows),
    .rows = rows,
    .check = check,
};

#define BOOST_MOST 1e6
#define STATE_MOST 1e4f /* no weight or moment is further from 0 */

/* Mean and variance of all so far, weighted (Welford 1962, West 1979). */
struct running {
    double count, mean, sum; /* sum of weights, of squared deviations */
};

/* Outputs of the policy for a batch, [n, slots] each. */
struct outputs {
    float *log_prob, *entropy, *value;
};

struct ppo {
    struct policy *policy;
    const struct ppo_conf *conf;
    uint64_t seed;
    int batch, slots, steps, updates;
    float *m, *v; /* of Adam, [params] */
    struct running reward;
    double boost; /* of the entropy bonus, see below */

    /* of a round */
    float *target, *weight;  /* y, w, [n] */
    float *advantage;        /* [n, slots] */
    struct outputs old, now; /* before the update; of a minibatch */
    struct outputs gradient; /* of the loss by `now` */
    int *order;              /* [n] */
    struct arch *part;       /* of a minibatch */
};

static struct outputs outputs_new(size_t count)
{
    return (struct outputs){MEM_NEW(float, count), MEM_NEW(float, count),
                            MEM_NEW(float, count)};
}

static void outputs_free(const struct outputs *o)
{
    mem_free(o->log_prob);
    mem_free(o->entropy);
    mem_free(o->value);
}

struct ppo *ppo_new(struct policy *policy, const struct ppo_conf *conf,
                    int batch, uint64_t seed)
{
    struct ppo *o = MEM_NEW(struct ppo, 1);
    size_t n = (size_t)batch, count;

    o->policy = policy;
    o->conf = conf;
    o->seed = seed;
    o->batch = batch;
    o->slots = policy_slots(policy);
    o->boost = 1;
    o->m = MEM_NEW(float, policy_params(policy));
    o->v = MEM_NEW(float, policy_params(policy));
    count = n * (size_t)o->slots;
    o->target = MEM_NEW(float, n);
    o->weight = MEM_NEW(float, n);
    o->advantage = MEM_NEW(float, count);
    o->old = outputs_new(count);
    o->now = outputs_new(count);
    o->gradient = outputs_new(count);
    o->order = MEM_NEW(int, n);
    o->part = MEM_NEW(struct arch, n);
    return o;
}

void ppo_free(struct ppo *o)
{
    if (!o)
        return;
    mem_free(o->m);
    mem_free(o->v);
    mem_free(o->target);
    mem_free(o->weight);
    mem_free(o->advantage);
    outputs_free(&o->old);
    outputs_free(&o->now);
    outputs_free(&o->gradient);
    mem_free(o->order);
    mem_free(o->part);
    mem_free(o);
}

static void running_add(struct running *r, double x, double weight)
{
    double d = x - r->mean;

    if (!(weight > 0))
        return;
    r->count += weight;
    r->mean += d * weight / r->count;
    r->sum += d * weight * (x - r->mean);
}

static double deviation(const struct running *r)
{
    return sqrt(r->sum / r->count);
}

/* 0 where all rewards are the same up to rounding: nothing to learn. */
static float normalised(const struct ppo *o, double reward)
{
    double d = deviation(&o->reward), limit = o->conf->limit;

    if (d <= 1e-9 * fabs(o->reward.mean))
        return 0;
    return (float)fmax(-limit, fmin(limit, (reward - o->reward.mean) / d));
}

/* To mean 0 and deviation 1, where each architecture has its weight. */
static void standardise(float *x, const float *weight, int n, int slots)
{
    struct running r = {0};

    for (int k = 0; k < n * slots; k++)
        running_add(&r, (double)x[k], (double)weight[k / slots]);
    for (int k = 0; k < n * slots; k++)
        x[k] = (float)(((double)x[k] - r.mean) / (deviation(&r) + 1e-8));
}

/* Where all targets are the same, no decision was better than another; what is
 * left of y - V is error of V, not to be blown up to deviation 1. */
static void set_advantages(struct ppo *o, int n)
{
    bool same = true;

    for (int i = 1; i < n; i++)
        same = same && o->target[i] == o->target[0];
    for (int k = 0; k < n * o->slots; k++)
        o->advantage[k] = same ? 0 : o->target[k / o->slots] - o->old.value[k];
    if (!same)
        standardise(o->advantage, o->weight, n, o->slots);
}

static double explained(const struct ppo *o, int n)
{
    struct running y = {0}, rest = {0};

    for (int k = 0; k < n * o->slots; k++) {
        double target = (double)o->target[k / o->slots];

        running_add(&y, target, 1);
        running_add(&rest, target - (double)o->old.value[k], 1);
    }
    return y.sum > 0 ? 1 - rest.sum / y.sum : (double)NAN;
}

/* w of each, and what its ratios are to. */
static void set_weights(struct ppo *o, const struct ppo_batch *b)
{
    for (int i = 0; i < b->n; i++) {
        float *old = o->old.log_prob + i * o->slots;

        o->weight[i] = 1;
        if (b->mu && b->naive)
            memcpy(old, b->mu + i * o->slots, sizeof(float) * (size_t)o->slots);
        else if (b->mu)
            o->weight[i] = ppo_importance(old, b->mu + i * o->slots, o->slots);
    }
}

/* Targets, pi_old, weights and advantages of a round. */
static void prepare(struct ppo *o, const struct ppo_batch *b)
{
    for (int i = 0; i < b->news; i++)
        running_add(&o->reward, b->reward[i], 1);
    for (int i = 0; i < b->n; i++)
        o->target[i] = normalised(o, b->reward[i]);
    policy_evaluate(o->policy, b->n, b->arch, o->old.log_prob, o->old.entropy,
                    o->old.value);
    set_weights(o, b);
    set_advantages(o, b->n);
}

/* The bonus grows from round to round while the policy is narrower than the
 * floor: a settled policy has hardly a gradient of entropy, and would stay. */
static void watch_spread(struct ppo *o, int n)
{
    double spread = policy_spread(o->policy, n, o->old.entropy);

    if (spread < o->conf->floor)
        o->boost = fmin(BOOST_MOST, o->boost * 1.2);
    else
        o->boost = fmax(1, o->boost / 1.2);
}

static float entropy_weight(const struct ppo *o)
{
    const struct ppo_conf *c = o->conf;
    double done = c->anneal > 0 ? fmin(1, o->reward.count / c->anneal) : 1;
    double weight = c->entropy + done * (c->entropy_final - c->entropy);

    return (float)(o->boost * weight / sqrt(o->slots));
}

/* Derivatives of the loss by the outputs of a minibatch: order[0..n-1]. */
static void differentiate(struct ppo *o, int n, const int *order,
                          struct ppo_report *report)
{
    struct ppo_weights w = {(float)o->conf->clip, (float)o->conf->value,
                            entropy_weight(o), 1.0f / (float)(n * o->slots)};

    for (int k = 0; k < n * o->slots; k++) {
        int i = order[k / o->slots], at = i * o->slots + k % o->slots;
        struct ppo_step s = {o->old.log_prob[at], o->advantage[at],
                             o->weight[i], o->target[i]};
        struct ppo_output d,
            now = {o->now.log_prob[k], o->now.entropy[k], o->now.value[k]};
        float log_r = now.log_prob - s.old;

        (void)ppo_loss(&d, &w, &s, &now);
        o->gradient.log_prob[k] = d.log_prob;
        o->gradient.entropy[k] = d.entropy;
        o->gradient.value[k] = d.value;
        report->kl += expm1((double)log_r) - (double)log_r;
        report->clipped += fabsf(expf(log_r) - 1) > w.clip;
    }
}

static void step(struct ppo *o, struct ppo_report *report)
{
    struct adam adam = {(float)o->conf->rate, 0.9f, 0.999f, 1e-5f};
    size_t params = policy_params(o->policy);
    float *dw = policy_gradient(o->policy);
    float norm = clip_norm(dw, params, (float)o->conf->norm);

    CHECK(isfinite(norm));
    report->norm += (double)norm;
    adam_step(&adam, policy_weights(o->policy), o->m, o->v, dw, params,
              ++o->steps);
}

static void learn(struct ppo *o, int n, const int *order,
                  const struct arch *arch, struct ppo_report *report)
{
    for (int i = 0; i < n; i++)
        o->part[i] = arch[order[i]];
    policy_evaluate(o->policy, n, o->part, o->now.log_prob, o->now.entropy,
                    o->now.value);
    differentiate(o, n, order, report);
    memset(policy_gradient(o->policy), 0,
           sizeof(float) * policy_params(o->policy));
    policy_backward(o->policy, o->gradient.log_prob, o->gradient.entropy,
                    o->gradient.value);
    step(o, report);
}

/* One pass; streams are counted from the top, tasks' from the bottom. */
static void epoch(struct ppo *o, int n, int e, const struct arch *arch,
                  struct ppo_report *report)
{
    uint64_t pass =
        (uint64_t)o->updates * (uint64_t)o->conf->epochs + (uint64_t)e;
    struct rng r = rng_stream(o->seed, RNG_SEARCH, UINT64_MAX - pass);
    int parts = o->conf->minibatches < n ? o->conf->minibatches : n;

    for (int i = 0; i < n; i++)
        o->order[i] = i;
    rng_shuffle(&r, o->order, (size_t)n);
    report->kl = report->clipped = 0;
    for (int k = 0; k < parts; k++) {
        int from = n * k / parts, to = n * (k + 1) / parts;

        learn(o, to - from, o->order + from, arch, report);
    }
    report->kl /= n * o->slots;
    report->clipped /= n * o->slots;
}

struct ppo_report ppo_update(struct ppo *o, const struct ppo_batch *b)
{
    struct ppo_report report = {0};
    int before = o->steps;

    CHECK(b->n >= 2 && b->n <= o->batch && b->news <= b->n);
    prepare(o, b);
    watch_spread(o, b->n);
    report.explained = explained(o, b->n);
    for (int e = 0; e < o->conf->epochs; e++)
        epoch(o, b->n, e, b->arch, &report);
    report.norm /= o->steps - before;
    log_debug("ppo: update %d: kl %.4f clipped %.2f explained %.2f norm %.3g "
              "boost %.3g",
              o->updates, report.kl, report.clipped, report.explained,
              report.norm, o->boost);
    o->updates++;
    return report;
}

void ppo_state(struct ppo *o, struct state *s)
{
    size_t n = policy_params(o->policy);

    state_enter(s, "ppo");
    state_floats(s, "weights", policy_weights(o->policy), n, -STATE_MOST,
                 STATE_MOST);
    state_floats(s, "first_moments", o->m, n, -STATE_MOST, STATE_MOST);
    state_floats(s, "second_moments", o->v, n, 0, STATE_MOST);
    state_int(s, "steps", &o->steps, 0, INT_MAX - 1);
    state_int(s, "updates", &o->updates, 0, INT_MAX - 1);
    state_doubles(s, "rewards", &o->reward.count,
                  sizeof o->reward / sizeof(double));
    state_doubles(s, "boost", &o->boost, 1);
    state_need(s,
               o->reward.count >= 0 && o->reward.sum >= 0 && o->boost >= 1 &&
                   o->boost <= BOOST_MOST,
               "out of range");
    state_leave(s);
}
