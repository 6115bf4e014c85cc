/* SPDX-License-Identifier: MIT */
/* The critic: is it right, and does it know when it is not? */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "learn/critic.h"
#include "learn/gp.h"

#include "known_quality.h"

/* More results: better values, smaller deviations. */
static void test_learns(void **state)
{
    struct critic *c = make(ROOM);
    struct rng r = rng_stream(1, RNG_TEST, 0);
    double at_10 = 0, at_100, deviation_10 = 0, deviation_100;

    (void)state;
    for (int i = 0; i < 100; i++) {
        struct arch a = draw(&r);

        critic_add(c, &a, quality(&a), 0);
        if (i == 9)
            at_10 = judge_new(c, &deviation_10);
    }
    at_100 = judge_new(c, &deviation_100);
    assert_true(at_100 > 0.95 && at_100 > at_10);
    assert_true(deviation_100 < 0.8 * deviation_10);
    assert_int_equal(critic_count(c), 100);
    critic_free(c);
    assert_int_equal(mem_live(), 0);
}

/* Rewards whose values t are drawn from a process of the critic's kind, one
 * after the other. */
static void add_drawn(struct critic *c, uint64_t id, int n, double noise)
{
    struct gp *g = gp_new(SLOTS, ROOM, 1);
    struct rng r = rng_stream(3, RNG_TEST, id);
    double theta[SLOTS + 1];

    for (int t = 0; t < SLOTS; t++)
        theta[t] = log(0.3);
    theta[SLOTS] = log(noise);
    gp_set_theta(g, theta);
    for (int i = 0; i < n; i++) {
        struct arch a = draw(&r);
        double mean, variance, y;

        gp_predict(g, 1, a.option, &mean, &variance);
        y = mean + sqrt(variance + noise) * rng_normal(&r);
        gp_add(g, a.option, y);
        critic_add(c, &a, 0.9 - 0.02 * exp(-y), 0);
    }
    gp_free(g);
}

/* Intervals hold what they say, on data of the critic's kind, with little
 * noise and with much of it. */
static void test_calibrated(void **state)
{
    (void)state;
    for (int noisy = 0; noisy < 2; noisy++) {
        double in_50 = 0, in_90 = 0;

        for (int k = 0; k < 6; k++) {
            struct critic *c = make(ROOM);
            struct critic_record record;

            add_drawn(c, (uint64_t)(10 * noisy + k), 150, noisy ? 0.5 : 0.02);
            record = critic_record(c);
            assert_int_equal(record.count, 150 - CRITIC_FROM);
            in_50 += record.in_50 / 6;
            in_90 += record.in_90 / 6;
            critic_free(c);
        }
        assert_true(in_50 > 0.43 && in_50 < 0.60);
        assert_true(in_90 > 0.83 && in_90 < 0.96);
    }
}

/* Rewards of nothing but chance: however long it looks at them, it does not
 * come to believe that it knows those to come. */
static void test_noise_is_not_memorised(void **state)
{
    struct critic *c = make(ROOM);
    struct rng r = rng_stream(5, RNG_TEST, 0);
    struct critic_record record;

    (void)state;
    for (int i = 0; i < 200; i++) {
        struct arch a = draw(&r);

        critic_add(c, &a, 0.9 + 0.01 * rng_normal(&r), 0);
    }
    record = critic_record(c);
    assert_true(record.in_90 > 0.8 && record.in_90 < 0.97);
    assert_true(record.error < 1.1);
    critic_free(c);
}

/* What is being trained has no more to offer; its neighbours have less. */
static void test_suppose_and_expect(void **state)
{
    struct critic *c = make(ROOM);
    struct rng r = rng_stream(6, RNG_TEST, 0);
    struct arch a[2] = {draw(&r)};
    struct verdict before[2], after[2], expected[2];

    (void)state;
    for (int i = 0; i < 12; i++) {
        struct arch x = draw(&r);

        critic_add(c, &x, quality(&x), 0);
    }
    a[1] = a[0];
    a[1].option[2] = (unsigned char)((a[1].option[2] + 1) % OPTIONS);
    critic_judge(c, 2, a, before);
    memcpy(after, before, sizeof after);
    critic_suppose(c, 0, after);
    critic_expect(c, &a[0]);
    critic_judge(c, 2, a, expected);
    critic_settle(c);
    for (int i = 0; i < 2; i++) {
        assert_true(after[i].gain < before[i].gain);
        assert_true(after[i].deviation < before[i].deviation);
        assert_near(after[i].deviation, expected[i].deviation, 1e-9);
        assert_near(after[i].value, before[i].value, 1e-9);
    }
    critic_judge(c, 2, a, after);
    assert_memory_equal(after, before, sizeof after);
    critic_free(c);
}

static double median(const double *x, int n)
{
    for (int i = 0; i < n; i++) {
        int below = 0, same = 0;

        for (int j = 0; j < n; j++) {
            below += x[j] < x[i];
            same += x[j] == x[i];
        }
        if (below <= n / 2 && n / 2 < below + same)
            return x[i];
    }
    return (double)NAN;
}

/* u of a chance Phi(u), by bisection. */
static double quantile(double chance)
{
    double low = -10, high = 10;

    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;

        if (0.5 * erfc(-middle * sqrt(0.5)) < chance)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* What is said of one architecture in four figures fits together: with
 * u = (t - t_best) / d, the chance is Phi(u), the gain d (u Phi(u) + phi(u)),
 * and the deviation of the reward that of t times s exp(-t), but for the unit
 * of t, which is common to all. */
static void test_gain(void **state)
{
    struct critic *c = make(ROOM);
    struct rng r = rng_stream(7, RNG_TEST, 0);
    double reward[21], highest = 0, least = HUGE_VAL, most = 0;
    struct arch best;
    struct verdict top;
    int compared = 0;

    (void)state;
    for (int i = 0; i < 21; i++) {
        struct arch x = draw(&r);

        reward[i] = quality(&x);
        highest = fmax(highest, reward[i]);
        critic_add(c, &x, reward[i], 0);
    }
    best = critic_best(c);
    critic_judge(c, 1, &best, &top);
    for (int i = 0; i < 729; i++) {
        struct arch a = {.count = SLOTS};
        struct verdict v;
        double u, d, slope;

        for (int t = 0, k = i; t < SLOTS; t++, k /= OPTIONS)
            a.option[t] = (unsigned char)(k % OPTIONS);
        critic_judge(c, 1, &a, &v);
        if (fabs(v.chance - 0.5) > 1e-6)
            assert_int_equal(v.chance > 0.5, v.value > top.value);
        if (v.chance < 1e-4 || v.chance > 0.9999)
            continue;
        compared++;
        u = quantile(v.chance);
        d = v.gain / (u * v.chance + exp(-u * u / 2) / sqrt(2 * 3.141592654));
        slope = highest + (highest - median(reward, 21)) - v.value;
        least = fmin(least, v.deviation / (slope * d));
        most = fmax(most, v.deviation / (slope * d));
    }
    assert_in_range(compared, 50, 729);
    assert_near(most / least, 1, 1e-5);
    critic_free(c);
}

/* Beyond its points it forgets, but not the best. */
static void test_bounded(void **state)
{
    struct critic *c = make(64);
    struct rng r = rng_stream(8, RNG_TEST, 0);
    struct arch best = {.count = SLOTS};
    struct verdict v;
    double deviation;

    (void)state;
    for (int i = 0; i < 400; i++) {
        struct arch a = draw(&r);

        if (i == 0 || quality(&a) > quality(&best))
            best = a;
        critic_add(c, &a, quality(&a), 0);
    }
    assert_true(judge_new(c, &deviation) > 0.9);
    critic_judge(c, 1, &best, &v);
    assert_near(v.value, quality(&best), 0.005);
    critic_free(c);
}

/* Results of another task, on another scale: a new task that is like it is
 * known sooner, but what was sure there is not yet sure here; one that is unlike
 * it is not misled for long. */
static void test_prior(void **state)
{
    static struct arch old[120];
    static double value[120];
    struct rng r = rng_stream(10, RNG_TEST, 0);
    struct critic *with = make(ROOM), *without = make(ROOM), *own = make(ROOM);
    struct critic *unlike = make(ROOM);
    double d, d_with, d_own;

    (void)state;
    for (int i = 0; i < 120; i++) {
        old[i] = draw(&r);
        value[i] = 3 * quality(&old[i]) - 20;
    }
    critic_prior(with, 120, old, value);
    critic_prior(unlike, 120, old, value);
    for (int i = 0; i < 120; i++)
        critic_add(own, &old[i], quality(&old[i]), 0);
    for (int i = 0; i < 12; i++) {
        struct arch a = draw(&r);

        critic_add(with, &a, quality(&a), 0);
        critic_add(without, &a, quality(&a), 0);
    }
    assert_true(judge_new(with, &d_with) > judge_new(without, &d) + 0.1);
    assert_true(d_with < d);
    (void)judge_new(own, &d_own);
    assert_true(d_with > 1.2 * d_own);
    for (int i = 0; i < 80; i++) {
        struct arch a = draw(&r);

        critic_add(unlike, &a, 1.8 - quality(&a), 0);
    }
    assert_true(judge_new(unlike, &d) < -0.8);
    critic_free(with);
    critic_free(without);
    critic_free(own);
    critic_free(unlike);
    assert_int_equal(mem_live(), 0);
}

/* Equal rewards are no trouble. */
static void test_equal_rewards(void **state)
{
    struct critic *c = make(ROOM);
    struct rng r = rng_stream(11, RNG_TEST, 0);
    struct verdict v;
    struct arch a;

    (void)state;
    for (int i = 0; i < 30; i++) {
        a = draw(&r);
        critic_add(c, &a, 0.5, 0);
    }
    critic_judge(c, 1, &a, &v);
    assert_near(v.value, 0.5, 1e-6);
    assert_true(isfinite(v.deviation) && isfinite(v.gain));
    critic_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learns),
        cmocka_unit_test(test_calibrated),
        cmocka_unit_test(test_noise_is_not_memorised),
        cmocka_unit_test(test_suppose_and_expect),
        cmocka_unit_test(test_gain),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_prior),
        cmocka_unit_test(test_equal_rewards),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
