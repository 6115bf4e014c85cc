/* SPDX-License-Identifier: MIT */
/* Reading what was not stored. */
#include <math.h>

#include "conv.h"
#include "nn/op.h"

/* The convolution that in GRAPH_EVAL has done the work of a norm or sum; 0:
 * there is none. */
static int worker(const struct graph *g, const struct node *n)
{
    if (n->kind == OP_NORM && op_input(g, n, 0)->norm > 0)
        return n->in[0];
    return n->kind == OP_ADD ? n->sum : 0;
}

struct view op_values(const struct node *n)
{
    return (struct view){.of = n, .at = n->at, .from = n->from};
}

struct view op_gradient(const struct node *n)
{
    return (struct view){
        .of = n,
        .at = {.x = n->dx, .room = n->dx_room, .plane = n->plane},
        .from = n->dx_from,
    };
}

static struct view norm_view(const struct graph *g, const struct node *n)
{
    struct view v = op_values(op_input(g, n, 0));

    v.f = n->keep;
    v.act = (enum nn_act)n->act;
    return v;
}

struct view op_view(const struct graph *g, const struct node *n, int i,
                    enum graph_mode mode)
{
    const struct node *in = op_input(g, n, i);

    if (mode == GRAPH_EVAL && worker(g, in) > 0)
        return op_values(&g->nodes[worker(g, in)]);
    if (in->lazy && in->kind == OP_NORM)
        return norm_view(g, in);
    if (in->lazy) { /* OP_SCALE */
        struct view v = op_view(g, in, 0, mode);

        v.gate = op_input(g, in, 1)->x;
        return v;
    }
    return op_values(in);
}

bool op_plain(const struct view *v)
{
    return !v->f && !v->gate;
}

const float *op_raw(const struct view *v, int group, int c)
{
    return v->at.x + (group * v->at.room + c - v->from) * v->at.plane;
}

void op_sweep(const struct graph *g, float *y, const struct view *v, int group,
              struct range r, int at, struct sweep *s)
{
    const struct shape *shape = &v->of->shape;
    int gate = (group * shape->c + r.from) * GRAPH_LANES;

    s->planes = r.to - r.from;
    s->x_plane = v->at.plane;
    g->kernels->apply(y, op_raw(v, group, r.from) + at * GRAPH_LANES,
                      v->f ? v->f + r.from : NULL, v->act,
                      v->gate ? v->gate + gate : NULL, s);
}

void op_read(const struct graph *g, float *y, const struct view *v, int group,
             struct range r, bool add)
{
    struct sweep all = {.rows = 1,
                        .cols = op_pixels(&v->of->shape),
                        .y_plane = op_plane(v->of),
                        .x_col = GRAPH_LANES,
                        .add = add};

    op_sweep(g, y, v, group, r, 0, &all);
}

const float *op_weights(const struct graph *g, enum graph_mode mode)
{
    return mode == GRAPH_EVAL ? g->folded : g->w;
}

bool op_finish(const struct graph *g, const struct node *n,
               enum graph_mode mode, int c, struct finish *end)
{
    const struct node *norm = &g->nodes[n->norm];
    bool folded = mode == GRAPH_EVAL && n->norm > 0;

    *end = (struct finish){NULL, -HUGE_VALF, HUGE_VALF};
    if (folded)
        end->bias = g->folded + norm->w_at + n->shape.c + c;
    else if (n->bias)
        end->bias = g->w + n->w_at + n->params - n->shape.c + c;
    if (folded && (norm->act == NN_RELU || norm->act == NN_RELU6))
        end->low = 0;
    if (folded && norm->act == NN_RELU6)
        end->high = 6;
    return end->bias != NULL;
}

void op_activate(const struct graph *g, const struct node *n,
                 enum graph_mode mode, struct range r)
{
    enum nn_act act = (enum nn_act)g->nodes[n->norm].act;
    struct sweep rows = {.planes = r.to - r.from,
                         .rows = n->shape.h,
                         .cols = n->shape.w,
                         .y_plane = n->at.plane,
                         .y_row = n->at.row,
                         .x_plane = n->at.plane,
                         .x_row = n->at.row,
                         .x_col = GRAPH_LANES};

    if (mode != GRAPH_EVAL || n->norm == 0 || (int)act <= NN_RELU6)
        return;
    for (int group = 0; group < g->groups; group++)
        g->kernels->apply(op_x(n, group, r.from), op_x(n, group, r.from), NULL,
                          act, NULL, &rows);
}

bool op_late(const struct node *n)
{
    return n->norm > 0 && conv_framed(n);
}
