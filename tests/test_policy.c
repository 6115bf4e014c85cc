/* SPDX-License-Identifier: MIT */
/* The policy and its update: distributions, gradients, and what is learned. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "learn/policy.h"
#include "learn/ppo.h"

enum { SLOTS = 5, BATCH = 12 };

/* One of the decisions is none. */
static struct space five(void)
{
    static const int options[SLOTS] = {3, 2, 4, 1, 3};
    struct space s = {.count = SLOTS};

    for (int t = 0; t < SLOTS; t++)
        s.decisions[t].options = options[t];
    return s;
}

static struct policy *make(const struct space *s, int batch)
{
    return policy_new(s, &(struct policy_shape){7, 5, batch}, 3);
}

/* Far from uniform, so that every term of a gradient is seen. */
static void stir(struct policy *p)
{
    struct rng r = rng_stream(2, RNG_TEST, 0);
    float *w = policy_weights(p);

    for (size_t i = 0; i < policy_params(p); i++)
        w[i] += (float)(0.3 * rng_normal(&r));
}

static void random_archs(const struct space *s, struct arch *a, int n)
{
    struct rng r = rng_stream(4, RNG_TEST, 1);

    for (int i = 0; i < n; i++)
        a[i] = space_random(s, &r);
}

static void test_probabilities(void **state)
{
    struct space s = five();
    struct policy *p = make(&s, BATCH);
    struct arch a[BATCH];
    float log_prob[BATCH * SLOTS], entropy[BATCH * SLOTS], v[BATCH * SLOTS];

    (void)state;
    stir(p);
    random_archs(&s, a, BATCH);
    policy_evaluate(p, BATCH, a, log_prob, entropy, v);
    for (int i = 0; i < BATCH; i++)
        for (int t = 0; t < SLOTS; t++) {
            const float *q = policy_probs(p, i, t);
            double sum = 0, h = 0;

            for (int k = 0; k < s.decisions[t].options; k++) {
                sum += (double)q[k];
                h -= (double)q[k] * log((double)q[k]);
            }
            assert_float_equal(sum, 1, 1e-6);
            assert_float_equal(entropy[i * SLOTS + t], h, 1e-5);
            assert_float_equal(log_prob[i * SLOTS + t], logf(q[a[i].option[t]]),
                               1e-6);
        }
    policy_free(p);
    assert_int_equal(mem_live(), 0);
}

static void test_starts_uniform(void **state)
{
    struct space s = five();
    struct policy *p = make(&s, 1);
    struct rng r = rng_stream(1, RNG_TEST, 0);
    struct arch a;
    float log_prob[SLOTS], entropy[SLOTS];

    (void)state;
    policy_sample(p, 1, &r, &a, log_prob, entropy);
    for (int t = 0; t < SLOTS; t++)
        assert_float_equal(log_prob[t], -log(s.decisions[t].options), 0.05);
    assert_true(policy_spread(p, 1, entropy) > 0.999);
    assert_true(policy_spread(p, 1, entropy) < 1.000001);
    policy_free(p);
}

/* How often architectures are drawn agrees with their probability: chi-square
 * over all 72, deviation from its 71 degrees of freedom in deviations. */
static void test_frequency(void **state)
{
    enum { DRAWS = 20000, N = 200, CELLS = 3 * 2 * 4 * 3 };
    struct space s = five();
    struct policy *p = make(&s, N);
    struct arch a[N];
    struct rng r[N];
    float log_prob[N * SLOTS], entropy[N * SLOTS];
    int count[CELLS] = {0};
    double prob[CELLS] = {0}, chi = 0;

    (void)state;
    stir(p);
    for (int draw = 0; draw < DRAWS; draw++) {
        int i = draw % N, cell;

        if (i == 0) {
            for (int k = 0; k < N; k++)
                r[k] = rng_stream(5, RNG_TEST, (uint64_t)(draw + k));
            policy_sample(p, N, r, a, log_prob, entropy);
        }
        cell =
            ((a[i].option[0] * 2 + a[i].option[1]) * 4 + a[i].option[2]) * 3 +
            a[i].option[4];
        count[cell]++;
        prob[cell] = 1;
        for (int t = 0; t < SLOTS; t++)
            prob[cell] *= exp((double)log_prob[i * SLOTS + t]);
    }
    for (int c = 0; c < CELLS; c++)
        if (prob[c] > 0)
            chi += pow(count[c] - DRAWS * prob[c], 2) / (DRAWS * prob[c]);
    assert_true(chi < 71 + 4 * sqrt(2 * 71));
    assert_true(chi > 30);
    policy_free(p);
}

/* Both say the same of the same architectures; a batch of one too. */
static void test_sample_agrees_with_evaluate(void **state)
{
    struct space s = five();
    struct policy *p = make(&s, BATCH);
    struct arch a[BATCH], one;
    struct rng r[BATCH], again;
    float l[BATCH * SLOTS], h[BATCH * SLOTS], l2[BATCH * SLOTS],
        h2[BATCH * SLOTS], v[BATCH * SLOTS];

    (void)state;
    stir(p);
    for (int i = 0; i < BATCH; i++)
        r[i] = rng_stream(6, RNG_TEST, (uint64_t)i);
    policy_sample(p, BATCH, r, a, l, h);
    policy_evaluate(p, BATCH, a, l2, h2, v);
    for (int k = 0; k < BATCH * SLOTS; k++) {
        assert_float_equal(l[k], l2[k], 1e-5);
        assert_float_equal(h[k], h2[k], 1e-5);
    }
    again = rng_stream(6, RNG_TEST, 7);
    policy_sample(p, 1, &again, &one, l2, h2);
    assert_true(arch_equal(&one, &a[7]));
    policy_free(p);
}

/* Probability and value of a slot come from the decisions before it only. */
static void test_prefix(void **state)
{
    struct space s = five();
    struct policy *p = make(&s, 2);
    struct arch a[2];
    float l[2 * SLOTS], h[2 * SLOTS], v[2 * SLOTS];

    (void)state;
    stir(p);
    random_archs(&s, a, 1);
    for (int t = 0; t < SLOTS; t++) {
        if (s.decisions[t].options == 1)
            continue;
        a[1] = a[0];
        a[1].option[t] =
            (unsigned char)((a[0].option[t] + 1) % s.decisions[t].options);
        policy_evaluate(p, 2, a, l, h, v);
        for (int u = 0; u < SLOTS; u++) {
            assert_int_equal(v[u] == v[SLOTS + u], u <= t);
            if (s.decisions[u].options > 1)
                assert_int_equal(h[u] == h[SLOTS + u], u <= t);
        }
    }
    policy_free(p);
}

/* A random linear form of all outputs. */
struct form {
    float l[BATCH * SLOTS], h[BATCH * SLOTS], v[BATCH * SLOTS];
};

static double value_of(struct policy *p, const struct arch *a,
                       const struct form *f)
{
    struct form x;
    double sum = 0;

    policy_evaluate(p, BATCH, a, x.l, x.h, x.v);
    for (int k = 0; k < BATCH * SLOTS; k++)
        sum += (double)f->l[k] * (double)x.l[k] +
               (double)f->h[k] * (double)x.h[k] +
               (double)f->v[k] * (double)x.v[k];
    return sum;
}

/* Each parameter by central differences.  Outputs carry rounding of 1e-6 or so,
 * the sum of 180 of them 1e-5, and the step is 1e-2: hence 3e-3, and twice that
 * for the third derivative; entries are of size 1. */
static void check_gradient(float l, float h, float v)
{
    struct space s = five();
    struct policy *p = make(&s, BATCH);
    struct arch a[BATCH];
    struct rng r = rng_stream(8, RNG_TEST, 0);
    struct form f;
    double error = 0, size = 0;

    for (int k = 0; k < BATCH * SLOTS; k++) {
        f.l[k] = l * (float)rng_normal(&r);
        f.h[k] = h * (float)rng_normal(&r);
        f.v[k] = v * (float)rng_normal(&r);
    }
    stir(p);
    random_archs(&s, a, BATCH);
    (void)value_of(p, a, &f);
    policy_backward(p, f.l, f.h, f.v);
    for (size_t i = 0; i < policy_params(p); i++) {
        float step = 1e-2f, old = policy_weights(p)[i];
        double up, down, slope = (double)policy_gradient(p)[i];

        policy_weights(p)[i] = old + step;
        up = value_of(p, a, &f);
        policy_weights(p)[i] = old - step;
        down = value_of(p, a, &f);
        policy_weights(p)[i] = old;
        slope -= (up - down) / (2 * (double)step);
        error += slope * slope;
        size += pow((double)policy_gradient(p)[i], 2);
        assert_true(fabs(slope) <
                    6e-3 * (1 + fabs((double)policy_gradient(p)[i])));
    }
    assert_true(size > 1);
    assert_true(sqrt(error / size) < 1e-3);
    policy_free(p);
}

static void test_gradient(void **state)
{
    (void)state;
    check_gradient(1, 0, 0);
    check_gradient(0, 1, 0);
    check_gradient(0, 0, 1);
    check_gradient(1, 1, 1);
}

static void test_gradient_adds_up(void **state)
{
    struct space s = five();
    struct policy *p = make(&s, BATCH);
    struct arch a[BATCH];
    struct form f;
    float *once = MEM_NEW(float, policy_params(p));

    (void)state;
    stir(p);
    random_archs(&s, a, BATCH);
    for (int k = 0; k < BATCH * SLOTS; k++)
        f.l[k] = f.h[k] = f.v[k] = 1;
    (void)value_of(p, a, &f);
    policy_backward(p, f.l, f.h, f.v);
    memcpy(once, policy_gradient(p), sizeof(float) * policy_params(p));
    (void)value_of(p, a, &f);
    policy_backward(p, f.l, f.h, f.v);
    for (size_t i = 0; i < policy_params(p); i++)
        assert_float_equal(policy_gradient(p)[i], 2 * once[i],
                           1e-4f * (1 + fabsf(once[i])));
    mem_free(once);
    policy_free(p);
}

static double reward_of_toy(const struct arch *a)
{
    static const int best[SLOTS] = {2, 1, 3, 0, 1};
    double sum = 0;

    for (int t = 0; t < SLOTS; t++)
        sum += a->option[t] == best[t];
    return 0.5 + 0.01 * sum;
}

struct toy {
    struct conf *conf;
    struct policy *policy;
    struct ppo *ppo;
};

static struct toy toy_new(const struct space *s)
{
    const struct conf_section *sections[] = {&ppo_section};
    struct toy t = {.conf = conf_new(sections, 1)};
    const struct ppo_conf *c = conf_of(t.conf, &ppo_section);

    t.policy = policy_new(s, &(struct policy_shape){16, 16, c->batch}, 1);
    t.ppo = ppo_new(t.policy, c, c->batch, 1);
    return t;
}

static void toy_free(struct toy *t)
{
    ppo_free(t->ppo);
    policy_free(t->policy);
    conf_free(t->conf);
    assert_int_equal(mem_live(), 0);
}

static struct ppo_report toy_round(struct toy *t, int round)
{
    struct arch a[16];
    struct rng r[16];
    float l[16 * SLOTS], h[16 * SLOTS];
    double reward[16];

    for (int i = 0; i < 16; i++)
        r[i] = rng_stream(1, RNG_SEARCH, (uint64_t)(16 * round + i));
    policy_sample(t->policy, 16, r, a, l, h);
    for (int i = 0; i < 16; i++)
        reward[i] = reward_of_toy(&a[i]);
    return ppo_update(t->ppo,
                      &(struct ppo_batch){16, 16, a, reward, NULL, false});
}

static void test_ppo_finds_the_best(void **state)
{
    struct space s = five();
    struct toy t = toy_new(&s);
    struct arch best = {.count = SLOTS, .option = {2, 1, 3, 0, 1}};
    float l[SLOTS], h[SLOTS], v[SLOTS], sum = 0;

    (void)state;
    for (int round = 0; round < 150; round++) {
        struct ppo_report report = toy_round(&t, round);

        assert_true(report.kl >= 0 && report.kl < 1);
        assert_true(report.clipped >= 0 && report.clipped <= 1);
        assert_true(isfinite(report.norm));
    }
    policy_evaluate(t.policy, 1, &best, l, h, v);
    for (int u = 0; u < SLOTS; u++)
        sum += l[u];
    assert_true(sum > logf(0.3f)); /* uniform: 1/72 */
    toy_free(&t);
}

/* Equal rewards teach nothing: the policy stays near uniform. */
static void test_ppo_equal_rewards(void **state)
{
    struct space s = five();
    struct toy t = toy_new(&s);
    struct arch a[16];
    double reward[16];
    float l[16 * SLOTS], h[16 * SLOTS], v[16 * SLOTS];

    (void)state;
    random_archs(&s, a, 16);
    for (int i = 0; i < 16; i++)
        reward[i] = 0.7;
    for (int k = 0; k < 20; k++)
        (void)ppo_update(t.ppo,
                         &(struct ppo_batch){16, 16, a, reward, NULL, false});
    policy_evaluate(t.policy, 16, a, l, h, v);
    assert_true(policy_spread(t.policy, 16, h) > 0.9);
    toy_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_probabilities),
        cmocka_unit_test(test_starts_uniform),
        cmocka_unit_test(test_frequency),
        cmocka_unit_test(test_sample_agrees_with_evaluate),
        cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_gradient),
        cmocka_unit_test(test_gradient_adds_up),
        cmocka_unit_test(test_ppo_finds_the_best),
        cmocka_unit_test(test_ppo_equal_rewards),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
