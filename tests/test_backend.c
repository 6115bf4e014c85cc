/* SPDX-License-Identifier: MIT */
/* Whole networks, the same by all kernels within rounding: every value, every
 * gradient.  And the settings that choose the kernels. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "all_kernels.h"
#include "base/mem.h"
#include "nn/choice.h"
#include "nn/gemm.h"
#include "nn/graph.h"
#include "nn/kernel.h"
#include "small_graphs.h"

/* One larger than the parts that OpenBLAS is given: more than 64 channels, 128
 * terms, 32 pixels of a row; with strides. */
static void large_network(struct graph *g, int groups)
{
    int x;

    graph_start(g, (struct shape){3, 12, 35}, groups);
    x = graph_norm(g, graph_conv(g, 0, 70, 5, 1, false), NN_NONE);
    x = graph_norm(g, graph_conv(g, x, 66, 3, 2, false), NN_NONE);
    x = graph_norm(g, graph_conv(g, x, 150, 1, 1, true), NN_HSWISH);
    x = graph_norm(g, graph_conv(g, x, 17, 1, 2, false), NN_NONE);
    head(g, residual(g, x, 17, 1));
}

typedef void network(struct graph *g, int groups);

static void build(struct graph *g, struct arena *a, network *of,
                  const struct kernels *kernels)
{
    of(g, 2);
    g->kernels = kernels;
    prepare(g, a, 21);
    gradient(g);
}

/* By the size of the whole: cancellation leaves small values less exact. */
static void same(const float *a, const float *b, size_t n, const char *kernels,
                 const char *what, int node)
{
    double error = 0, size = 0;

    for (size_t i = 0; i < n; i++) {
        error += pow((double)a[i] - (double)b[i], 2);
        size += pow((double)b[i], 2);
    }
    if (!(sqrt(error) <= 1e-4 * sqrt(size)))
        fail_msg("%s: %s of node %d: error %.2g of %.2g", kernels, what, node,
                 sqrt(error), sqrt(size));
}

static void compare(network *of, const struct kernels *kernels)
{
    struct graph g, portable;
    struct arena a = {0}, b = {0};

    build(&g, &a, of, kernels);
    build(&portable, &b, of, kernels_named("portable"));
    for (int i = 0; i < g.count; i++) {
        const struct node *n = &g.nodes[i], *p = &portable.nodes[i];

        if (!n->lazy)
            same(n->x, p->x, floats(&g, i), kernels->name, "values", i);
        if (n->params > 0 && n->reached)
            same(g.dw + n->w_at, portable.dw + p->w_at, n->params,
                 kernels->name, "gradients", i);
    }
    same(g.dw + g.flat - 1, portable.dw + g.flat - 1, 1, kernels->name, "loss",
         g.count - 1);
    finish(&g, &a);
    finish(&portable, &b);
}

static void test_networks(void **state)
{
    const struct kernels *k;

    (void)state;
    for (int v = 0; (k = all_kernels(v)) != NULL; v++) {
        compare(whole_network, k);
        compare(large_network, k);
    }
}

/* Kernels by the names of the settings; NULL if these are refused. */
static const char *chosen(const char *backend, const char *kernels)
{
    const struct conf_section *sections[] = {&nn_section};
    struct conf *conf = conf_new(sections, 1);
    const char *name = NULL;

    conf_set(conf, &nn_section, conf_find_row(&nn_section, "backend"), backend,
             "test", 1);
    conf_set(conf, &nn_section, conf_find_row(&nn_section, "kernels"), kernels,
             "test", 1);
    conf_check(conf);
    if (conf_errors(conf) == 0)
        name = nn_kernels(conf_of(conf, &nn_section))->name;
    conf_free(conf);
    return name;
}

static void test_choice(void **state)
{
    static const char *const names[] = {"avx512", "avx2", "portable"};

    (void)state;
    assert_string_equal(chosen("native", "best"), kernels_best()->name);
    assert_string_equal(chosen("blas", "best"), "blas");
    assert_string_equal(chosen("blas", "portable"), "blas");
    assert_null(chosen("blas", "avx2"));
    for (int i = 0; i < 3; i++)
        if (kernels_named(names[i]))
            assert_string_equal(chosen("native", names[i]), names[i]);
        else
            assert_null(chosen("native", names[i]));
}

static void test_no_leak(void **state)
{
    (void)state;
    assert_int_equal(mem_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_no_leak),
    };

    gemm_set_threads(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
