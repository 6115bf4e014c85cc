/* SPDX-License-Identifier: MIT */
/* Matrix products of OpenBLAS as this program calls them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "nn/gemm.h"

/* All 0/1 combinations of transposition against the definition. */
static void test_gemm(void **state)
{
    enum { M = 3, N = 4, K = 5 };
    float a[M * K], b[K * N], y[M * N];
    struct rng r = rng_stream(3, RNG_TEST, 0);

    (void)state;
    for (int i = 0; i < M * K; i++)
        a[i] = (float)rng_normal(&r);
    for (int i = 0; i < K * N; i++)
        b[i] = (float)rng_normal(&r);
    for (int t = 0; t < 4; t++) {
        bool ta = t & 1, tb = t & 2;

        for (int i = 0; i < M * N; i++)
            y[i] = (float)i;
        gemm(y, a, b, M, N, K, ta, tb, 0.5f);
        for (int i = 0; i < M * N; i++) {
            float want = 0.5f * (float)i;

            for (int k = 0; k < K; k++)
                want += a[ta ? k * M + i / N : i / N * K + k] *
                        b[tb ? i % N * K + k : k * N + i % N];
            assert_float_equal(y[i], want, 1e-5);
        }
    }
    assert_true(gemm_core()[0] != '\0' && gemm_version()[0] != '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gemm)};

    gemm_set_threads(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
