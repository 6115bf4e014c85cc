/* SPDX-License-Identifier: MIT */
/* Ops of two inputs: a gate on channels, and the sum.
 *
 * dx of in[0] may be the node's own (in_place), so in[1] is served first. */
#include <string.h>

#include "base/err.h"
#include "nn/kernel.h"
#include "nn/op.h"

static void scale_shape(const struct graph *g, struct node *n)
{
    const struct shape *gate = &op_input(g, n, 1)->shape;

    n->shape = op_input(g, n, 0)->shape;
    CHECK(gate->c == n->shape.c && gate->h == 1 && gate->w == 1);
}

static void scale_forward(struct graph *g, const struct node *n,
                          enum graph_mode mode)
{
    const float *x = op_input(g, n, 0)->x, *gate = op_input(g, n, 1)->x;

    (void)mode;
    for (int i = 0; i < g->groups * n->shape.c; i++)
        g->kernels->scale(n->x + i * op_plane(&n->shape),
                          x + i * op_plane(&n->shape), gate + i * GRAPH_LANES,
                          op_pixels(&n->shape), false);
}

static void scale_backward(struct graph *g, const struct node *n)
{
    const struct node *in = op_input(g, n, 0), *gate = op_input(g, n, 1);

    for (int i = 0; i < g->groups * n->shape.c; i++) {
        ptrdiff_t at = i * op_plane(&n->shape);
        int pixels = op_pixels(&n->shape);

        if (gate->dx)
            g->kernels->inner(gate->dx + i * GRAPH_LANES, n->dx + at,
                              in->x + at, pixels, !n->first[1]);
        if (in->dx)
            g->kernels->scale(in->dx + at, n->dx + at,
                              gate->x + i * GRAPH_LANES, pixels, !n->first[0]);
    }
}

static void add_shape(const struct graph *g, struct node *n)
{
    const struct shape *b = &op_input(g, n, 1)->shape;

    n->shape = op_input(g, n, 0)->shape;
    CHECK(b->h == n->shape.h && b->w == n->shape.w);
}

/* Channels that node n and its input have in common. */
static int common(const struct node *n, const struct node *in)
{
    return n->shape.c < in->shape.c ? n->shape.c : in->shape.c;
}

static void add_forward(struct graph *g, const struct node *n,
                        enum graph_mode mode)
{
    const struct node *a = op_input(g, n, 0), *b = op_input(g, n, 1);
    ptrdiff_t plane = op_plane(&n->shape);
    int both = common(n, b);

    (void)mode;
    for (int group = 0; group < g->groups; group++) {
        ptrdiff_t at = group * n->shape.c * plane, rest = both * plane;

        g->kernels->add(n->x + at, a->x + at, b->x + group * b->shape.c * plane,
                        both * op_pixels(&n->shape));
        memcpy(n->x + at + rest, a->x + at + rest,
               (size_t)(n->shape.c * plane - rest) * sizeof(float));
    }
}

/* dx of an input gets dy, in the channels that both have; others get 0. */
static void give(struct graph *g, const struct node *n, const struct node *in,
                 bool first)
{
    ptrdiff_t plane = op_plane(&n->shape), rest = common(n, in) * plane;

    for (int group = 0; group < g->groups; group++) {
        const float *dy = n->dx + group * n->shape.c * plane;
        float *dx = in->dx + group * in->shape.c * plane;

        if (!first) {
            g->kernels->add(dx, dx, dy, common(n, in) * op_pixels(&n->shape));
            continue;
        }
        if (dx != dy)
            memcpy(dx, dy, (size_t)rest * sizeof(float));
        memset(dx + rest, 0,
               (size_t)(in->shape.c * plane - rest) * sizeof(float));
    }
}

static void add_backward(struct graph *g, const struct node *n)
{
    for (int i = 1; i >= 0; i--)
        if (op_input(g, n, i)->dx)
            give(g, n, op_input(g, n, i), n->first[i]);
}

const struct op op_scale = {.name = "scale",
                            .inputs = 2,
                            .in_place = true,
                            .shape = scale_shape,
                            .forward = scale_forward,
                            .backward = scale_backward};

const struct op op_add = {.name = "add",
                          .inputs = 2,
                          .in_place = true,
                          .shape = add_shape,
                          .forward = add_forward,
                          .backward = add_backward};
