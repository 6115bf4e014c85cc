/* SPDX-License-Identifier: MIT */
/* Full convolutions forward and backward: frames and columns filled, passes
 * run. */
#include <string.h>

#include "conv.h"

/* kernels->mac of a whole plane, its columns packed a few at a time:
 * [terms][CONV_COLUMNS]. */
static void mac_packed(const struct graph *g, const struct node *n,
                       const struct view *v, int group, float *y,
                       const float *w, const struct finish *end,
                       const struct pass *whole, bool add)
{
    const struct conv *c = n->keep;
    struct pass pass = *whole;

    pass.x_at = c->packed_at;
    for (int at = 0; at < whole->width; at += CONV_COLUMNS) {
        int rest = whole->width - at;
        struct sweep s = {.rows = 1,
                          .cols = rest < CONV_COLUMNS ? rest : CONV_COLUMNS,
                          .y_plane = CONV_COLUMNS * GRAPH_LANES,
                          .x_col = GRAPH_LANES};

        pass.width = s.cols;
        op_sweep(g, g->work, v, group, (struct range){0, c->ins}, at, &s);
        g->kernels->mac(y + at * GRAPH_LANES, g->work, w, end, &pass, add);
    }
}

/* A plane with a halo is written row by row. */
static void unroll(struct pass *p, const struct node *n)
{
    p->height = n->shape.h;
    p->width = n->shape.w;
    p->y_out = n->at.plane;
    p->y_row = n->at.row;
    p->x_row = n->shape.w * GRAPH_LANES;
}

static void forward_group(struct graph *g, const struct node *n,
                          enum graph_mode mode, int group, struct range r)
{
    const struct conv *c = n->keep;
    const struct view v = op_view(g, n, 0, mode);
    const float *w =
        op_weights(g, mode) + n->w_at + (ptrdiff_t)r.from * c->pass.w_out;
    float *y = op_x(n, group, r.from);
    bool add = mode == GRAPH_EVAL && n->sum > 0;
    struct pass pass = c->pass;
    struct finish finish, *end;

    end = op_finish(g, n, mode, r.from, &finish) ? &finish : NULL;
    pass.outs = r.to - r.from;
    pass.panels = mode == GRAPH_EVAL;
    if (n->at.halo > 0)
        unroll(&pass, n);
    if (c->framed) {
        frame_fill(g, g->work, &c->x, n, mode, group,
                   (struct range){0, c->ins});
        g->kernels->mac(y, g->work, w, end, &pass, add);
    } else if (!op_plain(&v)) {
        mac_packed(g, n, &v, group, y, w, end, &pass, add);
    } else {
        g->kernels->mac(y, op_raw(&v, group, 0), w, end, &pass, add);
    }
}

void conv_forward(struct graph *g, const struct node *n, enum graph_mode mode,
                  struct range r)
{
    if (conv_framed(n))
        memset(g->work, 0, conv_x_frame(g, n) * sizeof(float));
    if (n->at.halo > 0 && r.from == 0)
        frame_clear(n->at.x, g->groups * n->at.room, &n->at, &n->shape);
    for (int group = 0; group < g->groups; group++)
        forward_group(g, n, mode, group, r);
    op_activate(g, n, mode, r);
}

static void backward_bias(struct graph *g, const struct node *n)
{
    float *db = g->dw + n->w_at + n->params - (size_t)n->shape.c;

    for (int c = 0; c < n->shape.c; c++) {
        double sum[2] = {0};

        for (int group = 0; group < g->groups; group++)
            g->kernels->moments(sum, op_dx(n, group, c), 0,
                                op_pixels(&n->shape));
        db[c] += (float)sum[0];
    }
}

/* Where the gradients of weights of inputs k are. */
static float *weights_back(struct graph *g, const struct node *n,
                           struct range k)
{
    return g->dw + n->w_at + k.from * n->kernel * n->kernel;
}

/* dx of inputs k from dy, one pass for each phase. */
static void backward_phases(struct graph *g, const struct node *n,
                            const float *dy, int group, struct range k)
{
    const struct conv *c = n->keep;
    const struct node *in = op_input(g, n, 0);
    const float *w = g->w + n->w_at + k.from * n->kernel * n->kernel;

    for (int i = 0; i < c->phases; i++) {
        struct pass pass = c->back[i].pass;
        float *dx = op_dx(in, group, k.from) + c->back[i].at;

        pass.outs = k.to - k.from;
        if (pass.height > 0 && pass.width > 0)
            g->kernels->mac(dx, dy, w, NULL, &pass, !n->first[0]);
    }
}

/* dw and dx of inputs k, from frames. */
static void backward_framed(struct graph *g, const struct node *n, int group,
                            struct range k)
{
    const struct conv *c = n->keep;
    float *x = g->work, *dy = x + conv_x_frame(g, n);
    struct pass pass = c->pass;

    pass.planes = k.to - k.from;
    pass.terms = pass.planes * n->kernel * n->kernel;
    pass.y_out = c->dy.plane * GRAPH_LANES;
    pass.y_row = c->dy.row * GRAPH_LANES;
    frame_fill(g, x, &c->x, n, GRAPH_TRAIN, group, k);
    frame_gradient(g, dy, &c->dy, n, group, (struct range){0, c->outs});
    g->kernels->dot(weights_back(g, n, k),
                    dy + frame_at(&c->dy, 0, c->dy.margin, c->dy.margin), x,
                    &pass);
    if (op_input(g, n, 0)->dx)
        backward_phases(g, n, dy, group, k);
}

/* dx of inputs k; dw is conv_dot's. */
static void backward_plain(struct graph *g, const struct node *n, int group,
                           struct range k)
{
    if (op_input(g, n, 0)->dx)
        backward_phases(g, n, op_dx(n, group, 0), group, k);
}

void conv_backward(struct graph *g, const struct node *n, struct range r)
{
    bool framed = conv_framed(n);

    if (framed)
        memset(g->work, 0, op_of(n->kind)->work(g, n) * sizeof(float));
    else
        conv_dot(g, n, weights_back(g, n, r), r);
    for (int group = 0; group < g->groups; group++)
        (framed ? backward_framed : backward_plain)(g, n, group, r);
    if (n->bias && r.from == 0)
        backward_bias(g, n);
}
