/* SPDX-License-Identifier: MIT */
/* What makes passes fast must not change them: chains in bands give what nodes
 * one by one give, and folded norms what norms give. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "all_kernels.h"
#include "base/mem.h"
#include "nn/graph.h"
#include "nn/op.h"
#include "small_graphs.h"

/* Planes so large that no chain fits the cache, of all kinds of blocks. */
static int bottleneck(struct graph *g, int in, int channels, int kernel,
                      int stride, enum nn_act act)
{
    int c = g->nodes[in].shape.c, x = in;

    if (channels > 0)
        x = graph_norm(g, graph_conv(g, in, 3 * c, 1, 1, false), act);
    x = graph_norm(g, graph_dwconv(g, x, kernel, stride), act);
    if (kernel == 5)
        x = squeeze(g, x);
    x = graph_norm(
        g, graph_conv(g, x, channels > 0 ? channels : c, 1, 1, false), NN_NONE);
    return stride == 1 && g->nodes[x].shape.c == c ? graph_add(g, x, in) : x;
}

static void large_network(struct graph *g, int groups)
{
    int x;

    graph_start(g, (struct shape){1, 28, 28}, groups);
    x = graph_norm(g, graph_conv(g, 0, 16, 3, 1, false), NN_RELU);
    x = bottleneck(g, x, 16, 3, 1, NN_RELU);
    x = bottleneck(g, x, 0, 3, 1, NN_HSWISH);
    x = bottleneck(g, x, 20, 5, 2, NN_RELU6);
    x = bottleneck(g, x, 20, 5, 1, NN_SWISH);
    x = squeeze(g, graph_norm(g, graph_conv(g, x, 24, 3, 2, false), NN_RELU));
    x = bottleneck(g, x, 130, 3, 2, NN_RELU);
    head(g, x);
}

/* Planes of 64 pixels. */
static void square_network(struct graph *g, int groups)
{
    int x;

    graph_start(g, (struct shape){3, 16, 16}, groups);
    x = graph_norm(g, graph_conv(g, 0, 10, 3, 1, false), NN_RELU);
    x = bottleneck(g, x, 12, 5, 2, NN_RELU);
    x = bottleneck(g, x, 12, 3, 1, NN_RELU);
    head(g, x);
}

/* Sums that a convolution may compute where the other input is, and sums that
 * it may not: the other one is the images, read by the convolution itself, read
 * between the two, read later, or of another size. */
static void sums_network(struct graph *g, int groups)
{
    int x, y, z;

    graph_start(g, (struct shape){6, 9, 7}, groups);
    x = graph_norm(g, graph_conv(g, 0, 6, 3, 1, false), NN_NONE);
    x = graph_add(g, x, 0);
    y = graph_norm(g, graph_conv(g, x, 6, 1, 1, false), NN_NONE);
    x = graph_add(g, y, x);
    y = graph_norm(g, graph_conv(g, x, 12, 1, 1, false), NN_SWISH);
    y = graph_norm(g, graph_conv(g, y, 6, 3, 1, true), NN_NONE);
    z = graph_pool(g, x, 1);
    x = graph_add(g, x, y);
    y = graph_norm(g, graph_dwconv(g, x, 5, 1), NN_RELU);
    y = graph_norm(g, graph_conv(g, y, 6, 1, 1, false), NN_NONE);
    x = graph_add(g, graph_add(g, y, x), x);
    y = graph_norm(g, graph_conv(g, graph_add(g, x, z), 8, 1, 2, false),
                   NN_NONE);
    z = graph_norm(g, graph_conv(g, y, 8, 3, 1, false), NN_RELU);
    y = graph_add(g, y,
                  graph_norm(g, graph_conv(g, z, 8, 1, 1, false), NN_NONE));
    z = graph_norm(g, graph_conv(g, y, 11, 1, 1, false), NN_RELU);
    y = graph_add(g, graph_norm(g, graph_conv(g, z, 10, 1, 1, false), NN_NONE),
                  y);
    z = graph_norm(g, graph_conv(g, y, 9, 1, 1, false), NN_RELU);
    y = graph_add(g, graph_norm(g, graph_conv(g, z, 10, 1, 1, false), NN_NONE),
                  y);
    z = graph_norm(g, graph_conv(g, y, 12, 3, 1, false), NN_RELU);
    y = graph_add(g, y,
                  graph_norm(g, graph_conv(g, z, 10, 3, 1, false), NN_NONE));
    head(g, y);
}

typedef void network(struct graph *g, int groups);

static network *const networks[] = {whole_network, large_network,
                                    square_network, sums_network};

enum { NETWORKS = sizeof networks / sizeof networks[0] };

static struct range all(const struct node *n)
{
    return (struct range){0, n->shape.c};
}

/* Of a gradient, its planes as far apart as they are. */
static size_t gradient_floats(const struct graph *g, const struct node *n)
{
    return (size_t)g->groups * (size_t)n->shape.c * (size_t)op_plane(n);
}

/* The reader that has handed its gradient's memory on to node i; 0: none. */
static int giver(const struct graph *g, int i)
{
    for (int j = i + 1; j < g->count; j++)
        if (g->nodes[j].in[0] == i && g->nodes[j].dx == g->nodes[i].dx)
            return j;
    return 0;
}

/* Nodes whose gradients have memory of their own, for all channels. */
static struct node *with_gradients(const struct graph *g, struct arena *a)
{
    struct node *nodes = MEM_NEW(struct node, g->count);
    size_t bytes = 0;

    memcpy(nodes, g->nodes, (size_t)g->count * sizeof *nodes);
    for (int i = 0; i < g->count; i++)
        bytes += arena_piece(gradient_floats(g, &nodes[i]) * sizeof(float));
    arena_reserve(a, bytes);
    for (int i = g->count - 1; i > 0; i--) {
        if (!nodes[i].dx)
            continue;
        nodes[i].dx = giver(g, i)
                          ? nodes[giver(g, i)].dx
                          : ARENA_NEW(a, float, gradient_floats(g, &nodes[i]));
        nodes[i].dx_room = nodes[i].shape.c;
        nodes[i].dx_from = 0;
    }
    return nodes;
}

/* graph_forward and graph_backward without chains. */
static void one_by_one(struct graph *g)
{
    struct node *banded = g->nodes;
    struct arena a = {0};

    g->nodes = with_gradients(g, &a);
    graph_zero(g);
    for (int i = 1; i < g->count; i++)
        op_of(g->nodes[i].kind)
            ->forward(g, &g->nodes[i], GRAPH_TRAIN, all(&g->nodes[i]));
    (void)graph_loss(g, GRAPH_TRAIN, labels, 0.1f, NULL);
    for (int i = g->count - 1; i > 0; i--)
        if (g->nodes[i].reached)
            op_of(g->nodes[i].kind)
                ->backward(g, &g->nodes[i], all(op_input(g, &g->nodes[i], 0)));
    mem_free(g->nodes);
    g->nodes = banded;
    arena_free(&a);
}

/* By the size of the whole: cancellation leaves small values less exact. */
static void same(const float *a, const float *b, size_t n, double tolerance)
{
    double error = 0, size = 0;

    for (size_t i = 0; i < n; i++) {
        error += pow((double)a[i] - (double)b[i], 2);
        size += pow((double)b[i], 2);
    }
    if (!(sqrt(error) <= tolerance * sqrt(size)))
        fail_msg("error %.3g of %.3g", sqrt(error), sqrt(size));
}

static float *copy(const float *x, size_t n)
{
    float *y = MEM_NEW(float, n);

    memcpy(y, x, n * sizeof(float));
    return y;
}

static void test_chains(void **state)
{
    const struct kernels *k;

    (void)state;
    for (int v = 0; (k = all_kernels(v)) != NULL; v++)
        for (int i = 0; i < NETWORKS; i++) {
            struct graph g;
            struct arena a = {0};
            float *dw;

            networks[i](&g, 1 + i % 2);
            g.kernels = k;
            prepare(&g, &a, 31);
            one_by_one(&g);
            dw = copy(g.dw, g.flat);
            gradient(&g);
            for (int n = 1; n < g.count; n++)
                same(g.dw + g.nodes[n].w_at, dw + g.nodes[n].w_at,
                     g.nodes[n].params, 1e-5);
            same(g.dw + g.params, dw + g.params, g.flat - g.params, 1e-6);
            mem_free(dw);
            finish(&g, &a);
        }
}

/* Running statistics become those of the batch, as they are used in training:
 * the variance is not the unbiased one that is tracked. */
static void take_statistics(struct graph *g)
{
    gradient(g);
    graph_track(g, 0);
    for (int i = 1; i < g->count; i++) {
        const struct node *n = &g->nodes[i];
        float count = (float)(g->groups * GRAPH_LANES * op_pixels(&n->shape));

        for (int c = 0; n->kind == OP_NORM && c < n->shape.c; c++)
            g->w[n->s_at + (size_t)(n->shape.c + c)] *= (count - 1) / count;
    }
}

static void test_folded(void **state)
{
    const struct kernels *k;

    (void)state;
    for (int v = 0; (k = all_kernels(v)) != NULL; v++)
        for (int i = 0; i < NETWORKS; i++) {
            struct graph g;
            struct arena a = {0};
            size_t n;
            float *x;

            networks[i](&g, 2 - i % 2);
            g.kernels = k;
            prepare(&g, &a, 32);
            take_statistics(&g);
            graph_forward(&g, GRAPH_TRAIN);
            n = floats(&g, g.count - 1);
            x = copy(g.nodes[g.count - 1].x, n);
            graph_fold(&g);
            for (int twice = 0; twice < 2; twice++) {
                memset(g.nodes[g.count - 1].x, 0, n * sizeof(float));
                graph_forward(&g, GRAPH_EVAL);
                same(g.nodes[g.count - 1].x, x, n, 2e-5);
            }
            mem_free(x);
            finish(&g, &a);
        }
}

/* Of the sums, in their order, those that are computed in place. */
static void test_sums(void **state)
{
    static const bool want[] = {false, false, false, false, false,
                                false, true,  false, true,  true};
    struct graph g;
    struct arena a = {0};
    int sum = 0;

    (void)state;
    sums_network(&g, 1);
    prepare(&g, &a, 34);
    for (int i = 1; i < g.count; i++)
        if (g.nodes[i].kind == OP_ADD) {
            const struct node *n = &g.nodes[i];

            assert_int_equal(n->sum > 0, want[sum++]);
            assert_true(n->sum == 0 || g.nodes[n->sum].sum == i);
        }
    assert_int_equal(sum, sizeof want / sizeof want[0]);
    finish(&g, &a);
}

/* Inference needs no more than what is alive at a time: its memory is part of
 * that of training, and much smaller. */
static void test_memory(void **state)
{
    struct graph g;
    struct arena a = {0};
    uintptr_t low[2] = {UINTPTR_MAX, UINTPTR_MAX}, high[2] = {0, 0};

    (void)state;
    large_network(&g, 1);
    prepare(&g, &a, 33);
    for (int i = 1; i < g.count; i++)
        for (int mode = 0; mode < 2; mode++) {
            const struct node *n = &g.nodes[i];
            uintptr_t at = (uintptr_t)n->places[mode].x;
            size_t bytes = sizeof(float) * (size_t)n->places[mode].room *
                           (size_t)(g.groups * op_plane(n));

            if (!n->places[mode].x)
                continue;
            low[mode] = at < low[mode] ? at : low[mode];
            high[mode] = at + bytes > high[mode] ? at + bytes : high[mode];
        }
    assert_true(low[GRAPH_EVAL] == low[GRAPH_TRAIN]);
    assert_true(3 * (high[GRAPH_EVAL] - low[GRAPH_EVAL]) <
                high[GRAPH_TRAIN] - low[GRAPH_TRAIN]);
    finish(&g, &a);
}

static void test_no_leak(void **state)
{
    (void)state;
    assert_int_equal(mem_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chains),  cmocka_unit_test(test_folded),
        cmocka_unit_test(test_sums),    cmocka_unit_test(test_memory),
        cmocka_unit_test(test_no_leak),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
