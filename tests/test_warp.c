/* SPDX-License-Identifier: MIT */
/* The map from rewards to values: by its formula, there and back. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/stats.h"
#include "learn/warp.h"

enum { N = 5 };

static void assert_near(double x, double wanted, double error)
{
    if (!(fabs(x - wanted) <= error))
        fail_msg("%.12g, not %.12g within %g", x, wanted, error);
}

static const double rewards[N] = {0.70, 0.95, 0.80, 0.90, 0.60};

/* The best is 0.95 and the median 0.80. */
static double t_of(double reward)
{
    return -log((0.95 - reward) / 0.15 + 1);
}

static void test_formula(void **state)
{
    double value[N], scratch[N], mean = 0, square = 0;
    struct warp w = warp_of(N, rewards, value, scratch);

    (void)state;
    for (int i = 0; i < N; i++)
        mean += t_of(rewards[i]) / N;
    for (int i = 0; i < N; i++)
        square += pow(t_of(rewards[i]) - mean, 2) / N;
    for (int i = 0; i < N; i++)
        assert_near(value[i], (t_of(rewards[i]) - mean) / sqrt(square), 1e-12);
    memcpy(scratch, rewards, sizeof rewards);
    assert_near(stats_median(scratch, N), 0.80, 0);
    assert_near(warp_value(&w, 0.85), (t_of(0.85) - mean) / sqrt(square),
                1e-12);
}

static void test_there_and_back(void **state)
{
    double value[N], scratch[N];
    struct warp w = warp_of(N, rewards, value, scratch);

    (void)state;
    for (double r = 0.5; r < 1; r += 0.05) {
        double v = warp_value(&w, r), up = warp_reward(&w, v + 1e-5);

        assert_near(warp_reward(&w, v), r, 1e-12);
        assert_near(warp_growth(&w, v), (up - r) / 1e-5, 1e-5);
        assert_true(warp_value(&w, r + 0.01) > v);
    }
}

/* Far above the best there is an end, and no reward is undefined. */
static void test_edges(void **state)
{
    double same[N] = {0.5, 0.5, 0.5, 0.5, 0.5}, value[N], scratch[N];
    struct warp w = warp_of(N, rewards, value, scratch);

    (void)state;
    assert_true(isfinite(warp_value(&w, 1e9)) && isfinite(warp_value(&w, -9)));
    assert_near(warp_value(&w, 1e9), warp_value(&w, 0.95 + 0.9 * 0.15), 1e-9);
    w = warp_of(N, same, value, scratch);
    for (int i = 0; i < N; i++)
        assert_near(value[i], 0, 1e-6);
    assert_true(isfinite(warp_value(&w, 0.6)) && isfinite(warp_reward(&w, 1)));
    w = warp_of(1, rewards, value, scratch);
    assert_true(isfinite(value[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formula),
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_edges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
