/* SPDX-License-Identifier: MIT */
/* Transposed planes, of any number, against the formula: every value of a row,
 * and none beside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "all_kernels.h"
#include "base/mem.h"

enum { LANES = GRAPH_LANES, PLANES = 50, PIXELS = 3, GAP = GRAPH_LANES };

static int row_of(int planes)
{
    return (planes + LANES - 1) / LANES * LANES;
}

/* `n` pixels of planes that are further apart than that. */
static void check(const struct kernels *k, int planes, int n)
{
    int row = row_of(planes), plane = n * LANES + GAP;
    size_t values = (size_t)(planes * plane), all = (size_t)(row * n * LANES);
    float *x = MEM_NEW(float, values), *z = MEM_NEW(float, all + 1);

    for (size_t i = 0; i < values; i++)
        x[i] = (float)i;
    z[all] = -1;
    k->transpose(z, x, planes, plane, n, row);
    for (int i = 0; i < n * LANES; i++)
        for (int j = 0; j < row; j++) {
            int from = j < planes ? j : planes - 1;

            if (z[i * row + j] != x[from * plane + i])
                fail_msg("%s: %d planes of %d pixels: value %d of plane %d",
                         k->name, planes, n, i, j);
        }
    assert_true(z[all] == -1);
    mem_free(x);
    mem_free(z);
}

static void test_transpose(void **state)
{
    (void)state;
    for (int i = 0; all_kernels(i); i++)
        for (int planes = 1; planes <= PLANES; planes++)
            for (int n = 1; n <= PIXELS; n++)
                check(all_kernels(i), planes, n);
}

static void test_no_leak(void **state)
{
    (void)state;
    assert_int_equal(mem_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_transpose),
                                       cmocka_unit_test(test_no_leak)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
