/* SPDX-License-Identifier: MIT */
/* The statistics of tools/ablation: quantiles, ratios of costs, the ledger. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../tools/ledger.h"
#include "../tools/paired.h"
#include "base/h5.h"
#include "base/mem.h"
#include "base/rng.h"
#include "run/store.h"

#define assert_near(got, wanted, error)                                        \
    assert_true(fabs((got) - (wanted)) <= (error))

static void quantiles_interpolate(void **state)
{
    static const double x[] = {40, 10, 20, 30}, late[] = {1, HUGE_VAL, 2, 3},
                        never[] = {HUGE_VAL, 5, HUGE_VAL};

    (void)state;
    assert_near(paired_quantile(x, 4, 0), 10, 0);
    assert_near(paired_quantile(x, 4, 0.25), 17.5, 1e-12);
    assert_near(paired_quantile(x, 4, 0.5), 25, 1e-12);
    assert_near(paired_quantile(x, 4, 1), 40, 0);
    assert_near(paired_quantile(late, 4, 0.5), 2.5, 1e-12);
    assert_true(isinf(paired_quantile(late, 4, 0.75)));
    assert_true(isinf(paired_quantile(never, 3, 0.5)));
    assert_near(paired_quantile(never, 3, 0), 5, 0);
}

/* All n^n draws of a bootstrap of n = 5 pairs: the exact 2.5 % and 97.5 %
 * quantiles of the median. */
static void bootstrap_of_all(const double *d, double *low, double *high)
{
    enum { N = 5, ALL = 3125 };
    static double medians[ALL];

    for (int code = 0; code < ALL; code++) {
        double drawn[N];

        for (int i = 0, c = code; i < N; i++, c /= N)
            drawn[i] = d[c % N];
        medians[code] = paired_quantile(drawn, N, 0.5);
    }
    *low = paired_quantile(medians, ALL, 0.025);
    *high = paired_quantile(medians, ALL, 0.975);
}

static void intervals_equal_all_draws(void **state)
{
    static const double reference[] = {100, 100, 100, 100, 100},
                        other[] = {50, 25, 80, 120, 40};
    struct paired r = paired_compare(reference, other, 5);
    double d[5], low, high;

    (void)state;
    for (int i = 0; i < 5; i++)
        d[i] = log(reference[i] / other[i]);
    bootstrap_of_all(d, &low, &high);
    assert_near(r.ratio, 2, 1e-12);
    assert_near(r.low, exp(low), 1e-9);
    assert_near(r.high, exp(high), 1e-9);
    assert_near(r.p, 4.0 / 32, 1e-12); /* ranks 5, 4, 3, 2 up, 1 down: 14:1 */
}

static void missed_runs_count_as_dearest(void **state)
{
    static const double reference[] = {100, 100, 100, HUGE_VAL, HUGE_VAL};
    static const double other[] = {50, HUGE_VAL, HUGE_VAL, 10, HUGE_VAL};
    struct paired r = paired_compare(reference, other, 5);

    (void)state;
    assert_near(r.ratio, 1, 1e-12); /* of 2, 0, 0, infinite, 1 */
    assert_near(r.p, 1, 1e-12);     /* ranks 1 and 3 up, 3 and 3 down */
    assert_near(r.low, 0, 0);
    assert_true(isinf(r.high));
}

static void write_run(const char *path, const char *states,
                      const double *reward, size_t n)
{
    static const double epochs[] = {2, 2, 0, 0, 2, 2},
                        seconds[] = {10, 20, 0, 0, 5, 10};
    struct h5 *h = h5_new();

    assert_int_equal(
        h5_write(h,
                 &(struct h5_array){
                     "/trials/state", H5_TEXT, 1, {n}, 10, "", "state"},
                 states),
        ERR_NONE);
    assert_int_equal(
        h5_write(h,
                 &(struct h5_array){
                     "/trials/reward", H5_DOUBLE, 1, {n}, 0, "1", "reward"},
                 reward),
        ERR_NONE);
    assert_int_equal(
        h5_write(h,
                 &(struct h5_array){
                     "/trials/epochs", H5_DOUBLE, 1, {n}, 0, "1", "epochs"},
                 epochs),
        ERR_NONE);
    assert_int_equal(
        h5_write(h,
                 &(struct h5_array){
                     "/trials/seconds", H5_DOUBLE, 1, {n}, 0, "s", "seconds"},
                 seconds),
        ERR_NONE);
    assert_int_equal(
        h5_write(
            h,
            &(struct h5_array){"/run/ranks", H5_TEXT, 1, {3}, 2, "", "ranks"},
            "a\0b\0c\0"),
        ERR_NONE);
    assert_int_equal(h5_write_text(h, "/run/input",
                                   "parallel = { ranks_per_child = 2; };",
                                   "input"),
                     ERR_NONE);
    assert_int_equal(store_publish_h5(path, h), ERR_NONE);
    h5_close(h);
}

/* A prediction finds nothing, however good; a failure costs. */
static void the_ledger_counts_what_was_real(void **state)
{
    static const char states[6][10] = {"done",   "diverged", "predicted",
                                       "cached", "done",     "done"};
    static const double reward[] = {0.5, (double)NAN, 0.9, 0.5, 0.4, 0.8};
    struct ledger l;

    (void)state;
    write_run("ledger.h5", states[0], reward, 6);
    assert_int_equal(ledger_read(&l, "ledger.h5"), ERR_NONE);
    assert_int_equal(l.n, 4);
    assert_near(ledger_until(&l, LEDGER_ROLLOUTS, 0.5), 1, 0);
    assert_near(ledger_until(&l, LEDGER_ROLLOUTS, 0.8), 4, 0);
    assert_near(ledger_until(&l, LEDGER_EPOCHS, 0.8), 8, 1e-12);
    assert_near(ledger_until(&l, LEDGER_SECONDS, 0.8), 90, 1e-12);
    assert_true(isinf(ledger_until(&l, LEDGER_ROLLOUTS, 0.9)));
    assert_near(ledger_best(&l, LEDGER_SECONDS, 65), 0.5, 0);
    assert_near(ledger_best(&l, LEDGER_SECONDS, 90), 0.8, 0);
    assert_true(isinf(ledger_best(&l, LEDGER_SECONDS, 19)));
    assert_near(ledger_total(&l, LEDGER_EPOCHS), 8, 1e-12);
    assert_near(ledger_end(&l), 0.8, 0);
    ledger_free(&l);
    (void)unlink("ledger.h5");
}

static int no_leaks(void **state)
{
    (void)state;
    return mem_live() == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_interpolate),
        cmocka_unit_test(intervals_equal_all_draws),
        cmocka_unit_test(missed_runs_count_as_dearest),
        cmocka_unit_test(the_ledger_counts_what_was_real),
    };

    return cmocka_run_group_tests(tests, NULL, no_leaks);
}
