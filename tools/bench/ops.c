/* SPDX-License-Identifier: MIT */
/* Convolutions of 16 images at shapes that children have.
 *
 * A first convolution feeds the one measured, so that this gives a gradient of
 * its input; it is run once, and then only the one measured. */
#include <math.h>

#include "bench.h"
#include "nn/op.h"

/* clang-format off */
static const struct {
    struct shape in;
    int channels, kernel, stride; /* channels 0: depthwise */
} table[] = {
    {{16, 28, 28}, 48, 1, 1},  {{48, 28, 28}, 16, 1, 1},
    {{24, 14, 14}, 72, 1, 1},  {{72, 14, 14}, 24, 1, 1},
    {{40, 7, 7}, 240, 1, 1},   {{240, 7, 7}, 40, 1, 1},
    {{96, 4, 4}, 576, 1, 1},   {{576, 4, 4}, 96, 1, 1},
    {{32, 32, 32}, 96, 1, 1},  {{192, 8, 8}, 64, 1, 1},
    {{48, 28, 28}, 0, 3, 1},   {{48, 28, 28}, 0, 5, 2},
    {{72, 14, 14}, 0, 5, 1},   {{144, 14, 14}, 0, 3, 2},
    {{240, 7, 7}, 0, 3, 1},    {{240, 7, 7}, 0, 5, 1},
    {{576, 4, 4}, 0, 3, 1},    {{16, 28, 28}, 16, 3, 1},
    {{64, 14, 14}, 64, 3, 1},  {{32, 16, 16}, 64, 5, 2},
};
/* clang-format on */

enum { OPS = sizeof table / sizeof table[0] };

enum { FEEDS = 1, MEASURED = 2 }; /* nodes */

struct pass_graph {
    struct graph g;
    struct arena a;
};

static void fill(float *x, size_t n, struct rng *r)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)rng_normal(r);
}

static size_t floats(const struct shape *s)
{
    return (size_t)(s->c * s->h * s->w) * GRAPH_LANES;
}

/* Memory, weights, input, the gradient of the output; all values there. */
static void build(struct pass_graph *p, const struct op_speed *s,
                  const struct kernels *kernels)
{
    struct graph *g = &p->g;
    struct rng r = rng_stream(1, RNG_TEST, 0);

    *p = (struct pass_graph){.g = {0}};
    graph_start(g, (struct shape){1, s->in.h, s->in.w}, 1);
    g->kernels = kernels;
    (void)graph_conv(g, 0, s->in.c, 1, 1, false);
    if (s->channels > 0)
        (void)graph_conv(g, FEEDS, s->channels, s->kernel, s->stride, false);
    else
        (void)graph_dwconv(g, FEEDS, s->kernel, s->stride);
    arena_reserve(&p->a, graph_cost(g).bytes);
    graph_build(g, &p->a);
    graph_init(g, &r);
    fill(g->nodes[0].x, floats(&g->nodes[0].shape), &r);
    fill(g->nodes[MEASURED].dx, floats(&g->nodes[MEASURED].shape), &r);
    graph_forward(g, GRAPH_TRAIN);
    graph_backward(g);
}

static void end(struct pass_graph *p)
{
    graph_end(&p->g);
    arena_free(&p->a);
}

static void forward(struct graph *g)
{
    const struct node *n = &g->nodes[MEASURED];

    op_of(n->kind)->forward(g, n, GRAPH_TRAIN, (struct range){0, n->shape.c});
}

static void backward(struct graph *g)
{
    const struct node *n = &g->nodes[MEASURED];

    op_of(n->kind)->backward(g, n, (struct range){0, g->nodes[FEEDS].shape.c});
}

/* Seconds of a pass, the best of many in the time given. */
static double seconds_of(struct graph *g, void (*pass)(struct graph *g),
                         double seconds)
{
    double now = comm_clock(), stop = now + seconds, best = HUGE_VAL;

    do {
        double start = now;

        pass(g);
        now = comm_clock();
        best = fmin(best, now - start);
    } while (now < stop);
    return best;
}

/* What the operator computes, and must read and write at least once: forward
 * x, w, y; backward x, w, dy and dx, dw. */
static void count(struct op_speed *s, const struct graph *g)
{
    const struct node *n = &g->nodes[MEASURED];
    double w = (double)n->params;
    double x = (double)floats(&s->in);
    double y = (double)floats(&n->shape);

    s->forward.flop = 2 * GRAPH_LANES * (double)op_of(n->kind)->macs(g, n);
    s->forward.bytes = sizeof(float) * (x + w + y);
    s->backward.flop = 2 * s->forward.flop;
    s->backward.bytes = sizeof(float) * (2 * x + 2 * w + y);
}

bool op_measure(struct op_speed *s, int i, const struct kernels *kernels,
                double seconds)
{
    struct pass_graph p;

    if (i >= OPS)
        return false;
    *s = (struct op_speed){.in = table[i].in,
                           .channels = table[i].channels,
                           .kernel = table[i].kernel,
                           .stride = table[i].stride};
    build(&p, s, kernels);
    count(s, &p.g);
    s->forward.seconds = seconds_of(&p.g, forward, seconds);
    s->backward.seconds = seconds_of(&p.g, backward, seconds);
    end(&p);
    return true;
}
