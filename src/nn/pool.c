/* SPDX-License-Identifier: MIT */
/* Averages over 3 x 3 pixels and over the plane. */
#include "base/err.h"
#include "nn/kernel.h"
#include "nn/op.h"

static void pool_shape(const struct graph *g, struct node *n)
{
    const struct shape *s = &op_input(g, n, 0)->shape;

    CHECK(n->kernel == 3 && n->stride >= 1);
    n->shape = (struct shape){.c = s->c,
                              .h = op_strided(s->h, n->stride),
                              .w = op_strided(s->w, n->stride)};
}

static void pool_forward(struct graph *g, const struct node *n,
                         enum graph_mode mode)
{
    const struct node *in = op_input(g, n, 0);

    (void)mode;
    for (int i = 0; i < g->groups * n->shape.c; i++)
        g->kernels->pool(n->x + i * op_plane(&n->shape),
                         in->x + i * op_plane(&in->shape), in->shape.h,
                         in->shape.w, n->stride);
}

static void pool_backward(struct graph *g, const struct node *n)
{
    const struct node *in = op_input(g, n, 0);

    for (int i = 0; i < g->groups * n->shape.c; i++)
        g->kernels->pool_back(in->dx + i * op_plane(&in->shape),
                              n->dx + i * op_plane(&n->shape), in->shape.h,
                              in->shape.w, n->stride, !n->first[0]);
}

static void gpool_shape(const struct graph *g, struct node *n)
{
    n->shape = (struct shape){.c = op_input(g, n, 0)->shape.c, .h = 1, .w = 1};
}

static void gpool_forward(struct graph *g, const struct node *n,
                          enum graph_mode mode)
{
    const struct node *in = op_input(g, n, 0);
    int pixels = op_pixels(&in->shape);

    (void)mode;
    for (int i = 0; i < g->groups * n->shape.c; i++)
        g->kernels->total(n->x + i * GRAPH_LANES,
                          in->x + i * op_plane(&in->shape),
                          1.0f / (float)pixels, pixels, false);
}

static void gpool_backward(struct graph *g, const struct node *n)
{
    const struct node *in = op_input(g, n, 0);
    int pixels = op_pixels(&in->shape);

    for (int i = 0; i < g->groups * n->shape.c; i++)
        g->kernels->spread(in->dx + i * op_plane(&in->shape),
                           n->dx + i * GRAPH_LANES, 1.0f / (float)pixels,
                           pixels, !n->first[0]);
}

const struct op op_pool = {.name = "pool",
                           .inputs = 1,
                           .shape = pool_shape,
                           .forward = pool_forward,
                           .backward = pool_backward};

const struct op op_gpool = {.name = "gpool",
                            .inputs = 1,
                            .shape = gpool_shape,
                            .forward = gpool_forward,
                            .backward = gpool_backward};
