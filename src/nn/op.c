/* SPDX-License-Identifier: MIT */
/* The table of ops. */
#include "nn/op.h"

#include "base/err.h"

/* clang-format off */
static const struct op *const ops[OP_KINDS] = {
    [OP_CONV]   = &op_conv,
    [OP_DWCONV] = &op_dwconv,
    [OP_NORM]   = &op_norm,
    [OP_ACT]    = &op_act,
    [OP_POOL]   = &op_pool,
    [OP_GPOOL]  = &op_gpool,
    [OP_SCALE]  = &op_scale,
    [OP_ADD]    = &op_add,
};
/* clang-format on */

const struct op *op_of(enum op_kind kind)
{
    return ops[kind];
}

const struct node *op_input(const struct graph *g, const struct node *n, int i)
{
    return &g->nodes[n->in[i]];
}

float *op_x(const struct node *n, int group, int c)
{
    return n->x + (group * n->at.room + c - n->from) * n->at.plane;
}

float *op_dx(const struct node *n, int group, int c)
{
    return n->dx + (group * n->dx_room + c - n->dx_from) * n->plane;
}

int op_pixels(const struct shape *s)
{
    return s->h * s->w;
}

ptrdiff_t op_plane(const struct node *n)
{
    return n->plane;
}

int op_apart(int pixels)
{
    return pixels % 8 == 0 ? pixels + 4 : pixels;
}

int op_strided(int size, int stride)
{
    return (size - 1) / stride + 1;
}
