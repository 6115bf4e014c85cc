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

/* The part of a pass over weights that belongs to inputs k. */
static struct pass terms_of(const struct node *n, struct range k)
{
    const struct conv *c = n->keep;
    struct pass pass = c->pass;
    int taps = n->kernel * n->kernel;

    pass.terms = (k.to - k.from) * taps;
    pass.planes = k.to - k.from;
    return pass;
}

/* Where their gradients are. */
static float *weights_back(struct graph *g, const struct node *n,
                           struct range k)
{
    return g->dw + n->w_at + k.from * n->kernel * n->kernel;
}

/* dw of inputs k, with x packed a chunk of pixels at a time. */
static void dot_packed(struct graph *g, const struct node *n, float *dw,
                       int group, struct range k)
{
    const struct conv *c = n->keep;
    const struct view v = op_view(g, n, 0, GRAPH_TRAIN);
    const float *dy = op_dx(n, group, 0);
    struct pass pass = terms_of(n, k);
    int pixels = pass.width;
    int most = CONV_PACK_FLOATS / (pass.planes * GRAPH_LANES);
    int chunk = most < CONV_CHUNK_MIN ? CONV_CHUNK_MIN : most;

    for (int i = 0; i < pass.planes; i++)
        c->chunk_at[i] = i * chunk * GRAPH_LANES;
    pass.x_at = c->chunk_at;
    for (int at = 0; at < pixels; at += chunk) {
        struct sweep s = {.rows = 1,
                          .cols = pixels - at < chunk ? pixels - at : chunk,
                          .y_plane = chunk * GRAPH_LANES,
                          .x_col = GRAPH_LANES};

        pass.width = s.cols;
        op_sweep(g, g->work, &v, group, k, at, &s);
        g->kernels->dot(dw, dy + at * GRAPH_LANES, g->work, &pass);
    }
}

/* The same where there are few pixels for sums over lanes: dw^T = x dy^T, with
 * the inputs in the lanes.  x is packed, transposed, multiplied: three rooms. */
static void dot_transposed(struct graph *g, const struct node *n, float *dw,
                           int group, struct range k)
{
    const struct conv *c = n->keep;
    const struct view v = op_view(g, n, 0, GRAPH_TRAIN);
    const float *dy = op_dx(n, group, 0);
    const struct conv_rooms at = conv_rooms(c->ins, c->outs);
    float *x = g->work, *t = x + at.transposed, *sum = x + at.sum;
    int inputs = k.to - k.from, row = conv_row(inputs), pixels = c->pass.width;
    struct pass pass = {.outs = c->outs,
                        .runs = 1,
                        .height = 1,
                        .width = row / GRAPH_LANES,
                        .y_out = row,
                        .y_col = GRAPH_LANES,
                        .w_out = op_plane(n),
                        .w_term = 1,
                        .x_at = c->transposed_at};

    for (int i = 0; i < CONV_CHUNK_MIN * GRAPH_LANES; i++)
        c->transposed_at[i] = i * row;
    for (int p = 0; p < pixels; p += CONV_CHUNK_MIN) {
        int chunk = pixels - p < CONV_CHUNK_MIN ? pixels - p : CONV_CHUNK_MIN;
        struct sweep s = {.rows = 1,
                          .cols = chunk,
                          .y_plane = chunk * GRAPH_LANES,
                          .x_col = GRAPH_LANES};

        op_sweep(g, x, &v, group, k, p, &s);
        g->kernels->transpose(t, x, inputs, s.y_plane, chunk, row);
        pass.terms = pass.planes = chunk * GRAPH_LANES;
        g->kernels->mac(sum, t, dy + p * GRAPH_LANES, NULL, &pass, p > 0);
    }
    for (int m = 0; m < c->outs; m++)
        for (int i = 0; i < inputs; i++)
            dw[m * c->ins + i] += sum[m * row + i];
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
    struct pass pass = terms_of(n, k);

    frame_fill(g, x, &c->x, n, GRAPH_TRAIN, group, k);
    frame_gradient(g, dy, &c->dy, n, group, (struct range){0, c->outs});
    pass.y_out = c->dy.plane * GRAPH_LANES;
    pass.y_row = c->dy.row * GRAPH_LANES;
    g->kernels->dot(weights_back(g, n, k),
                    dy + frame_at(&c->dy, 0, c->dy.margin, c->dy.margin), x,
                    &pass);
    if (op_input(g, n, 0)->dx)
        backward_phases(g, n, dy, group, k);
}

static void backward_plain(struct graph *g, const struct node *n, int group,
                           struct range k)
{
    const struct conv *c = n->keep;
    const struct node *in = op_input(g, n, 0);
    const struct view v = op_view(g, n, 0, GRAPH_TRAIN);
    const float *dy = op_dx(n, group, 0);
    float *dw = weights_back(g, n, k);
    struct pass pass = terms_of(n, k);

    if (c->few)
        dot_transposed(g, n, dw, group, k);
    else if (op_plain(&v))
        g->kernels->dot(dw, dy, op_raw(&v, group, k.from), &pass);
    else
        dot_packed(g, n, dw, group, k);
    if (in->dx)
        backward_phases(g, n, dy, group, k);
}

void conv_backward(struct graph *g, const struct node *n, struct range r)
{
    bool framed = conv_framed(n);

    if (framed)
        memset(g->work, 0, op_of(n->kind)->work(g, n) * sizeof(float));
    for (int group = 0; group < g->groups; group++)
        (framed ? backward_framed : backward_plain)(g, n, group, r);
    if (n->bias && r.from == 0)
        backward_bias(g, n);
}
