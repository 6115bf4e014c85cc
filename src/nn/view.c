/* SPDX-License-Identifier: MIT */
/* Reading what was not stored. */
#include "nn/op.h"

/* In GRAPH_EVAL the convolution has done the work of its norm. */
static bool is_folded(const struct graph *g, const struct node *n)
{
    return n->kind == OP_NORM && op_input(g, n, 0)->norm > 0;
}

static struct view norm_view(const struct graph *g, const struct node *n)
{
    return (struct view){
        .x = op_input(g, n, 0)->x, .f = n->keep, .act = (enum nn_act)n->act};
}

struct view op_view(const struct graph *g, const struct node *n, int i,
                    enum graph_mode mode)
{
    const struct node *in = op_input(g, n, i);

    if (mode == GRAPH_EVAL && is_folded(g, in))
        return (struct view){.x = op_input(g, in, 0)->x};
    if (in->lazy && in->kind == OP_NORM)
        return norm_view(g, in);
    if (in->lazy) { /* OP_SCALE */
        struct view v = op_view(g, in, 0, mode);

        v.gate = op_input(g, in, 1)->x;
        return v;
    }
    return (struct view){.x = in->x};
}

bool op_plain(const struct view *v)
{
    return !v->f && !v->gate;
}

void op_read(const struct graph *g, float *y, const struct view *v,
             const struct shape *s, int group, struct range r, bool add)
{
    ptrdiff_t plane = op_plane(s);
    int at = group * s->c + r.from;
    struct sweep all = {.planes = r.to - r.from,
                        .rows = 1,
                        .cols = op_pixels(s),
                        .y_plane = plane,
                        .x_plane = plane,
                        .x_col = GRAPH_LANES};

    g->kernels->apply(y, v->x + at * plane, v->f ? v->f + r.from : NULL, v->act,
                      v->gate ? v->gate + at * GRAPH_LANES : NULL, &all, add);
}

bool op_late(const struct node *n)
{
    return n->norm > 0 && (n->kernel > 1 || n->stride > 1);
}
