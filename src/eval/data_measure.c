/* SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <stdint.h>

#include "eval/data_format.h"

enum { BYTES = 256 };

struct moments {
    double mean, variance;
};

static size_t plane_of(const struct data *d, int i, int c)
{
    size_t plane = (size_t)d->h * (size_t)d->w;

    return ((size_t)d->train[i] * (size_t)d->c + (size_t)c) * plane;
}

/* Exact: a count of each value. */
static struct moments measure_bytes(const struct data *d, int c)
{
    const unsigned char *images = d->images;
    int64_t count[BYTES] = {0};
    size_t plane = (size_t)d->h * (size_t)d->w;
    double n = (double)d->trains * (double)plane;
    struct moments m = {0, 0};

    for (int i = 0; i < d->trains; i++) {
        const unsigned char *v = images + plane_of(d, i, c);

        for (size_t j = 0; j < plane; j++)
            count[v[j]]++;
    }
    for (int v = 0; v < BYTES; v++)
        m.mean += (double)count[v] * v / 255 / n;
    for (int v = 0; v < BYTES; v++)
        m.variance += (double)count[v] * pow(v / 255.0 - m.mean, 2) / n;
    return m;
}

/* Mean of (x - center)^power over the training part. */
static double moment(const struct data *d, int c, double center, int power)
{
    const float *images = d->images;
    size_t plane = (size_t)d->h * (size_t)d->w;
    double sum = 0;

    for (int i = 0; i < d->trains; i++) {
        const float *v = images + plane_of(d, i, c);

        for (size_t j = 0; j < plane; j++) {
            double x = (double)v[j] - center;

            sum += power == 1 ? x : x * x;
        }
    }
    return sum / ((double)d->trains * (double)plane);
}

static struct moments measure_floats(const struct data *d, int c)
{
    struct moments m;

    m.mean = moment(d, c, 0, 1);
    m.variance = moment(d, c, m.mean, 2);
    return m;
}

/* Rounding leaves a constant channel with a little variance. */
static double deviation(struct moments m)
{
    double std = sqrt(m.variance);

    return std > 1e-6 * fabs(m.mean) && std > (double)FLT_MIN ? std : 1;
}

void data_measure(struct data *d)
{
    for (int c = 0; c < d->c; c++) {
        struct moments m =
            d->type == DATA_UINT8 ? measure_bytes(d, c) : measure_floats(d, c);

        d->mean[c] = (float)m.mean;
        d->std[c] = (float)deviation(m);
    }
}
