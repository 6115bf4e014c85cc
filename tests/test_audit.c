/* SPDX-License-Identifier: MIT */
/* What is kept of the trials to judge the knowledge pool, against all of them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "run/audit.h"

enum { TRIALS = 5000, ROUND = 16, WINDOW = 8 };

/* Trials of rounds, of a window in any order; rewards and ages rise from round to
 * round, and in a round an age is worth `worth`. */
static void draw(struct trial *t, double worth)
{
    struct rng r = rng_stream(3, RNG_TEST, 1);

    for (int i = 0; i < TRIALS; i++) {
        int64_t round = (i + rng_below(&r, WINDOW)) / ROUND;
        double more = rng_normal(&r);

        t[i] = (struct trial){.twin = -1};
        t[i].result.generation = round;
        t[i].result.age = (double)round + more;
        t[i].reward = 0.1 * (double)round + worth * more + rng_normal(&r);
        t[i].result.accuracy = t[i].reward;
        t[i].result.scratch =
            i % 20 == 0 ? t[i].reward - 1 - 0.1 * rng_normal(&r) : (double)NAN;
        t[i].result.inherited = 0.5;
        t[i].result.epochs = 1;
    }
}

/* By definition: every figure less the mean of its generation. */
static double age_correlation(const struct trial *t)
{
    double xx = 0, yy = 0, xy = 0;

    for (int i = 0; i < TRIALS; i++) {
        double x = 0, y = 0, n = 0;

        for (int k = 0; k < TRIALS; k++)
            if (t[k].result.generation == t[i].result.generation) {
                x += t[k].reward;
                y += t[k].result.age;
                n += 1;
            }
        x = t[i].reward - x / n;
        y = t[i].result.age - y / n;
        xx += x * x;
        yy += y * y;
        xy += x * y;
    }
    return xy / sqrt(xx * yy);
}

static struct audit_sums sums;
static struct trial trials[TRIALS];

static struct audit judged(double worth)
{
    sums = (struct audit_sums){0};
    draw(trials, worth);
    for (int i = 0; i < TRIALS; i++)
        audit_count(&sums, &trials[i]);
    return audit_of(&sums, 1);
}

static void ages_are_compared_within_generations(void **state)
{
    struct audit fair = judged(0), unfair;

    (void)state;
    assert_true(fabs(fair.age) < 0.05);
    assert_true(fabs(fair.age - age_correlation(trials)) < 1e-12);
    unfair = judged(1);
    assert_true(unfair.age > 0.5);
    assert_true(fabs(unfair.age - age_correlation(trials)) < 1e-12);
}

static void trials_are_compared_with_scratch(void **state)
{
    struct audit a = judged(0);

    (void)state;
    assert_int_equal(a.pairs, TRIALS / 20);
    assert_true(a.tau.value > 0.9 && a.tau.low < a.tau.value);
    assert_true(fabs(a.gain - 1) < 0.05);
}

static void some_trials_do_not_count(void **state)
{
    struct trial twin = {.twin = 3}, failed = {.twin = -1},
                 scratch = {.twin = -1};
    struct audit a;

    (void)state;
    failed.result.state = TRIAL_FAILED;
    scratch.result.generation = -1;
    scratch.result.epochs = 2;
    sums = (struct audit_sums){0};
    audit_count(&sums, &twin);
    audit_count(&sums, &failed);
    audit_count(&sums, &scratch);
    a = audit_of(&sums, 1);
    assert_int_equal(a.started, 0);
    assert_true(a.epochs == 2);
}

/* Of more pairs than are kept, the latest count. */
static void latest_pairs_are_kept(void **state)
{
    struct trial t = {.twin = -1};

    (void)state;
    sums = (struct audit_sums){0};
    for (int i = 0; i < 2 * AUDIT_PAIRS; i++) {
        t.result.accuracy = i;
        t.result.scratch = i < AUDIT_PAIRS ? -i : i;
        audit_count(&sums, &t);
    }
    assert_true(audit_of(&sums, 1).tau.value == 1);
    assert_int_equal(audit_of(&sums, 1).pairs, 2 * AUDIT_PAIRS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ages_are_compared_within_generations),
        cmocka_unit_test(trials_are_compared_with_scratch),
        cmocka_unit_test(some_trials_do_not_count),
        cmocka_unit_test(latest_pairs_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
