/* SPDX-License-Identifier: MIT */
/* Softmax cross-entropy, image by image, in double. */
#include <math.h>

#include "base/err.h"
#include "nn/graph.h"

/* The logits of one image: logit c is x[c GRAPH_LANES]. */
struct logits {
    const float *x;
    int classes;
    double max, log_sum; /* log of the sum of exp(x - max) */
    int best;
};

static double logit(const struct logits *l, int c)
{
    return (double)l->x[c * GRAPH_LANES];
}

/* A NaN anywhere makes log_sum NaN. */
static struct logits read_logits(const float *x, int classes)
{
    struct logits l = {.x = x, .classes = classes};
    double sum = 0;

    for (int c = 1; c < classes; c++)
        if (logit(&l, c) > logit(&l, l.best))
            l.best = c;
    l.max = logit(&l, l.best);
    for (int c = 0; c < classes; c++)
        sum += exp(logit(&l, c) - l.max);
    l.log_sum = log(sum);
    return l;
}

static double loss_of(const struct logits *l, int label, double smoothing)
{
    double mean = 0;

    for (int c = 0; c < l->classes; c++)
        mean += (logit(l, c) - l->max) / l->classes;
    return l->log_sum - (1 - smoothing) * (logit(l, label) - l->max) -
           smoothing * mean;
}

static void gradient_of(float *dx, const struct logits *l, int label,
                        double smoothing, double scale)
{
    for (int c = 0; c < l->classes; c++) {
        double target = smoothing / l->classes;

        if (c == label)
            target += 1 - smoothing;
        dx[c * GRAPH_LANES] =
            (float)(scale * (exp(logit(l, c) - l->max - l->log_sum) - target));
    }
}

static int count_images(const int *labels, int n)
{
    int count = 0;

    for (int i = 0; i < n; i++)
        if (labels[i] >= 0)
            count++;
    return count;
}

int graph_loss(struct graph *g, enum graph_mode mode, const int *labels,
               float smoothing, double *loss)
{
    const struct node *n = &g->nodes[g->count - 1];
    int images = count_images(labels, g->groups * GRAPH_LANES), right = 0;
    double sum = 0;

    CHECK(n->shape.h == 1 && n->shape.w == 1);
    for (int i = 0; i < g->groups * GRAPH_LANES; i++) {
        int at = i / GRAPH_LANES * n->shape.c * GRAPH_LANES + i % GRAPH_LANES;
        struct logits l = read_logits(n->x + at, n->shape.c);

        if (labels[i] >= 0) {
            double mine = loss_of(&l, labels[i], (double)smoothing);

            sum += mine;
            right += l.best == labels[i] && !isnan(mine);
        }
        if (mode == GRAPH_TRAIN)
            gradient_of(n->dx + at, &l, labels[i], (double)smoothing,
                        labels[i] >= 0 ? (double)g->share / images : 0);
    }
    if (mode == GRAPH_TRAIN && images > 0)
        g->dw[g->flat - 1] += g->share * (float)(sum / images);
    if (loss)
        *loss = sum;
    return right;
}
