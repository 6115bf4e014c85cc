/* SPDX-License-Identifier: MIT */
/* Correlations against definitions and values worked out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/stats.h"

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-12;
}

static void test_kendall(void **state)
{
    const double x[] = {1, 2, 3, 4, 5}, y[] = {3, 4, 1, 2, 5};
    const double down[] = {5, 4, 3, 2, 1}, flat[] = {7, 7, 7, 7, 7};
    const double ties[] = {1, 1, 2, 2, 3};

    (void)state;
    assert_true(near(stats_kendall(x, x, 5), 1));
    assert_true(near(stats_kendall(x, down, 5), -1));
    assert_true(near(stats_kendall(x, y, 5), 0.2)); /* 6 up, 4 down of 10 */
    assert_true(near(stats_kendall(x, ties, 5), 8 / sqrt(10 * 8)));
    assert_true(isnan(stats_kendall(x, flat, 5)));
    assert_true(isnan(stats_kendall(x, y, 1)));
}

static double correlation(const double *x, const double *y, int n)
{
    struct stats_pairs p = {0};

    for (int i = 0; i < n; i++)
        stats_pair(&p, x[i], y[i]);
    return stats_correlation(&p);
}

static void test_correlation(void **state)
{
    const double x[] = {1, 2, 3, 4}, y[] = {2, 1, 4, 3}, up[] = {0, 2, 4, 6};
    const double flat[] = {1, 1, 1, 1};

    (void)state;
    assert_true(near(correlation(x, up, 4), 1));
    assert_true(near(correlation(x, y, 4), 0.6));
    assert_true(isnan(correlation(x, flat, 4)));
    assert_true(isnan(correlation(x, y, 1)));
}

/* Of normal pairs with correlation c, tau is 2 / pi asin c (Greiner 1909); the
 * interval has it 95 times in 100. */
static void test_interval(void **state)
{
    enum { TIMES = 60, N = 40 };
    double c = 0.6, tau = 2 / acos(-1) * asin(c), x[N], y[N], sum = 0;
    struct rng r = rng_stream(1, RNG_TEST, 0);
    int inside = 0;

    (void)state;
    for (int t = 0; t < TIMES; t++) {
        struct stats_interval s;

        for (int i = 0; i < N; i++) {
            x[i] = rng_normal(&r);
            y[i] = c * x[i] + sqrt(1 - c * c) * rng_normal(&r);
        }
        s = stats_kendall_interval(x, y, N, (uint64_t)t);
        assert_true(s.low <= s.value && s.value <= s.high);
        inside += s.low <= tau && tau <= s.high;
        sum += s.value;
    }
    assert_true(fabs(sum / TIMES - tau) < 0.04);
    assert_true(inside >= 50); /* 57 expected */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kendall),
        cmocka_unit_test(test_correlation),
        cmocka_unit_test(test_interval),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    return failed + (mem_live() != 0);
}
