/* SPDX-License-Identifier: MIT */
/* Convolutions forward and backward: frames and columns filled, passes run. */
#include <math.h>
#include <string.h>

#include "conv.h"

/* One of the independent convolutions, in one group. */
struct part {
    struct graph *g;
    const struct node *n;
    const struct conv *c;
    struct view x;
    int group, i;
};

/* Channel k of the convolution's input (output), among all. */
static int in_channel(const struct part *p, int k)
{
    return p->i * p->c->ins + k;
}

static int out_channel(const struct part *p, int m)
{
    return p->i * p->c->outs + m;
}

static const struct node *input(const struct part *p)
{
    return op_input(p->g, p->n, 0);
}

/* Apply the view to `cols` pixels of channels k, from pixel `at` on. */
static void read_x(const struct part *p, float *y, struct range k, int at,
                   struct sweep s)
{
    const struct view *v = &p->x;
    int c = in_channel(p, k.from), gate = p->group * input(p)->shape.c + c;

    s.planes = k.to - k.from;
    s.x_plane = op_plane(&input(p)->shape);
    p->g->kernels->apply(
        y, v->x + op_at(input(p), p->group, c) + at * GRAPH_LANES,
        v->f ? v->f + c : NULL, v->act,
        v->gate ? v->gate + gate * GRAPH_LANES : NULL, &s, false);
}

/* Channels k of x to their planes in a frame. */
static void frame_x(const struct part *p, float *z, struct range k)
{
    const struct frame *f = &p->c->x;

    for (int c = 0; c < f->stride && c < f->w; c++)
        read_x(p, z + frame_at(f, k.from, f->margin, c + f->margin), k, c,
               (struct sweep){.rows = f->h,
                              .cols = (f->w - c + f->stride - 1) / f->stride,
                              .y_plane = f->plane * GRAPH_LANES,
                              .y_row = f->row * GRAPH_LANES,
                              .x_row = f->w * GRAPH_LANES,
                              .x_col = f->stride * GRAPH_LANES});
}

/* All of dy to its frame, through the norm behind it if that has left it so. */
static void frame_dy(const struct part *p, float *z)
{
    const struct frame *f = &p->c->dy;
    const struct node *n = p->n;
    const struct node *norm = &p->g->nodes[n->norm];
    const struct affine *a = norm->keep;
    struct sweep s = {.planes = 1,
                      .rows = f->h,
                      .cols = f->w,
                      .y_row = f->row * GRAPH_LANES,
                      .x_row = f->w * GRAPH_LANES,
                      .x_col = GRAPH_LANES};

    for (int m = 0; m < p->c->outs; m++) {
        int c = out_channel(p, m);
        ptrdiff_t at = op_at(n, p->group, c);
        float *to = z + frame_at(f, m, f->margin, f->margin);

        if (op_late(n))
            p->g->kernels->act_back(to, n->dx + at, n->x + at, &a[c],
                                    (enum nn_act)norm->act, &s, false);
        else
            p->g->kernels->apply(to, n->dx + at, NULL, NN_NONE, NULL, &s,
                                 false);
    }
}

/* A pass over packed columns: [terms][CONV_COLUMNS]. */
static struct pass packed(const struct part *p, const struct pass *whole,
                          int cols)
{
    struct pass pass = *whole;

    pass.width = cols;
    pass.x_at = p->c->packed_at;
    return pass;
}

/* y = w x (or +=), x of `terms` planes packed a few columns at a time by
 * `pack`. */
typedef void packer(const struct part *p, float *z, int at, int cols);

static void pack_x(const struct part *p, float *z, int at, int cols)
{
    read_x(p, z, (struct range){0, p->c->ins}, at,
           (struct sweep){.rows = 1,
                          .cols = cols,
                          .y_plane = CONV_COLUMNS * GRAPH_LANES,
                          .x_col = GRAPH_LANES});
}

static void pack_dy(const struct part *p, float *z, int at, int cols)
{
    struct sweep s = {.planes = p->c->outs,
                      .rows = 1,
                      .cols = cols,
                      .y_plane = CONV_COLUMNS * GRAPH_LANES,
                      .x_plane = op_plane(&p->n->shape),
                      .x_col = GRAPH_LANES};

    p->g->kernels->apply(z,
                         p->n->dx + op_at(p->n, p->group, 0) + at * GRAPH_LANES,
                         NULL, NN_NONE, NULL, &s, false);
}

static void mac_packed(const struct part *p, float *y, const float *w,
                       const struct finish *end, const struct pass *whole,
                       packer *pack, bool add)
{
    for (int at = 0; at < whole->width; at += CONV_COLUMNS) {
        int cols =
            whole->width - at < CONV_COLUMNS ? whole->width - at : CONV_COLUMNS;
        struct pass pass = packed(p, whole, cols);

        pack(p, p->g->work, at, cols);
        p->g->kernels->mac(y + at * GRAPH_LANES, p->g->work, w, end, &pass,
                           add);
    }
}

/* What is done to outputs from channel c on as they are stored; false: nothing.
 * In GRAPH_EVAL that is the folded norm, with its activation if that is a
 * clamp. */
static bool finish_of(const struct part *p, enum graph_mode mode, int c,
                      struct finish *end)
{
    const struct node *n = p->n, *norm = &p->g->nodes[n->norm];
    bool folded = mode == GRAPH_EVAL && n->norm > 0;

    *end = (struct finish){NULL, -HUGE_VALF, HUGE_VALF};
    if (folded)
        end->bias = p->g->folded + norm->w_at + n->shape.c + c;
    else if (n->bias)
        end->bias = p->g->w + n->w_at + n->params - n->shape.c + c;
    if (folded && (norm->act == NN_RELU || norm->act == NN_RELU6))
        end->low = 0;
    if (folded && norm->act == NN_RELU6)
        end->high = 6;
    return end->bias != NULL;
}

/* An activation that is not a clamp. */
static void activate(const struct part *p, enum graph_mode mode, int c,
                     int count)
{
    const struct node *n = p->n, *norm = &p->g->nodes[n->norm];
    float *y = n->x + op_at(n, p->group, c);
    struct sweep s = {.planes = 1,
                      .rows = 1,
                      .cols = count * op_pixels(&n->shape),
                      .x_col = GRAPH_LANES};

    if (mode == GRAPH_EVAL && n->norm > 0 && norm->act > NN_RELU6)
        p->g->kernels->apply(y, y, NULL, (enum nn_act)norm->act, NULL, &s,
                             false);
}

/* Outputs m of one convolution. */
static void forward_part(const struct part *p, enum graph_mode mode,
                         struct range m)
{
    const struct conv *c = p->c;
    const struct kernels *k = p->g->kernels;
    int out = out_channel(p, m.from);
    const float *w = (mode == GRAPH_EVAL ? p->g->folded : p->g->w) +
                     p->n->w_at + out * c->pass.w_out;
    float *y = p->n->x + op_at(p->n, p->group, out);
    struct pass pass = c->pass;
    struct finish end;
    bool has_end = finish_of(p, mode, out, &end);

    pass.outs = m.to - m.from;
    if (c->framed) {
        frame_x(p, p->g->work, (struct range){0, c->ins});
        k->mac(y, p->g->work, w, has_end ? &end : NULL, &pass, false);
    } else if (c->clash || !op_plain(&p->x)) {
        mac_packed(p, y, w, has_end ? &end : NULL, &pass, pack_x, false);
    } else {
        k->mac(y, p->x.x + op_at(input(p), p->group, in_channel(p, 0)), w,
               has_end ? &end : NULL, &pass, false);
    }
    activate(p, mode, out, pass.outs);
}

/* The parts that make channels r of x (or of y): a depthwise convolution has
 * one for each channel, another one only. */
static struct range parts_of(const struct conv *c, struct range r)
{
    return c->outer > 1 ? r : (struct range){0, 1};
}

static struct range channels_of(const struct conv *c, struct range r)
{
    return c->outer > 1 ? (struct range){0, 1} : r;
}

void conv_forward(struct graph *g, const struct node *n, enum graph_mode mode,
                  struct range r)
{
    const struct conv *c = n->keep;
    struct range parts = parts_of(c, r);
    struct part p = {.g = g, .n = n, .c = c, .x = op_view(g, n, 0, mode)};

    if (c->framed)
        memset(g->work, 0, conv_x_frame(g, n) * sizeof(float));
    for (p.group = 0; p.group < g->groups; p.group++)
        for (p.i = parts.from; p.i < parts.to; p.i++)
            forward_part(&p, mode, channels_of(c, r));
}

static void backward_bias(struct graph *g, const struct node *n)
{
    float *db = g->dw + n->w_at + n->params - (size_t)n->shape.c;

    for (int c = 0; c < n->shape.c; c++) {
        double sum[2] = {0};

        for (int group = 0; group < g->groups; group++)
            g->kernels->moments(sum, n->dx + op_at(n, group, c), 0,
                                op_pixels(&n->shape));
        db[c] += (float)sum[0];
    }
}

/* The part of a pass over weights that belongs to inputs k. */
static struct pass terms_of(const struct part *p, struct range k)
{
    struct pass pass = p->c->pass;
    int taps = p->n->kernel * p->n->kernel;

    pass.terms = (k.to - k.from) * taps;
    pass.planes = k.to - k.from;
    pass.x_at += k.from * taps;
    pass.w_at += k.from * taps;
    return pass;
}

/* dw of inputs k, with x packed a chunk of pixels at a time. */
static void dot_packed(const struct part *p, float *dw, const float *dy,
                       struct range k)
{
    struct pass pass = terms_of(p, k);
    int pixels = pass.width;
    int most = CONV_PACK_FLOATS / (pass.planes * GRAPH_LANES);
    int chunk = most < CONV_CHUNK_MIN ? CONV_CHUNK_MIN : most;
    int *x_at = p->c->chunk_at;

    for (int i = 0; i < pass.planes; i++)
        x_at[i] = i * chunk * GRAPH_LANES;
    pass.x_at = x_at;
    for (int at = 0; at < pixels; at += chunk) {
        pass.width = pixels - at < chunk ? pixels - at : chunk;
        read_x(p, p->g->work, k, at,
               (struct sweep){.rows = 1,
                              .cols = pass.width,
                              .y_plane = chunk * GRAPH_LANES,
                              .x_col = GRAPH_LANES});
        p->g->kernels->dot(dw, dy + at * GRAPH_LANES, p->g->work, &pass);
    }
}

/* dw and dx of inputs k, from frames. */
static void backward_framed(const struct part *p, float *dw, float *dx,
                            const float *w, struct range k)
{
    const struct conv *c = p->c;
    float *x = p->g->work, *dy = x + conv_x_frame(p->g, p->n);
    struct pass pass = terms_of(p, k);

    frame_x(p, x, k);
    frame_dy(p, dy);
    pass.y_out = c->dy.plane * GRAPH_LANES;
    pass.y_row = c->dy.row * GRAPH_LANES;
    p->g->kernels->dot(dw, dy + frame_at(&c->dy, 0, c->dy.margin, c->dy.margin),
                       x, &pass);
    for (int i = 0; dx && i < c->phases; i++) {
        pass = c->back[i].pass;
        pass.outs = k.to - k.from;
        if (pass.height > 0 && pass.width > 0)
            p->g->kernels->mac(dx + c->back[i].at, dy, w, NULL, &pass,
                               !p->n->first[0]);
    }
}

static void backward_plain(const struct part *p, float *dw, float *dx,
                           const float *w, struct range k)
{
    const struct conv *c = p->c;
    const float *dy = p->n->dx + op_at(p->n, p->group, out_channel(p, 0));
    struct pass pass = terms_of(p, k);

    if (op_plain(&p->x))
        p->g->kernels->dot(dw, dy,
                           p->x.x + op_at(input(p), p->group, in_channel(p, 0)),
                           &pass);
    else
        dot_packed(p, dw, dy, k);
    pass = c->back[0].pass;
    pass.outs = k.to - k.from;
    if (dx && c->clash)
        mac_packed(p, dx, w, NULL, &pass, pack_dy, !p->n->first[0]);
    else if (dx)
        p->g->kernels->mac(dx, dy, w, NULL, &pass, !p->n->first[0]);
}

static void backward_part(const struct part *p, struct range k)
{
    const struct conv *c = p->c;
    const struct node *in = input(p);
    ptrdiff_t w_at = (ptrdiff_t)p->n->w_at + p->i * c->pass.w_out * c->outs;
    ptrdiff_t x_at = op_at(in, p->group, in_channel(p, k.from));
    const float *w = p->g->w + w_at + k.from * p->n->kernel * p->n->kernel;

    (c->framed ? backward_framed : backward_plain)(
        p, p->g->dw + w_at, in->dx ? in->dx + x_at : NULL, w, k);
}

void conv_backward(struct graph *g, const struct node *n, struct range r)
{
    const struct conv *c = n->keep;
    struct range parts = parts_of(c, r);
    struct part p = {
        .g = g, .n = n, .c = c, .x = op_view(g, n, 0, GRAPH_TRAIN)};

    if (c->framed)
        memset(g->work, 0, op_of(n->kind)->work(g, n) * sizeof(float));
    for (p.group = 0; p.group < g->groups; p.group++)
        for (p.i = parts.from; p.i < parts.to; p.i++)
            backward_part(&p, channels_of(c, r));
    if (n->bias && r.from == 0)
        backward_bias(g, n);
}
