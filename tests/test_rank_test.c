/* SPDX-License-Identifier: MIT */
/* Rank tests against the enumeration of all cases, and published tables. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/rank_test.h"
#include "base/rng.h"

enum { MANY = 400 };

#define assert_near(got, wanted, error)                                        \
    assert_true(fabs((got) - (wanted)) <= (error))

/* Rank sum of the values whose bit is set, counted pair by pair: each pair of
 * one inside and one outside gives 2 if the first is larger, 1 if equal. */
static int wins(const double *x, int n, unsigned set)
{
    int w = 0;

    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            if ((set >> i & 1) && !(set >> j & 1))
                w += 2 * (x[i] > x[j]) + (x[i] >= x[j] && x[i] <= x[j]);
    return w;
}

/* All ways to call nx of the values x. */
static double larger_by_enumeration(const double *all, int nx, int n)
{
    int here = wins(all, n, (1U << nx) - 1), ways = 0, as_much = 0;

    for (unsigned set = 0; set < 1U << n; set++)
        if (__builtin_popcount(set) == nx) {
            ways++;
            as_much += wins(all, n, set) >= here;
        }
    return (double)as_much / ways;
}

/* Whole numbers below `kinds`, so that there are ties; some infinite. */
static void draw(double *x, int n, int kinds, struct rng *r)
{
    for (int i = 0; i < n; i++) {
        x[i] = rng_below(r, kinds);
        if (rng_below(r, 10) == 0)
            x[i] = HUGE_VAL;
    }
}

static void larger_equals_enumeration(void **state)
{
    struct rng r = rng_stream(1, RNG_TEST, 0);
    double x[12];

    (void)state;
    for (int round = 0; round < 200; round++) {
        int n = 2 + rng_below(&r, 10), nx = 1 + rng_below(&r, n - 1);

        draw(x, n, 1 + rng_below(&r, 20), &r);
        assert_near(rank_test_larger(x, nx, x + nx, n - nx),
                    larger_by_enumeration(x, nx, n), 1e-12);
    }
}

/* Twice the midrank of |d[i]| among the differences that are not 0. */
static int rank_of(const double *d, int n, int i)
{
    int rank = 1;

    for (int j = 0; j < n; j++)
        if (fabs(d[j]) > 0)
            rank += 2 * (fabs(d[j]) < fabs(d[i])) +
                    (fabs(d[j]) >= fabs(d[i]) && fabs(d[j]) <= fabs(d[i]));
    return rank;
}

/* How far the sum of signed ranks is from 0, with signs from the bits. */
static int lean(const double *d, int n, unsigned positive)
{
    int s = 0;

    for (int i = 0; i < n; i++)
        if (fabs(d[i]) > 0)
            s += (positive >> i & 1 ? 1 : -1) * rank_of(d, n, i);
    return abs(s);
}

static double signed_by_enumeration(const double *d, int n)
{
    unsigned positive = 0;
    int as_much = 0;

    for (int i = 0; i < n; i++)
        positive |= (unsigned)(d[i] > 0) << i;
    for (unsigned set = 0; set < 1U << n; set++)
        as_much += lean(d, n, set) >= lean(d, n, positive);
    return (double)as_much / (1U << n);
}

static void signed_equals_enumeration(void **state)
{
    struct rng r = rng_stream(2, RNG_TEST, 0);
    double d[10];

    (void)state;
    for (int round = 0; round < 200; round++) {
        int n = 1 + rng_below(&r, 10);

        draw(d, n, 1 + rng_below(&r, 9), &r);
        for (int i = 0; i < n; i++)
            d[i] *= rng_below(&r, 3) ? 1 : -1;
        assert_near(rank_test_signed(d, n), signed_by_enumeration(d, n), 1e-12);
    }
}

/* The smallest values there are: one of C(10, 5), two of 2^5. */
static void extremes_are_known(void **state)
{
    static const double low[] = {1, 2, 3, 4, 5}, high[] = {6, 7, 8, 9, 10};
    static const double zero[3] = {0};

    (void)state;
    assert_near(rank_test_larger(high, 5, low, 5), 1.0 / 252, 1e-12);
    assert_near(rank_test_larger(low, 5, high, 5), 1, 1e-12);
    assert_near(rank_test_larger(low, 5, high, 0), 1, 0);
    assert_near(rank_test_signed(low, 5), 2.0 / 32, 1e-12);
    assert_near(rank_test_signed(zero, 3), 1, 0);
    assert_near(rank_test_signed(low, 0), 1, 0);
}

/* Just beyond the exact sizes the approximation says the same; a draw with
 * ties. */
static void large_is_like_small(void **state)
{
    struct rng r = rng_stream(3, RNG_TEST, 0);
    double x[MANY], y[MANY], d[MANY];
    int half = RANK_EXACT / 2;

    (void)state;
    for (int i = 0; i < MANY; i++) {
        x[i] = rng_below(&r, 40) + 3;
        y[i] = rng_below(&r, 40);
        d[i] = x[i] - y[i];
    }
    assert_near(rank_test_larger(x, half, y, half),
                rank_test_larger(x, half + 1, y, half), 0.02);
    assert_near(rank_test_signed(d, SIGN_EXACT),
                rank_test_signed(d, SIGN_EXACT + 3), 0.02);
}

/* Samples that are drawn alike are called different as often as promised. */
static double share_below(double p, int n, double shift)
{
    int below = 0;

    for (int round = 0; round < 400; round++) {
        struct rng r = rng_stream((uint64_t)round, RNG_TEST, 4);
        double x[MANY], y[MANY];

        for (int i = 0; i < n; i++) {
            x[i] = rng_normal(&r) + shift;
            y[i] = rng_normal(&r);
        }
        below += rank_test_larger(x, n, y, n) <= p;
    }
    return below / 400.0;
}

static void level_and_power(void **state)
{
    (void)state;
    assert_true(share_below(0.05, 12, 0) < 0.08);
    assert_true(share_below(0.05, 12, 2) > 0.95);
    assert_true(share_below(0.05, 100, 0) < 0.08);
    assert_true(share_below(0.05, 100, 1) > 0.95);
}

static int no_leaks(void **state)
{
    (void)state;
    return mem_live() == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(larger_equals_enumeration),
        cmocka_unit_test(signed_equals_enumeration),
        cmocka_unit_test(extremes_are_known),
        cmocka_unit_test(large_is_like_small),
        cmocka_unit_test(level_and_power),
    };

    return cmocka_run_group_tests(tests, NULL, no_leaks);
}
