/* SPDX-License-Identifier: MIT */
/* Gradients of every op by finite differences; and no op hides a NaN. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "all_kernels.h"
#include "base/mem.h"
#include "nn/gemm.h"
#include "nn/graph.h"
#include "nn/kernel.h"
#include "nn/op.h"
#include "small_graphs.h"

enum { ACTS = NN_SWISH + 1 };

/* (loss(w + h d) - loss(w - h d)) / 2 h */
static double slope(struct graph *g, const float *d, double h)
{
    float *w = MEM_NEW(float, g->params);
    double loss[2];

    memcpy(w, g->w, g->params * sizeof(float));
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < g->params; i++)
            g->w[i] = w[i] + (float)(side ? -h : h) * d[i];
        loss[side] = mean_loss(g, GRAPH_TRAIN);
    }
    memcpy(g->w, w, g->params * sizeof(float));
    mem_free(w);
    return (loss[0] - loss[1]) / (2 * h);
}

/* How far the slope is from what dw says.  Activations have kinks: a wide step
 * crosses some, a narrow one drowns in rounding.  A wrong gradient is wrong at
 * every width. */
static double slope_error(struct graph *g, const float *d, double want,
                          double widest)
{
    double least = HUGE_VAL;

    for (double h = widest; h > widest / 300; h /= 3)
        least = fmin(least, fabs(slope(g, d, h) - want));
    return least;
}

/* Slopes in random directions against dw; the error is relative to the size of
 * the gradient, which is the standard deviation of such a slope. */
static double worst_slope(struct graph *g, int directions)
{
    struct rng r = rng_stream(5, RNG_TEST, 0);
    float *dw = MEM_NEW(float, g->params), *d = MEM_NEW(float, g->params);
    double worst = 0;

    gradient(g);
    memcpy(dw, g->dw, g->params * sizeof(float));
    for (int i = 0; i < directions; i++) {
        double size = 0, product = 0, error;

        fill(d, g->params, &r);
        for (size_t k = 0; k < g->params; k++) {
            size += (double)dw[k] * (double)dw[k];
            product += (double)dw[k] * (double)d[k];
        }
        error = slope_error(g, d, product, 1e-3) / sqrt(size);
        if (!(error <= worst))
            worst = error;
    }
    mem_free(dw);
    mem_free(d);
    return worst;
}

/* A partner for ops of two inputs: a gate if the op wants a gate, a tensor
 * with another number of channels else. */
static int partner(struct graph *g, enum op_kind kind, int x, int channels)
{
    return kind == OP_SCALE ? graph_gpool(g, x)
                            : graph_conv(g, x, channels, 1, 1, false);
}

/* input, convolution, the op under test, head. */
static void small_graph(struct graph *g, enum op_kind kind, int stride, int act,
                        const struct kernels *kernels)
{
    struct node n = {.kind = kind, .shape = {.c = 5}, .kernel = 3};

    graph_start(g, (struct shape){2, 5, 6}, 1 + stride);
    g->kernels = kernels;
    n.stride = stride;
    n.act = act;
    n.bias = act % 2;
    n.in[0] = graph_conv(g, 0, 7, 1, 1, true);
    if (op_of(kind)->inputs == 2)
        n.in[1] = partner(g, kind, n.in[0], 6 + stride);
    head(g, graph_append(g, n));
}

/* Steps across a kink cost accuracy; smooth ops show 1e-5. */
static double allowed(enum op_kind kind, int act)
{
    bool smooth = act == NN_NONE || act == NN_SIGMOID || act == NN_SWISH;

    return (kind == OP_NORM || kind == OP_ACT) && !smooth ? 1e-2 : 5e-4;
}

static void test_slopes(void **state)
{
    const struct kernels *k;

    (void)state;
    for (int v = 0; (k = all_kernels(v)) != NULL; v++)
        for (int i = 0; i < OP_KINDS * 2 * ACTS; i++) {
            enum op_kind kind = (enum op_kind)(i / (2 * ACTS));
            int stride = 1 + i % 2, act = i / 2 % ACTS;
            struct graph g;
            struct arena a = {0};
            double error;

            if (!op_of(kind))
                continue;
            small_graph(&g, kind, stride, act, k);
            prepare(&g, &a, 11);
            error = worst_slope(&g, 3);
            if (!(error <= allowed(kind, act)))
                fail_msg("%s: %s, stride %d, act %d: error %.2g", k->name,
                         op_of(kind)->name, stride, act, error);
            finish(&g, &a);
        }
}

static double activation(double u, int act)
{
    double hard = fmin(fmax(u + 3, 0), 6) / 6;

    switch ((enum nn_act)act) {
    case NN_RELU:
        return fmax(u, 0);
    case NN_RELU6:
        return fmin(fmax(u, 0), 6);
    case NN_HSWISH:
        return u * hard;
    case NN_HSIGMOID:
        return hard;
    case NN_SIGMOID:
        return 1 / (1 + exp(-u));
    case NN_SWISH:
        return u / (1 + exp(-u));
    case NN_NONE:
        break;
    }
    return u;
}

/* Values of activations, far out on both sides, too. */
static void test_activations(void **state)
{
    const struct affine f = {.a = 2, .b = 1};
    const struct sweep one = {.planes = 1, .rows = 1, .cols = 1};
    const struct kernels *k;

    (void)state;
    for (int v = 0; (k = kernels_at(v)) != NULL; v++)
        for (int i = 0; i < ACTS * 41; i++) {
            float x[GRAPH_LANES] __attribute__((aligned(64))) = {0};
            float y[GRAPH_LANES] __attribute__((aligned(64)));
            int act = i / 41, u = i % 41 - 20;
            double want = activation(u * abs(u), act);

            x[v] = (float)((u * abs(u) - 1) / 2.0);
            k->apply(y, x, &f, (enum nn_act)act, NULL, &one);
            if (!(fabs((double)y[v] - want) <= 1e-6 * (fabs(want) + 1)))
                fail_msg("%s, act %d of %d: %g, not %g", k->name, act,
                         u * abs(u), (double)y[v], want);
        }
}

static void test_network_slopes(void **state)
{
    struct graph g;
    struct arena a = {0};
    double error;

    (void)state;
    for (int groups = 1; groups <= 3; groups += 2) {
        whole_network(&g, groups);
        prepare(&g, &a, 12);
        error = worst_slope(&g, 10);
        if (!(error <= 5e-4))
            fail_msg("%d groups: error %.2g", groups, error);
        finish(&g, &a);
    }
}

/* One weight at a time, so that a small part of dw cannot hide. */
static void test_network_weights(void **state)
{
    struct graph g;
    struct arena a = {0};
    float *dw, *d;

    (void)state;
    whole_network(&g, 1);
    prepare(&g, &a, 13);
    dw = MEM_NEW(float, g.params);
    d = MEM_NEW(float, g.params);
    gradient(&g);
    memcpy(dw, g.dw, g.params * sizeof(float));
    for (size_t i = 0; i < g.params; i += 3) {
        double error;

        d[i] = 1;
        error = slope_error(&g, d, (double)dw[i], 3e-2);
        d[i] = 0;
        if (!(error <= 1e-5 + 1e-2 * fabs((double)dw[i])))
            fail_msg("dw[%zu] = %g: error %.2g", i, (double)dw[i], error);
    }
    mem_free(dw);
    mem_free(d);
    finish(&g, &a);
}

/* One bad pixel must be seen at the end, through every op. */
static void test_not_a_number(void **state)
{
    const struct kernels *k;

    (void)state;
    for (int v = 0; (k = all_kernels(v)) != NULL; v++)
        for (int i = 0; i < OP_KINDS * 2 * ACTS * 2; i++) {
            enum op_kind kind = (enum op_kind)(i / (4 * ACTS));
            enum graph_mode mode =
                i / (2 * ACTS) % 2 ? GRAPH_TRAIN : GRAPH_EVAL;
            struct graph g;
            struct arena a = {0};

            if (!op_of(kind))
                continue;
            small_graph(&g, kind, 1 + i % 2, i / 2 % ACTS, k);
            prepare(&g, &a, 16);
            assert_true(isfinite(mean_loss(&g, mode)));
            g.nodes[0].x[3] = NAN;
            assert_true(isnan(mean_loss(&g, mode)));
            finish(&g, &a);
        }
}

static void test_no_leak(void **state)
{
    (void)state;
    assert_int_equal(mem_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slopes),
        cmocka_unit_test(test_activations),
        cmocka_unit_test(test_network_slopes),
        cmocka_unit_test(test_network_weights),
        cmocka_unit_test(test_not_a_number),
        cmocka_unit_test(test_no_leak),
    };

    gemm_set_threads(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
