/* SPDX-License-Identifier: MIT */
/* Networks that the tests of ops and graphs share. */
#ifndef TESTS_SMALL_GRAPHS_H
#define TESTS_SMALL_GRAPHS_H

#include <stdint.h>

#include "base/mem.h"
#include "nn/graph.h"

enum { CLASSES = 4, IMAGES_MAX = 3 * GRAPH_LANES };

static int labels[IMAGES_MAX];

static inline void fill(float *x, size_t n, struct rng *r)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)rng_normal(r);
}

static inline size_t floats(const struct graph *g, int node)
{
    const struct shape *s = &g->nodes[node].shape;

    return (size_t)(g->groups * s->c * s->h * s->w) * GRAPH_LANES;
}

/* Memory, random weights away from their symmetric start, input, labels. */
static inline void prepare(struct graph *g, struct arena *a, uint64_t seed)
{
    struct rng r = rng_stream(seed, RNG_TEST, 0);

    arena_reserve(a, graph_cost(g).bytes);
    graph_build(g, a);
    graph_init(g, &r);
    for (size_t i = 0; i < g->params; i++)
        g->w[i] += 0.2f * (float)rng_normal(&r);
    fill(g->nodes[0].x, floats(g, 0), &r);
    for (int i = 0; i < IMAGES_MAX; i++)
        labels[i] = rng_below(&r, CLASSES);
}

static inline void finish(struct graph *g, struct arena *a)
{
    graph_end(g);
    arena_free(a);
}

static inline double mean_loss(struct graph *g, enum graph_mode mode)
{
    double loss;

    graph_forward(g, mode);
    (void)graph_loss(g, mode, labels, 0.1f, &loss);
    return loss / (g->groups * GRAPH_LANES);
}

static inline void gradient(struct graph *g)
{
    graph_zero(g);
    (void)mean_loss(g, GRAPH_TRAIN);
    graph_backward(g);
}

/* Everything up to a loss behind node x; smooth. */
static inline void head(struct graph *g, int x)
{
    x = graph_norm(g, graph_conv(g, x, 6, 1, 1, false), NN_NONE);
    graph_conv(g, graph_gpool(g, x), CLASSES, 1, 1, true);
}

static inline int squeeze(struct graph *g, int x)
{
    int gate = graph_conv(g, graph_gpool(g, x), 3, 1, 1, true);

    gate = graph_conv(g, graph_act(g, gate, NN_HSWISH), g->nodes[x].shape.c, 1,
                      1, true);
    return graph_scale(g, x, graph_act(g, gate, NN_HSIGMOID));
}

static inline int residual(struct graph *g, int in, int channels, int stride)
{
    int x = graph_norm(g, graph_conv(g, in, 9, 1, 1, false), NN_NONE);

    x = graph_norm(g, graph_dwconv(g, x, 5, stride), NN_NONE);
    x = graph_conv(g, squeeze(g, x), channels, 1, 1, false);
    x = graph_norm(g, x, NN_NONE);
    return graph_add(g, x, stride == 1 ? in : graph_pool(g, in, stride));
}

/* All ops, skips of both kinds, a tensor added to itself, a dead branch; no
 * kinks near. */
static inline void whole_network(struct graph *g, int groups)
{
    int x;

    graph_start(g, (struct shape){2, 9, 7}, groups);
    x = graph_norm(g, graph_conv(g, 0, 5, 3, 1, false), NN_NONE);
    x = residual(g, x, 5, 1);
    x = residual(g, x, 8, 2);
    (void)graph_dwconv(g, x, 3, 1);
    x = graph_add(g, x, x);
    x = residual(g, x, 6, 2);
    head(g, x);
}

#endif
