/* SPDX-License-Identifier: MIT */
/* Optimisers and schedules against formulas worked out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "nn/optim.h"

static void test_sgd(void **state)
{
    static const struct sgd o = {.rate = 0.1f, .momentum = 0.5f, .decay = 0.2f};
    float w[2] = {1, -2}, v[2] = {0, 1};
    const float dw[2] = {0.3f, 0};

    (void)state;
    sgd_step(&o, w, v, dw, 2);
    /* d = 0.3 + 0.2 = 0.5; v = 0.5; and d = -0.4, v = 0.1 */
    assert_float_equal(v[0], 0.5, 1e-6);
    assert_float_equal(w[0], 0.95, 1e-6);
    assert_float_equal(v[1], 0.1, 1e-6);
    assert_float_equal(w[1], -2.01, 1e-6);
    sgd_step(&o, w, v, dw, 1);
    /* d = 0.3 + 0.19; v = 0.25 + 0.49 */
    assert_float_equal(w[0], 0.876, 1e-6);
    assert_float_equal(w[1], -2.01, 1e-6);
}

static void test_nesterov(void **state)
{
    static const struct sgd o = {.rate = 0.1f, .momentum = 0.5f, .nesterov = 1};
    float w = 1, v = 2;
    const float dw = 3;

    (void)state;
    sgd_step(&o, &w, &v, &dw, 1);
    /* v = 4; step 0.1 (3 + 0.5 4) */
    assert_float_equal(v, 4, 1e-6);
    assert_float_equal(w, 0.5, 1e-6);
}

/* Two steps by the algorithm as printed. */
static void test_adam(void **state)
{
    static const struct adam o = {0.01f, 0.9f, 0.99f, 1e-8f};
    static const float dw[2] = {0.5f, -0.25f};
    float w = 1, m = 0, v = 0;
    double ww = 1, mm = 0, vv = 0;

    (void)state;
    for (int t = 1; t <= 2; t++) {
        double g = (double)dw[t - 1];

        adam_step(&o, &w, &m, &v, &dw[t - 1], 1, t);
        mm = 0.9 * mm + 0.1 * g;
        vv = 0.99 * vv + 0.01 * g * g;
        ww -= 0.01 * mm / (1 - pow(0.9, t)) /
              (sqrt(vv / (1 - pow(0.99, t))) + 1e-8);
        assert_true(fabs((double)w - ww) < 1e-6);
        /* the first step is the rate, whatever the gradient's size */
        if (t == 1)
            assert_float_equal(w, 0.99, 1e-6);
    }
}

static void test_schedule(void **state)
{
    (void)state;
    assert_float_equal(schedule_cosine(2, 0, 4, 12), 0.5, 1e-6);
    assert_float_equal(schedule_cosine(2, 3, 4, 12), 2, 1e-6);
    assert_float_equal(schedule_cosine(2, 4, 4, 12), 2, 1e-6);
    assert_float_equal(schedule_cosine(2, 8, 4, 12), 1, 1e-6);
    /* 1 + cos(7 pi / 8) */
    assert_float_equal(schedule_cosine(2, 11, 4, 12), 0.0761205, 1e-6);
    assert_float_equal(schedule_cosine(2, 0, 0, 5), 2, 1e-6);
}

static void test_clip(void **state)
{
    float x[3] = {2, -3, 6};

    (void)state;
    assert_float_equal(clip_norm(x, 3, 7.5f), 7, 1e-6);
    assert_float_equal(x[2], 6, 0);
    assert_float_equal(clip_norm(x, 3, 3.5f), 7, 1e-6);
    assert_float_equal(x[0], 1, 1e-6);
    assert_float_equal(x[1], -1.5, 1e-6);
    assert_float_equal(x[2], 3, 1e-6);
    x[1] = NAN;
    assert_true(isnan(clip_norm(x, 3, 1)));
}

static void test_no_leak(void **state)
{
    (void)state;
    assert_int_equal(mem_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sgd),  cmocka_unit_test(test_nesterov),
        cmocka_unit_test(test_adam), cmocka_unit_test(test_schedule),
        cmocka_unit_test(test_clip), cmocka_unit_test(test_no_leak),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
