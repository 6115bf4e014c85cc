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

/* Where channel c of a group starts. */
static ptrdiff_t at(const struct node *n, int group, int c)
{
    return (group * n->shape.c + c) * op_plane(&n->shape);
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
    const float *x = op_input(g, n, 0)->x;
    float *stats = g->dw + n->s_at;
    int pixels = op_pixels(&n->shape);
    double count = values(g, n), sum[2] = {0};
    float pivot = pivot_of(x + at(n, 0, c), pixels);

    for (int group = 0; group < g->groups; group++)
        g->kernels->moments(sum, x + at(n, group, c), pivot, pixels);
    *mean = (double)pivot + sum[0] / count;
    *var = (sum[1] - sum[0] * sum[0] / count) / count;
    /* rounding may go below; NaN stays */
    *var = *var < 0 ? 0 : *var;
    stats[c] += g->share * (float)*mean;
    stats[n->shape.c + c] += g->share * (float)(*var * count / (count - 1));
}

static void norm_forward(struct graph *g, const struct node *n,
                         enum graph_mode mode)
{
    const float *gamma = g->w + n->w_at, *beta = gamma + n->shape.c;
    const float *running = g->w + n->s_at;
    const float *x = op_input(g, n, 0)->x;
    struct affine *f = n->keep;

    for (int c = 0; c < n->shape.c; c++) {
        double mean = (double)running[c];
        double var = (double)running[n->shape.c + c];
        double a;

        if (mode == GRAPH_TRAIN)
            measure(g, n, c, &mean, &var);
        a = (double)gamma[c] / sqrt(var + (double)g->eps);
        f[c] = (struct affine){.a = (float)a,
                               .b = (float)((double)beta[c] - a * mean),
                               .mean = (float)mean,
                               .k1 = (float)(1 / (var + (double)g->eps))};
        for (int group = 0; group < g->groups; group++)
            g->kernels->act(n->x + at(n, group, c), x + at(n, group, c), &f[c],
                            (enum nn_act)n->act, op_pixels(&n->shape));
    }
}

/* k1, k2, k3 of channel c, and dgamma, dbeta; f->k1 holds r^2 before. */
static void solve(struct graph *g, const struct node *n, int c,
                  struct affine *f)
{
    float *dgamma = g->dw + n->w_at, *dbeta = dgamma + n->shape.c;
    const struct node *in = op_input(g, n, 0);
    double sum[2] = {0}, count = values(g, n), rr = (double)f->k1;

    for (int group = 0; group < g->groups; group++)
        g->kernels->act_sums(sum, n->dx + at(n, group, c),
                             in->x + at(n, group, c), f, (enum nn_act)n->act,
                             op_pixels(&n->shape));
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

    for (int group = 0; group < g->groups; group++)
        g->kernels->act_back(in->dx + at(n, group, c), n->dx + at(n, group, c),
                             in->x + at(n, group, c), f, (enum nn_act)n->act,
                             op_pixels(&n->shape), !n->first[0]);
}

static void norm_backward(struct graph *g, const struct node *n)
{
    const struct affine *kept = n->keep;

    for (int c = 0; c < n->shape.c; c++) {
        struct affine f = kept[c];

        solve(g, n, c, &f);
        if (op_input(g, n, 0)->dx)
            back_channel(g, n, c, &f);
    }
}

static const struct affine identity = {.a = 1, .k1 = 1};

static void act_forward(struct graph *g, const struct node *n,
                        enum graph_mode mode)
{
    const float *x = op_input(g, n, 0)->x;

    (void)mode;
    for (int group = 0; group < g->groups; group++)
        for (int c = 0; c < n->shape.c; c++)
            g->kernels->act(n->x + at(n, group, c), x + at(n, group, c),
                            &identity, (enum nn_act)n->act,
                            op_pixels(&n->shape));
}

static void act_backward(struct graph *g, const struct node *n)
{
    for (int c = 0; c < n->shape.c; c++)
        back_channel(g, n, c, &identity);
}

const struct op op_norm = {.name = "norm",
                           .inputs = 1,
                           .in_place = true,
                           .shape = norm_shape,
                           .keep = norm_keep,
                           .init = norm_init,
                           .forward = norm_forward,
                           .backward = norm_backward};

const struct op op_act = {.name = "act",
                          .inputs = 1,
                          .in_place = true,
                          .shape = act_shape,
                          .forward = act_forward,
                          .backward = act_backward};
