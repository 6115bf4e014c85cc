/* SPDX-License-Identifier: MIT */
/* Depthwise convolutions, a channel at a time: the plane is read into a frame
 * with zero margins, and a square of taps slides over it. */
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "frame.h"
#include "nn/kernel.h"
#include "nn/op.h"

static void shape(const struct graph *g, struct node *n)
{
    const struct shape *s = &op_input(g, n, 0)->shape;

    CHECK(n->kernel == 3 || n->kernel == 5);
    CHECK(n->stride == 1 || n->stride == 2);
    n->shape = (struct shape){.c = s->c,
                              .h = op_strided(s->h, n->stride),
                              .w = op_strided(s->w, n->stride)};
    n->params = (size_t)s->c * (size_t)(n->kernel * n->kernel);
}

static int64_t macs(const struct graph *g, const struct node *n)
{
    (void)g;
    return (int64_t)n->params * op_pixels(&n->shape);
}

static struct frame x_frame(const struct graph *g, const struct node *n)
{
    const struct shape *s = &op_input(g, n, 0)->shape;

    return frame_of(s->h, s->w, n->kernel / 2, 1);
}

static struct frame dy_frame(const struct node *n)
{
    return frame_of(n->shape.h, n->shape.w, n->kernel / 2, 1);
}

static size_t floats(const struct frame *f)
{
    return (size_t)f->plane * GRAPH_LANES;
}

static size_t work(const struct graph *g, const struct node *n)
{
    struct frame x = x_frame(g, n), dy = dy_frame(n);

    return floats(&x) + floats(&dy);
}

/* He et al. 2015, fan-out as if the convolution were full, as is the custom of
 * PyTorch: behind a norm the size of weights is only their learning rate, and
 * small ones learn faster. */
static void init(struct graph *g, const struct node *n, struct rng *r)
{
    double deviation = sqrt(2.0 / (double)n->params);

    for (size_t i = 0; i < n->params; i++)
        g->w[n->w_at + i] = (float)(deviation * rng_normal(r));
}

static bool views(const struct graph *g, const struct node *n)
{
    (void)g;
    (void)n;
    return true;
}

/* Channel c of the input in a frame: it may be there already. */
static const float *framed(const struct graph *g, const struct node *n,
                           const struct frame *f, enum graph_mode mode,
                           int group, int c)
{
    struct view v = op_view(g, n, 0, mode);

    if (v.at.halo > 0)
        return op_raw(&v, group, c) - v.at.halo * (v.at.row + GRAPH_LANES);
    frame_fill(g, g->work, f, n, mode, group, (struct range){c, c + 1});
    return g->work;
}

static void forward(struct graph *g, const struct node *n, enum graph_mode mode,
                    struct range r)
{
    struct frame f = x_frame(g, n);
    struct square s = {.size = n->kernel,
                       .stride = n->stride,
                       .height = n->shape.h,
                       .width = n->shape.w,
                       .y_row = n->shape.w * GRAPH_LANES,
                       .x_row = f.row * GRAPH_LANES};
    const float *w = op_weights(g, mode) + n->w_at;
    int taps = n->kernel * n->kernel;

    if (op_view(g, n, 0, mode).at.halo == 0)
        memset(g->work, 0, floats(&f) * sizeof(float));
    for (int group = 0; group < g->groups; group++)
        for (int c = r.from; c < r.to; c++) {
            struct finish end;
            bool any = op_finish(g, n, mode, c, &end);

            g->kernels->slide(op_x(n, group, c),
                              framed(g, n, &f, mode, group, c), w + c * taps,
                              any ? &end : NULL, &s);
        }
    op_activate(g, n, mode, r);
}

static void backward_channel(struct graph *g, const struct node *n,
                             const struct frame *xf, const struct frame *yf,
                             int group, int c)
{
    const struct node *in = op_input(g, n, 0);
    float *x = g->work, *dy = x + floats(xf);
    const float *dy_at = dy + frame_at(yf, 0, yf->margin, yf->margin);
    struct square s = {.size = n->kernel,
                       .stride = n->stride,
                       .height = n->shape.h,
                       .width = n->shape.w,
                       .y_row = yf->row * GRAPH_LANES,
                       .x_row = xf->row * GRAPH_LANES};
    struct square back = {.size = n->kernel,
                          .stride = n->stride,
                          .height = in->shape.h,
                          .width = in->shape.w,
                          .y_row = in->shape.w * GRAPH_LANES,
                          .x_row = yf->row * GRAPH_LANES};
    size_t w_at = n->w_at + (size_t)(c * n->kernel * n->kernel);

    frame_fill(g, x, xf, n, GRAPH_TRAIN, group, (struct range){c, c + 1});
    frame_gradient(g, dy, yf, n, group, (struct range){c, c + 1});
    g->kernels->slide_dot(g->dw + w_at, dy_at, x, &s);
    if (in->dx)
        g->kernels->slide_back(op_dx(in, group, c), dy_at, g->w + w_at, &back,
                               !n->first[0]);
}

static void backward(struct graph *g, const struct node *n, struct range r)
{
    struct frame x = x_frame(g, n), dy = dy_frame(n);

    memset(g->work, 0, work(g, n) * sizeof(float));
    for (int group = 0; group < g->groups; group++)
        for (int c = r.from; c < r.to; c++)
            backward_channel(g, n, &x, &dy, group, c);
}

const struct op op_dwconv = {.name = "dwconv",
                             .inputs = 1,
                             .channelwise = true,
                             .views = views,
                             .shape = shape,
                             .macs = macs,
                             .work = work,
                             .init = init,
                             .forward = forward,
                             .backward = backward};
