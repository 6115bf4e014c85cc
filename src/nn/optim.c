/* SPDX-License-Identifier: MIT */
#include "nn/optim.h"

#include <math.h>

void sgd_step(const struct sgd *o, float *w, float *v, const float *dw,
              size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float d = dw[i] + o->decay * w[i];

        v[i] = o->momentum * v[i] + d;
        w[i] -= o->rate * (o->nesterov ? d + o->momentum * v[i] : v[i]);
    }
}

void adam_step(const struct adam *o, float *w, float *m, float *v,
               const float *dw, size_t n, int step)
{
    float fix1 = (float)(1 / (1 - pow((double)o->beta1, step)));
    float fix2 = (float)(1 / (1 - pow((double)o->beta2, step)));

    for (size_t i = 0; i < n; i++) {
        m[i] = o->beta1 * m[i] + (1 - o->beta1) * dw[i];
        v[i] = o->beta2 * v[i] + (1 - o->beta2) * dw[i] * dw[i];
        w[i] -= o->rate * (m[i] * fix1) / (sqrtf(v[i] * fix2) + o->eps);
    }
}

float schedule_cosine(float rate, int step, int warmup, int steps)
{
    const double pi = 3.141592653589793;

    if (step < warmup)
        return rate * (float)(step + 1) / (float)warmup;
    return (float)(0.5 * (double)rate *
                   (1 + cos(pi * (step - warmup) / (steps - warmup))));
}

float clip_norm(float *x, size_t n, float limit)
{
    double sum = 0, norm;

    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    norm = sqrt(sum);
    if (norm > (double)limit)
        for (size_t i = 0; i < n; i++)
            x[i] *= (float)((double)limit / norm);
    return (float)norm;
}
