/* SPDX-License-Identifier: MIT */
/* Learning again from results of earlier rounds: the buffer, the weights, the
 * loss. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "learn/ppo.h"
#include "learn/ppo_loss.h"
#include "learn/replay.h"

enum { SLOTS = 4, OPTIONS = 3, ROUND = 8 };

static struct space four(void)
{
    struct space s = {.count = SLOTS};

    for (int t = 0; t < SLOTS; t++)
        s.decisions[t].options = OPTIONS;
    return s;
}

/* Result number i: everything of it tells i. */
static void add_numbered(struct replay *r, int i)
{
    struct arch a = {.count = SLOTS, .option = {(unsigned char)i}};
    float mu[SLOTS] = {(float)i, (float)i + 0.5f};

    replay_add(r, &(struct experience){a, 100 + i, 200 + i, i / 4}, mu);
}

/* Numbers of those drawn, as bits; each must be whole. */
static uint64_t draw(struct replay *r, int n, int64_t since, uint64_t id,
                     int *count)
{
    struct experience e[64];
    float mu[64 * SLOTS];
    struct rng rng = rng_stream(1, RNG_TEST, id);
    uint64_t seen = 0;

    *count = replay_draw(r, &rng, n, since, e, mu);
    for (int i = 0; i < *count; i++) {
        int k = e[i].arch.option[0];

        assert_true(e[i].reward == 100 + k && e[i].age == 200 + k);
        assert_true(mu[i * SLOTS] == (float)k);
        assert_true(mu[i * SLOTS + 1] == (float)k + 0.5f);
        assert_false(seen >> k & 1);
        seen |= (uint64_t)1 << k;
    }
    return seen;
}

/* First in, first out; nothing twice; nothing stale. */
static void test_buffer(void **state)
{
    struct replay *r = replay_new(SLOTS, 10);
    int n;

    (void)state;
    assert_int_equal(draw(r, 8, 0, 0, &n), 0);
    for (int i = 0; i < 7; i++)
        add_numbered(r, i);
    assert_int_equal(draw(r, 64, 0, 0, &n), 0x7f);
    assert_int_equal(n, 7);
    for (int i = 7; i < 24; i++)
        add_numbered(r, i);
    assert_int_equal(draw(r, 64, 0, 0, &n), 0xffc000); /* 14..23 */
    assert_int_equal(draw(r, 64, 5, 0, &n), 0xf00000); /* rounds from 5 on */
    assert_int_equal(draw(r, 64, 6, 0, &n), 0);
    (void)draw(r, 3, 0, 0, &n);
    assert_int_equal(n, 3);
    replay_free(r);
    assert_int_equal(mem_live(), 0);
}

/* Each as often as another. */
static void test_uniform(void **state)
{
    struct replay *r = replay_new(SLOTS, 10);
    int drawn[10] = {0}, n;

    (void)state;
    for (int i = 0; i < 10; i++)
        add_numbered(r, i);
    for (uint64_t k = 0; k < 4000; k++) {
        uint64_t seen = draw(r, 3, 0, k, &n);

        for (int i = 0; i < 10; i++)
            drawn[i] += (int)(seen >> i & 1);
    }
    for (int i = 0; i < 10; i++)
        assert_in_range(drawn[i], 1200 - 150, 1200 + 150);
    replay_free(r);
}

static void test_importance(void **state)
{
    float old[SLOTS] = {-1, -2, -0.5f, -1}, mu[SLOTS];

    (void)state;
    memcpy(mu, old, sizeof mu);
    assert_true(ppo_importance(old, mu, SLOTS) == 1);
    mu[0] += 0.4f; /* it was likelier then: counts less */
    assert_float_equal(ppo_importance(old, mu, SLOTS), expf(-0.1f), 1e-6);
    mu[1] -= 4; /* it was unlikelier: truncated */
    assert_true(ppo_importance(old, mu, SLOTS) == 1);
}

/* Derivatives by central differences, on both sides of each corner. */
static void test_loss_gradient(void **state)
{
    const struct ppo_weights w = {0.3f, 0.1f, 0.2f, 0.5f};
    struct rng r = rng_stream(2, RNG_TEST, 0);
    int flat = 0;

    (void)state;
    for (int i = 0; i < 400; i++) {
        struct ppo_step s = {(float)(-1 + 0.5 * rng_normal(&r)),
                             (float)rng_normal(&r), (float)rng_uniform(&r),
                             (float)rng_normal(&r)};
        struct ppo_output now = {(float)(-1 + 0.5 * rng_normal(&r)),
                                 (float)rng_uniform(&r), (float)rng_normal(&r)};
        struct ppo_output d, rest;
        float *x[] = {&now.log_prob, &now.entropy, &now.value};
        float *slope[] = {&d.log_prob, &d.entropy, &d.value};
        float ratio = expf(now.log_prob - s.old), up, down;

        if (fabsf(ratio - 1.3f) < 0.02f || fabsf(ratio - 0.7f) < 0.02f)
            continue;
        (void)ppo_loss(&d, &w, &s, &now);
        flat += d.log_prob == 0;
        for (int k = 0; k < 3; k++) {
            float middle = *x[k];

            *x[k] = middle + 5e-3f;
            up = ppo_loss(&rest, &w, &s, &now);
            *x[k] = middle - 5e-3f;
            down = ppo_loss(&rest, &w, &s, &now);
            *x[k] = middle;
            assert_float_equal(*slope[k], (up - down) / 1e-2f, 2e-3);
        }
    }
    assert_in_range(flat, 20, 380);
}

/* A half weight is half the gradient; of the policy only. */
static void test_loss_weight(void **state)
{
    const struct ppo_weights w = {0.3f, 0.1f, 0.2f, 0.5f};
    struct ppo_step s = {-1, 0.7f, 1, 0.3f};
    struct ppo_output now = {-1.1f, 0.5f, 0.1f}, one, half;

    (void)state;
    (void)ppo_loss(&one, &w, &s, &now);
    s.weight = 0.5f;
    (void)ppo_loss(&half, &w, &s, &now);
    assert_float_equal(half.log_prob, one.log_prob / 2, 1e-7);
    assert_true(half.entropy == one.entropy && half.value == one.value);
}

struct learner {
    struct conf *conf;
    struct policy *policy;
    struct ppo *ppo;
    struct arch arch[ROUND];
    double reward[ROUND];
    float mu[ROUND * SLOTS];
};

/* With a round drawn by its own policy. */
static struct learner learner_new(void)
{
    const struct conf_section *sections[] = {&ppo_section};
    struct space s = four();
    struct learner l = {.conf = conf_new(sections, 1)};
    const struct ppo_conf *c = conf_of(l.conf, &ppo_section);
    float entropy[ROUND * SLOTS], value[ROUND * SLOTS];
    struct rng r[ROUND];

    l.policy = policy_new(&s, &(struct policy_shape){8, 8, ROUND}, 1);
    l.ppo = ppo_new(l.policy, c, ROUND, 1);
    for (int i = 0; i < ROUND; i++) {
        r[i] = rng_stream(3, RNG_TEST, (uint64_t)i);
        l.reward[i] = rng_uniform(&r[i]);
    }
    policy_sample(l.policy, ROUND, r, l.arch, l.mu, entropy);
    policy_evaluate(l.policy, ROUND, l.arch, l.mu, entropy, value);
    return l;
}

/* The weights after an update with this mu; `old` are replayed. */
static float *updated(const float *mu, int old, bool naive)
{
    struct learner l = learner_new();
    float *w;

    (void)ppo_update(l.ppo, &(struct ppo_batch){.n = ROUND,
                                                .news = ROUND - old,
                                                .arch = l.arch,
                                                .reward = l.reward,
                                                .mu = mu,
                                                .naive = naive});
    w = MEM_NEW(float, policy_params(l.policy));
    memcpy(w, policy_weights(l.policy),
           sizeof(float) * policy_params(l.policy));
    ppo_free(l.ppo);
    policy_free(l.policy);
    conf_free(l.conf);
    return w;
}

static bool same_update(const float *mu, int old, bool naive,
                        const float *wanted)
{
    struct learner l = learner_new();
    size_t bytes = sizeof(float) * policy_params(l.policy);
    float *w = updated(mu, old, naive);
    bool same = memcmp(w, wanted, bytes) == 0;

    mem_free(w);
    ppo_free(l.ppo);
    policy_free(l.policy);
    conf_free(l.conf);
    return same;
}

/* Where mu is the policy itself, the update is the plain one, to the last bit,
 * proximal or naive; where it is not, it differs, and the two differ. */
static void test_update(void **state)
{
    struct learner l = learner_new();
    float *plain = updated(NULL, 0, false), *proximal;
    float mu[ROUND * SLOTS];

    (void)state;
    assert_true(same_update(l.mu, 0, false, plain));
    assert_true(same_update(l.mu, 0, true, plain));
    memcpy(mu, l.mu, sizeof mu);
    for (int t = 0; t < SLOTS; t++)
        mu[t] += 0.8f;
    proximal = updated(mu, 0, false);
    assert_false(same_update(NULL, 0, false, proximal));
    assert_false(same_update(mu, 0, true, proximal));
    assert_false(same_update(mu, 4, false, proximal));
    mem_free(plain);
    mem_free(proximal);
    ppo_free(l.ppo);
    policy_free(l.policy);
    conf_free(l.conf);
    assert_int_equal(mem_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buffer),
        cmocka_unit_test(test_uniform),
        cmocka_unit_test(test_importance),
        cmocka_unit_test(test_loss_gradient),
        cmocka_unit_test(test_loss_weight),
        cmocka_unit_test(test_update),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
