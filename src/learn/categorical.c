/* SPDX-License-Identifier: MIT */
#include "learn/categorical.h"

#include <math.h>

void categorical_softmax(float *x, int count)
{
    float top = x[0], sum = 0;

    for (int k = 1; k < count; k++)
        top = x[k] > top ? x[k] : top;
    for (int k = 0; k < count; k++)
        sum += x[k] = expf(x[k] - top);
    for (int k = 0; k < count; k++)
        x[k] /= sum;
}

int categorical_draw(const float *p, int count, double u)
{
    int k = 0;

    while (k < count - 1 && u >= (double)p[k])
        u -= (double)p[k++];
    return k;
}

float categorical_log(const float *p, int option)
{
    return logf(fmaxf(p[option], 1e-30f));
}

float categorical_entropy(const float *p, int count)
{
    float sum = 0;

    for (int k = 0; k < count; k++)
        sum -= p[k] * categorical_log(p, k);
    return sum;
}

void categorical_gradient(float *dy, const float *p, int count, int option,
                          float dlog_prob, float dentropy)
{
    float entropy = categorical_entropy(p, count);

    for (int k = 0; k < count; k++)
        dy[k] =
            -p[k] * (dlog_prob + dentropy * (categorical_log(p, k) + entropy));
    dy[option] += dlog_prob;
}
