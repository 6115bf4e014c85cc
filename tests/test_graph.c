/* SPDX-License-Identifier: MIT */
/* What a graph promises: loss, statistics, shares, cost and memory. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "all_kernels.h"
#include "base/mem.h"
#include "nn/gemm.h"
#include "nn/graph.h"
#include "nn/kernel.h"
#include "small_graphs.h"

/* Mean and unbiased variance of a channel, by two passes in double. */
static void statistics(const struct graph *g, int node, int c, double *mean,
                       double *var)
{
    const struct shape *s = &g->nodes[node].shape;
    int plane = s->h * s->w * GRAPH_LANES, count = g->groups * plane;

    for (int pass = 0; pass < 2; pass++) {
        double sum = 0;

        for (int i = 0; i < count; i++) {
            const float *x =
                g->nodes[node].x + (i / plane * s->c + c) * plane + i % plane;

            sum += pass ? pow((double)*x - *mean, 2) : (double)*x;
        }
        *(pass ? var : mean) = sum / (pass ? count - 1 : count);
    }
}

/* A step of that number takes the running statistics `share` of the way from the
 * first ones to those of the batch. */
static void track(struct graph *g, const struct node *n, const float first[6],
                  int step, double share)
{
    float *stats = g->w + n->s_at;

    memcpy(stats, first, 6 * sizeof *first);
    graph_track(g, step);
    for (int c = 0; c < 3; c++) {
        double rest = 1 - share, mean, var;

        statistics(g, 0, c, &mean, &var);
        mean = rest * (double)first[c] + share * mean;
        var = rest * (double)first[3 + c] + share * var;
        assert_true(fabs((double)stats[c] - mean) < 1e-3);
        assert_true(fabs((double)stats[3 + c] - var) < 1e-5);
    }
}

/* Values far from 0 compared with their spread, in every variant. */
static void test_norm(void **state)
{
    const struct kernels *k;

    (void)state;
    for (int v = 0; (k = all_kernels(v)) != NULL; v++) {
        struct graph g;
        struct arena a = {0};
        const struct node *n;
        float *stats, first[6], x, y;

        graph_start(&g, (struct shape){3, 5, 5}, 2);
        g.kernels = k;
        (void)graph_norm(&g, 0, NN_RELU6);
        n = &g.nodes[1];
        prepare(&g, &a, 14);
        for (size_t i = 0; i < floats(&g, 0); i++)
            g.nodes[0].x[i] = 1000 + 0.5f * g.nodes[0].x[i];
        graph_zero(&g);
        graph_forward(&g, GRAPH_TRAIN);
        stats = g.w + n->s_at;
        memcpy(first, stats, sizeof first);
        track(&g, n, first, 100, 0.1);
        track(&g, n, first, 18, 0.1);
        track(&g, n, first, 3, 0.4);
        track(&g, n, first, 0, 1);
        /* image 3 of the first group, channel 1, pixel 7 */
        stats[1] = 999;
        stats[4] = 4;
        graph_forward(&g, GRAPH_EVAL);
        x = g.nodes[0].x[(25 + 7) * GRAPH_LANES + 3];
        y = g.w[n->w_at + 1] * (x - 999) / sqrtf(4 + 1e-5f) + g.w[n->w_at + 4];
        assert_float_equal(n->x[(25 + 7) * GRAPH_LANES + 3],
                           fminf(fmaxf(y, 0), 6), 2e-4);
        finish(&g, &a);
    }
}

/* A graph that is only its logits. */
static void logits(struct graph *g, struct arena *a)
{
    graph_start(g, (struct shape){2, 1, 1}, 1);
    graph_conv(g, 0, 3, 1, 1, true);
    prepare(g, a, 15);
    for (int i = 0; i < GRAPH_LANES; i++)
        labels[i] = -1;
}

static void set(const struct graph *g, int image, float a, float b, float c)
{
    float *x = g->nodes[1].x + image;

    x[0] = a;
    x[GRAPH_LANES] = b;
    x[2 * GRAPH_LANES] = c;
}

static void test_loss(void **state)
{
    struct graph g;
    struct arena a = {0};
    double loss, want = 0;
    int right;

    (void)state;
    logits(&g, &a);
    g.share = 0.5f;
    set(&g, 0, 1, 2, 3);
    set(&g, 5, 4, 4, 1);
    labels[0] = 1;
    labels[5] = 0;
    right = graph_loss(&g, GRAPH_TRAIN, labels, 0.3f, &loss);
    /* the tie goes to the first, which is the label */
    assert_int_equal(right, 1);
    want += log(exp(1) + exp(2) + exp(3)) - 0.7 * 2 - 0.1 * (1 + 2 + 3);
    want += log(2 * exp(4) + exp(1)) - 0.7 * 4 - 0.1 * (4 + 4 + 1);
    assert_true(fabs(loss - want) < 1e-6);
    assert_float_equal(g.dw[g.flat - 1], (float)(0.25 * want), 1e-6);
    /* share / images (p - target), and nothing for the others */
    want = 0.25 * (exp(2) / (exp(1) + exp(2) + exp(3)) - 0.8);
    assert_float_equal(g.nodes[1].dx[GRAPH_LANES], (float)want, 1e-6);
    assert_float_equal(g.nodes[1].dx[2], 0, 0);
    labels[5] = 1;
    assert_int_equal(graph_loss(&g, GRAPH_EVAL, labels, 0, NULL), 0);
    labels[0] = labels[5] = -1;
    assert_int_equal(graph_loss(&g, GRAPH_TRAIN, labels, 0, &loss), 0);
    assert_true(loss == 0 && g.nodes[1].dx[0] == 0);
    finish(&g, &a);
}

static void test_loss_not_a_number(void **state)
{
    struct graph g;
    struct arena a = {0};
    double loss;

    (void)state;
    logits(&g, &a);
    labels[2] = 0;
    set(&g, 2, NAN, 0, 0);
    assert_int_equal(graph_loss(&g, GRAPH_EVAL, labels, 0, &loss), 0);
    assert_true(isnan(loss));
    set(&g, 2, 1, 0, NAN);
    assert_int_equal(graph_loss(&g, GRAPH_EVAL, labels, 0, &loss), 0);
    assert_true(isnan(loss));
    finish(&g, &a);
}

/* dw of the shards, each with share 1/2, adds up to the mean of their dw. */
static void test_share(void **state)
{
    struct graph g;
    struct arena a = {0};
    float *want, *x;
    size_t n;

    (void)state;
    whole_network(&g, 1);
    prepare(&g, &a, 17);
    n = floats(&g, 0);
    want = MEM_NEW(float, g.flat);
    x = MEM_NEW(float, n);
    memcpy(x, g.nodes[0].x, n * sizeof(float));
    for (int shard = 0; shard < 2; shard++) {
        for (size_t i = 0; i < n; i++)
            g.nodes[0].x[i] = x[shard ? n - 1 - i : i];
        gradient(&g);
        for (size_t i = 0; i < g.flat; i++)
            want[i] += 0.5f * g.dw[i];
    }
    g.share = 0.5f;
    graph_zero(&g);
    for (int shard = 0; shard < 2; shard++) {
        for (size_t i = 0; i < n; i++)
            g.nodes[0].x[i] = x[shard ? n - 1 - i : i];
        (void)mean_loss(&g, GRAPH_TRAIN);
        graph_backward(&g);
    }
    for (size_t i = 0; i < g.flat; i++)
        assert_true(fabsf(g.dw[i] - want[i]) <= 1e-5f + 1e-5f * fabsf(want[i]));
    assert_true(want[g.flat - 1] > 0.5f);
    mem_free(want);
    mem_free(x);
    finish(&g, &a);
}

/* Same input, same bits: in a second run, and in memory that was used. */
static void test_same_bits(void **state)
{
    struct graph g;
    struct arena a = {0};
    float *dw;

    (void)state;
    whole_network(&g, 2);
    prepare(&g, &a, 18);
    gradient(&g);
    dw = MEM_NEW(float, g.flat);
    memcpy(dw, g.dw, g.flat * sizeof(float));
    for (int run = 0; run < 2; run++) {
        gradient(&g);
        assert_memory_equal(dw, g.dw, g.flat * sizeof(float));
        memset(a.base, 0x7f, a.used);
        prepare(&g, &a, 18);
    }
    mem_free(dw);
    finish(&g, &a);
}

static void test_cost(void **state)
{
    struct graph g;
    struct arena a = {0};
    struct graph_cost cost;
    int x;

    (void)state;
    graph_start(&g, (struct shape){3, 9, 8}, 2);
    x = graph_conv(&g, 0, 10, 3, 2, false); /* to 5 x 4 */
    x = graph_norm(&g, x, NN_RELU);
    x = graph_dwconv(&g, x, 5, 1);
    x = graph_conv(&g, graph_gpool(&g, x), 7, 1, 1, true);
    cost = graph_cost(&g);
    assert_int_equal(cost.params, 3 * 10 * 9 + 20 + 10 * 25 + 10 * 7 + 7);
    assert_int_equal(cost.macs, 3 * 10 * 9 * 20 + 10 * 25 * 20 + 10 * 7);
    assert_int_equal(g.flat, cost.params + 20 + 1);
    arena_reserve(&a, cost.bytes);
    graph_build(&g, &a);
    assert_int_equal(a.peak, cost.bytes);
    assert_int_equal(g.nodes[2].s_at, cost.params);
    assert_null(g.nodes[0].dx);
    assert_non_null(g.nodes[x].dx);
    finish(&g, &a);
}

/* Gradients share memory and norms are not stored: a longer chain costs the
 * tensors of its convolutions only. */
static void test_gradient_memory(void **state)
{
    size_t bytes[2] = {0}, tensor = sizeof(float[8 * 12 * 12 * GRAPH_LANES]);

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct graph g;
        int x;

        graph_start(&g, (struct shape){8, 12, 12}, 1);
        x = 0;
        for (int depth = 0; depth < 10 + 10 * i; depth++)
            x = graph_norm(&g, graph_conv(&g, x, 8, 1, 1, false), NN_RELU);
        bytes[i] = graph_cost(&g).bytes;
        graph_end(&g);
    }
    assert_true(bytes[1] - bytes[0] > 10 * tensor);
    assert_true(bytes[1] - bytes[0] < 11 * tensor);
}

/* A fresh network: weights of the sizes promised. */
static void test_init(void **state)
{
    struct graph g;
    struct arena a = {0};
    struct rng r = rng_stream(19, RNG_TEST, 0);
    double sum = 0;
    const struct node *n;

    (void)state;
    graph_start(&g, (struct shape){16, 4, 4}, 1);
    graph_norm(&g, graph_conv(&g, 0, 32, 3, 1, false), NN_RELU);
    graph_conv(&g, 2, 10, 1, 1, true);
    arena_reserve(&a, graph_cost(&g).bytes);
    graph_build(&g, &a);
    graph_init(&g, &r);
    n = &g.nodes[1];
    for (size_t i = 0; i < n->params; i++)
        sum += pow((double)g.w[n->w_at + i], 2) / (double)n->params;
    assert_true(fabs(sum * 9 * 32 / 2 - 1) < 0.1);
    n = &g.nodes[2];
    assert_true(g.w[n->w_at] == 1 && g.w[n->w_at + 32] == 0);
    assert_true(g.w[n->s_at] == 0 && g.w[n->s_at + 32] == 1);
    n = &g.nodes[3];
    assert_true(fabsf(g.w[n->w_at]) < 0.05f && g.w[n->w_at] != 0);
    assert_true(g.w[n->w_at + n->params - 1] == 0);
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
        cmocka_unit_test(test_norm),
        cmocka_unit_test(test_loss),
        cmocka_unit_test(test_loss_not_a_number),
        cmocka_unit_test(test_share),
        cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_cost),
        cmocka_unit_test(test_gradient_memory),
        cmocka_unit_test(test_init),
        cmocka_unit_test(test_no_leak),
    };

    gemm_set_threads(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
