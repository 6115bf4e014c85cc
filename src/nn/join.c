/* SPDX-License-Identifier: MIT */
/* Ops of two inputs: a gate on channels, and the sum.
 *
 * dx of in[0] may be the node's own (in_place), so in[1] is served first. */
#include <string.h>

#include "base/err.h"
#include "nn/kernel.h"
#include "nn/op.h"

/* Pixels read at once. */
enum { PIECE = 64 };

static void scale_shape(const struct graph *g, struct node *n)
{
    const struct shape *gate = &op_input(g, n, 1)->shape;

    n->shape = op_input(g, n, 0)->shape;
    CHECK(gate->c == n->shape.c && gate->h == 1 && gate->w == 1);
}

/* A view has one gate. */
static bool scale_views(const struct graph *g, const struct node *n)
{
    return op_input(g, n, 0)->kind != OP_SCALE;
}

static bool add_views(const struct graph *g, const struct node *n)
{
    (void)g;
    (void)n;
    return true;
}

static void scale_forward(struct graph *g, const struct node *n,
                          enum graph_mode mode, struct range r)
{
    struct view v = op_view(g, n, 0, mode);

    v.gate = op_input(g, n, 1)->x;
    for (int group = 0; group < g->groups && !n->lazy; group++)
        op_read(g, op_x(n, group, r.from), &v, group, r, false);
}

/* gate.dx of channel c: the sum of dy x, read piece by piece. */
static void back_gate(struct graph *g, const struct node *n, int group, int c)
{
    struct view v = op_view(g, n, 0, GRAPH_TRAIN);
    float piece[PIECE * GRAPH_LANES] __attribute__((aligned(64)));
    struct sweep s = {.planes = 1, .rows = 1, .x_col = GRAPH_LANES};
    int pixels = op_pixels(&n->shape);

    for (int i = 0; i < pixels; i += PIECE) {
        s.cols = pixels - i < PIECE ? pixels - i : PIECE;
        g->kernels->apply(piece, op_raw(&v, group, c) + i * GRAPH_LANES,
                          v.f ? v.f + c : NULL, v.act, NULL, &s);
        g->kernels->inner(op_dx(op_input(g, n, 1), group, c),
                          op_dx(n, group, c) + i * GRAPH_LANES, piece, s.cols,
                          i > 0 || !n->first[1]);
    }
}

static void scale_backward(struct graph *g, const struct node *n,
                           struct range r)
{
    const struct node *in = op_input(g, n, 0), *gate = op_input(g, n, 1);
    struct view dy = op_gradient(n);

    dy.gate = gate->x;
    for (int group = 0; group < g->groups; group++) {
        for (int c = r.from; c < r.to && gate->dx; c++)
            back_gate(g, n, group, c);
        if (in->dx)
            op_read(g, op_dx(in, group, r.from), &dy, group, r, !n->first[0]);
    }
}

static void add_shape(const struct graph *g, struct node *n)
{
    const struct shape *b = &op_input(g, n, 1)->shape;

    n->shape = op_input(g, n, 0)->shape;
    CHECK(b->h == n->shape.h && b->w == n->shape.w);
}

/* Those of channels r that an input has too. */
static struct range common(struct range r, const struct node *in)
{
    int c = in->shape.c;

    return (struct range){r.from < c ? r.from : c, r.to < c ? r.to : c};
}

static void add_forward(struct graph *g, const struct node *n,
                        enum graph_mode mode, struct range r)
{
    if (mode == GRAPH_EVAL && n->sum > 0)
        return; /* the convolution has added */
    for (int i = 0; i < 2; i++) {
        const struct node *in = op_input(g, n, i);
        struct view v = op_view(g, n, i, mode);

        for (int group = 0; group < g->groups; group++)
            op_read(g, op_x(n, group, r.from), &v, group, common(r, in), i > 0);
    }
}

/* dx of an input gets dy, in the channels that both have; others get 0. */
static void give(struct graph *g, const struct node *n, int i, struct range r)
{
    const struct node *in = op_input(g, n, i);
    struct range both = common(r, in);
    struct view dy = op_gradient(n);
    ptrdiff_t rest = (in->shape.c - n->shape.c) * op_plane(n);

    for (int group = 0; group < g->groups; group++) {
        float *dx = op_dx(in, group, both.from);

        if (dx != op_dx(n, group, r.from))
            op_read(g, dx, &dy, group, both, !n->first[i]);
        if (n->first[i] && r.to == n->shape.c && rest > 0)
            memset(op_dx(in, group, n->shape.c), 0,
                   (size_t)rest * sizeof(float));
    }
}

static void add_backward(struct graph *g, const struct node *n, struct range r)
{
    for (int i = 1; i >= 0; i--)
        if (op_input(g, n, i)->dx)
            give(g, n, i, r);
}

const struct op op_scale = {.name = "scale",
                            .inputs = 2,
                            .in_place = true,
                            .channelwise = true,
                            .views = scale_views,
                            .shape = scale_shape,
                            .forward = scale_forward,
                            .backward = scale_backward};

const struct op op_add = {.name = "add",
                          .inputs = 2,
                          .in_place = true,
                          .channelwise = true,
                          .views = add_views,
                          .shape = add_shape,
                          .forward = add_forward,
                          .backward = add_backward};
