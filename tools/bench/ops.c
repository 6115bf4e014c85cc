/* SPDX-License-Identifier: MIT */
/* Convolutions of 16 images at shapes that children have.
 *
 * A first convolution feeds the one measured, so that this gives a gradient of
 * its input; the first alone is timed, too, and taken off. */
#include "bench.h"

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

struct pass_graph {
    struct graph g;
    struct arena a;
    double best; /* seconds of a pass */
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

/* The first convolution, and the operator behind it if `whole`; memory, weights,
 * input, the gradient of the output. */
static void build(struct pass_graph *p, const struct op_speed *s, bool whole,
                  const struct kernels *kernels)
{
    struct rng r = rng_stream(1, RNG_TEST, 0);
    const struct node *last;
    int first;

    *p = (struct pass_graph){.best = 0};
    graph_start(&p->g, (struct shape){1, s->in.h, s->in.w}, 1);
    p->g.kernels = kernels;
    first = graph_conv(&p->g, 0, s->in.c, 1, 1, false);
    if (whole && s->channels > 0)
        (void)graph_conv(&p->g, first, s->channels, s->kernel, s->stride,
                         false);
    else if (whole)
        (void)graph_dwconv(&p->g, first, s->kernel, s->stride);
    arena_reserve(&p->a, graph_cost(&p->g).bytes);
    graph_build(&p->g, &p->a);
    graph_init(&p->g, &r);
    fill(p->g.nodes[0].x, floats(&p->g.nodes[0].shape), &r);
    last = &p->g.nodes[p->g.count - 1];
    fill(last->dx, floats(&last->shape), &r);
}

static void end(struct pass_graph *p)
{
    graph_end(&p->g);
    arena_free(&p->a);
}

static void forward(struct graph *g)
{
    graph_forward(g, GRAPH_TRAIN);
}

static void time_pass(struct pass_graph *p, void (*pass)(struct graph *g))
{
    double seconds = comm_clock();

    pass(&p->g);
    seconds = comm_clock() - seconds;
    if (p->best == 0 || seconds < p->best)
        p->best = seconds;
}

/* Seconds of the operator, the best of many passes in the time given. */
static double seconds_of(struct pass_graph *whole, struct pass_graph *first,
                         void (*pass)(struct graph *g), double seconds)
{
    double stop = comm_clock() + seconds;

    whole->best = first->best = 0;
    do {
        time_pass(whole, pass);
        time_pass(first, pass);
    } while (comm_clock() < stop);
    return whole->best > first->best ? whole->best - first->best : 1e-9;
}

/* What the operator computes, and must read and write at least once: forward
 * x, w, y; backward x, w, dy and dx, dw. */
static void count(struct op_speed *s, const struct pass_graph *whole,
                  const struct pass_graph *first)
{
    double macs =
        (double)(graph_cost(&whole->g).macs - graph_cost(&first->g).macs);
    double w = (double)whole->g.nodes[2].params;
    double x = (double)floats(&s->in);
    double y = (double)floats(&whole->g.nodes[2].shape);

    s->forward.flop = 2 * GRAPH_LANES * macs;
    s->forward.bytes = sizeof(float) * (x + w + y);
    s->backward.flop = 2 * s->forward.flop;
    s->backward.bytes = sizeof(float) * (2 * x + 2 * w + y);
}

bool op_measure(struct op_speed *s, int i, const struct kernels *kernels,
                double seconds)
{
    struct pass_graph whole, first;

    if (i >= OPS)
        return false;
    *s = (struct op_speed){.in = table[i].in,
                           .channels = table[i].channels,
                           .kernel = table[i].kernel,
                           .stride = table[i].stride};
    build(&whole, s, true, kernels);
    build(&first, s, false, kernels);
    count(s, &whole, &first);
    s->forward.seconds = seconds_of(&whole, &first, forward, seconds);
    s->backward.seconds = seconds_of(&whole, &first, graph_backward, seconds);
    end(&whole);
    end(&first);
    return true;
}
