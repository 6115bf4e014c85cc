/* SPDX-License-Identifier: MIT */
/* Batch normalisation with its activation, and activations alone.
 *
 * Ioffe and Szegedy 2015.  Training: u = gamma (x - mean) r + beta with the
 * shard's mean and r = 1 / sqrt(var + eps), y = act(u).  With
 * du = dy act'(u), S = sum du, T = sum du (x - mean) over n values,
 *
 *     dbeta = S,  dgamma = r T,
 *     dx = gamma r (du - S / n - (x - mean) r^2 T / n). */
#include <math.h>

#include "base/err.h"
#include "nn/kernel.h"
#include "nn/op.h"

static void norm_shape(const struct graph *g, struct node *n)
{
    n->shape = op_input(g, n, 0)->shape;
    n->params = n->stats = 2 * (size_t)n->shape.c;
}

static void act_shape(const struct graph *g, struct node *n)
{
    n->shape = op_input(g, n, 0)->shape;
}

static size_t norm_keep(const struct graph *g, const struct node *n)
{
    (void)g;
    return sizeof(struct affine[1]) * (size_t)n->shape.c;
}

static void norm_init(struct graph *g, const struct node *n, struct rng *r)
{
    float *gamma = g->w + n->w_at, *mean = g->w + n->s_at;

    (void)r;
    for (int c = 0; c < n->shape.c; c++) {
        gamma[c] = 1;
        gamma[n->shape.c + c] = 0;
        mean[c] = 0;
        mean[n->shape.c + c] = 1;
    }
}

static double values(const struct graph *g, const struct node *n)
{
    return (double)g->groups * op_pixels(&n->shape) * GRAPH_LANES;
}

/* Any value near the channel's mean saves the variance from cancellation: here
 * the mean of the lanes of a pixel in the middle. */
static float pivot_of(const float *x, int pixels)
{
    float sum = 0;

    for (int lane = 0; lane < GRAPH_LANES; lane++)
        sum += x[pixels / 2 * GRAPH_LANES + lane];
    return sum / GRAPH_LANES;
}

/* The shard's mean and variance (biased) of channel c; its part of the batch's
 * statistics, variance unbiased, is added to dw. */
static void measure(struct graph *g, const struct node *n, int c, double *mean,
                    double *var)
{
    const struct node *in = op_input(g, n, 0);
    float *stats = g->dw + n->s_at;
    int pixels = op_pixels(&n->shape);
    double count = values(g, n), sum[2] = {0};
    float pivot = pivot_of(op_x(in, 0, c), pixels);

    for (int group = 0; group < g->groups; group++)
        g->kernels->moments(sum, op_x(in, group, c), pivot, pixels);
    *mean = (double)pivot + sum[0] / count;
    *var = (sum[1] - sum[0] * sum[0] / count) / count;
    /* rounding may go below; NaN stays */
    *var = *var < 0 ? 0 : *var;
    stats[c] += g->share * (float)*mean;
    stats[n->shape.c + c] += g->share * (float)(*var * count / (count - 1));
}

static void prepare(struct graph *g, const struct node *n, int c,
                    enum graph_mode mode)
{
    const float *gamma = g->w + n->w_at, *beta = gamma + n->shape.c;
    const float *running = g->w + n->s_at;
    struct affine *f = n->keep;
    double mean = (double)running[c], var = (double)running[n->shape.c + c];
    double rr, a;

    if (mode == GRAPH_TRAIN)
        measure(g, n, c, &mean, &var);
    rr = 1 / (var + (double)g->eps);
    a = (double)gamma[c] * sqrt(rr);
    f[c] = (struct affine){.a = (float)a,
                           .b = (float)((double)beta[c] - a * mean),
                           .mean = (float)mean,
                           .rr = (float)rr};
}

static void norm_forward(struct graph *g, const struct node *n,
                         enum graph_mode mode, struct range r)
{
    struct view v = op_values(op_input(g, n, 0));

    v.f = n->keep;
    v.act = (enum nn_act)n->act;
    if (mode == GRAPH_EVAL && op_input(g, n, 0)->norm > 0)
        return; /* folded */
    for (int c = r.from; c < r.to; c++)
        prepare(g, n, c, mode);
    for (int group = 0; group < g->groups && !n->lazy; group++)
        op_read(g, op_x(n, group, r.from), &v, group, r, false);
}

/* u = a (w x + bias) + (beta - a mean). The bias of each channel goes where
 * beta was. */
static void norm_fold(struct graph *g, const struct node *n)
{
    const struct node *in = op_input(g, n, 0);
    const float *gamma = g->w + n->w_at, *beta = gamma + n->shape.c;
    const float *mean = g->w + n->s_at, *var = mean + n->shape.c;
    size_t biases = in->bias ? (size_t)n->shape.c : 0;
    size_t row = (in->params - biases) / (size_t)n->shape.c;
    float *w = g->folded + in->w_at, *shift = g->folded + n->w_at + n->shape.c;

    if (in->norm == 0)
        return;
    for (int c = 0; c < n->shape.c; c++) {
        double a = (double)gamma[c] / sqrt((double)var[c] + (double)g->eps);
        double bias = biases ? (double)w[in->params - biases + (size_t)c] : 0;

        for (size_t i = 0; i < row; i++)
            w[(size_t)c * row + i] *= (float)a;
        shift[c] = (float)((double)beta[c] + a * (bias - (double)mean[c]));
    }
}

/* k1, k2, k3 of channel c, and dgamma, dbeta. */
static void solve(struct graph *g, const struct node *n, int c,
                  struct affine *f)
{
    float *dgamma = g->dw + n->w_at, *dbeta = dgamma + n->shape.c;
    const struct node *in = op_input(g, n, 0);
    double sum[2] = {0}, count = values(g, n), rr = (double)f->rr;

    for (int group = 0; group < g->groups; group++)
        g->kernels->act_sums(sum, op_dx(n, group, c), op_x(in, group, c), f,
                             (enum nn_act)n->act, op_pixels(&n->shape));
    dbeta[c] += (float)sum[0];
    dgamma[c] += (float)(sum[1] * sqrt(rr));
    f->k1 = f->a;
    f->k2 = (float)(-(double)f->a * rr * sum[1] / count);
    f->k3 = (float)(-(double)f->a * sum[0] / count);
}

static void back_channel(struct graph *g, const struct node *n, int c,
                         const struct affine *f)
{
    const struct node *in = op_input(g, n, 0);
    struct sweep all = {
        .rows = 1, .cols = op_pixels(&n->shape), .add = !n->first[0]};

    for (int group = 0; group < g->groups; group++)
        g->kernels->act_back(op_dx(in, group, c), op_dx(n, group, c),
                             op_x(in, group, c), f, (enum nn_act)n->act, &all);
}

static void norm_backward(struct graph *g, const struct node *n, struct range r)
{
    struct affine *f = n->keep;

    for (int c = r.from; c < r.to; c++) {
        solve(g, n, c, &f[c]);
        if (op_input(g, n, 0)->dx && !op_late(op_input(g, n, 0)))
            back_channel(g, n, c, &f[c]);
    }
}

/* An activation alone: a = k1 = 1, all else 0. */
static const struct affine identity = {.a = 1, .k1 = 1};

static void act_forward(struct graph *g, const struct node *n,
                        enum graph_mode mode, struct range r)
{
    struct view v = op_view(g, n, 0, mode);

    v.act = (enum nn_act)n->act;
    for (int group = 0; group < g->groups; group++)
        op_read(g, op_x(n, group, r.from), &v, group, r, false);
}

static void act_backward(struct graph *g, const struct node *n, struct range r)
{
    for (int c = r.from; c < r.to; c++)
        back_channel(g, n, c, &identity);
}

const struct op op_norm = {.name = "norm",
                           .inputs = 1,
                           .in_place = true,
                           .channelwise = true,
                           .shape = norm_shape,
                           .keep = norm_keep,
                           .init = norm_init,
                           .fold = norm_fold,
                           .forward = norm_forward,
                           .backward = norm_backward};

const struct op op_act = {.name = "act",
                          .inputs = 1,
                          .in_place = true,
                          .channelwise = true,
                          .shape = act_shape,
                          .forward = act_forward,
                          .backward = act_backward};
