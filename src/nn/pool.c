/* SPDX-License-Identifier: MIT */
/* Averages over 3 x 3 pixels and over the plane. */
#include "base/err.h"
#include "nn/kernel.h"
#include "nn/op.h"

/* Pixels read at once. */
enum { PIECE = 64 };

static void pool_shape(const struct graph *g, struct node *n)
{
    const struct shape *s = &op_input(g, n, 0)->shape;

    CHECK(n->kernel == 3 && n->stride >= 1);
    n->shape = (struct shape){.c = s->c,
                              .h = op_strided(s->h, n->stride),
                              .w = op_strided(s->w, n->stride)};
}

static void pool_forward(struct graph *g, const struct node *n,
                         enum graph_mode mode, struct range r)
{
    const struct node *in = op_input(g, n, 0);
    struct view v = op_view(g, n, 0, mode);

    for (int group = 0; group < g->groups; group++)
        for (int c = r.from; c < r.to; c++)
            g->kernels->pool(op_x(n, group, c), op_raw(&v, group, c),
                             in->shape.h, in->shape.w, n->stride);
}

static void pool_backward(struct graph *g, const struct node *n, struct range r)
{
    const struct node *in = op_input(g, n, 0);

    for (int group = 0; group < g->groups && in->dx; group++)
        for (int c = r.from; c < r.to; c++)
            g->kernels->pool_back(op_dx(in, group, c), op_dx(n, group, c),
                                  in->shape.h, in->shape.w, n->stride,
                                  !n->first[0]);
}

static void gpool_shape(const struct graph *g, struct node *n)
{
    n->shape = (struct shape){.c = op_input(g, n, 0)->shape.c, .h = 1, .w = 1};
}

static bool gpool_views(const struct graph *g, const struct node *n)
{
    return op_input(g, n, 0)->kind != OP_SCALE;
}

/* Read piece by piece, so that nothing is stored; as it is, if it is plain. */
static void gpool_channel(struct graph *g, const struct node *n,
                          const struct view *v, int group, int c)
{
    const struct node *in = op_input(g, n, 0);
    float piece[PIECE * GRAPH_LANES] __attribute__((aligned(64)));
    struct sweep s = {.planes = 1, .rows = 1, .x_col = GRAPH_LANES};
    int pixels = op_pixels(&in->shape);

    for (int i = 0; i < pixels; i += PIECE) {
        const float *x = op_raw(v, group, c) + i * GRAPH_LANES;

        s.cols = pixels - i < PIECE ? pixels - i : PIECE;
        if (!op_plain(v))
            g->kernels->apply(piece, x, v->f + c, v->act, NULL, &s);
        g->kernels->total(op_x(n, group, c), op_plain(v) ? x : piece,
                          1.0f / (float)pixels, s.cols, i > 0);
    }
}

static void gpool_forward(struct graph *g, const struct node *n,
                          enum graph_mode mode, struct range r)
{
    struct view v = op_view(g, n, 0, mode);

    for (int group = 0; group < g->groups; group++)
        for (int c = r.from; c < r.to; c++)
            gpool_channel(g, n, &v, group, c);
}

static void gpool_backward(struct graph *g, const struct node *n,
                           struct range r)
{
    const struct node *in = op_input(g, n, 0);
    int pixels = op_pixels(&in->shape);

    for (int group = 0; group < g->groups && in->dx; group++)
        for (int c = r.from; c < r.to; c++)
            g->kernels->spread(op_dx(in, group, c), op_dx(n, group, c),
                               1.0f / (float)pixels, pixels, !n->first[0]);
}

const struct op op_pool = {.name = "pool",
                           .inputs = 1,
                           .channelwise = true,
                           .shape = pool_shape,
                           .forward = pool_forward,
                           .backward = pool_backward};

const struct op op_gpool = {.name = "gpool",
                            .inputs = 1,
                            .channelwise = true,
                            .views = gpool_views,
                            .shape = gpool_shape,
                            .forward = gpool_forward,
                            .backward = gpool_backward};
