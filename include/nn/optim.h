/* SPDX-License-Identifier: MIT */
/* Optimisers on flat arrays, and their learning-rate schedule. All Local. */
#ifndef NN_OPTIM_H
#define NN_OPTIM_H

#include <stddef.h>

/** SGD with momentum, as in PyTorch:
 *     d = dw + decay w;  v = momentum v + d;
 *     w -= rate (nesterov ? d + momentum v : v)
 * w, v, dw: [n]. */
struct sgd {
    float rate, momentum, decay;
    int nesterov;
};

void sgd_step(const struct sgd *o, float *w, float *v, const float *dw,
              size_t n);

/** Adam (Kingma and Ba 2015, algorithm 1): m, v: [n]; step counts from 1. */
struct adam {
    float rate, beta1, beta2, eps;
};

void adam_step(const struct adam *o, float *w, float *m, float *v,
               const float *dw, size_t n, int step);

/** Linear warm-up over the first `warmup` steps, then half a cosine from `rate`
 * to 0 at `steps`: the rate of step 0..steps-1. */
float schedule_cosine(float rate, int step, int warmup, int steps);

/** Scale x[n] so that its Euclidean norm is at most `limit`; the norm before. */
float clip_norm(float *x, size_t n, float limit);

#endif
