/* SPDX-License-Identifier: MIT */
#include "base/stats.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"

static int sign(double a, double b)
{
    return (a > b) - (a < b);
}

double stats_kendall(const double *x, const double *y, int n)
{
    double sum = 0, x_pairs = 0, y_pairs = 0;

    for (int i = 0; i < n; i++)
        for (int k = 0; k < i; k++) {
            int a = sign(x[i], x[k]), b = sign(y[i], y[k]);

            sum += a * b;
            x_pairs += a != 0;
            y_pairs += b != 0;
        }
    return x_pairs > 0 && y_pairs > 0 ? sum / sqrt(x_pairs * y_pairs)
                                      : (double)NAN;
}

static int compare(const void *a, const void *b)
{
    return sign(*(const double *)a, *(const double *)b);
}

/* Values so sorted that a part q of them is below. */
static double quantile(const double *sorted, int n, double q)
{
    double at = q * (n - 1);
    int i = (int)at;

    return i + 1 < n ? sorted[i] + (at - i) * (sorted[i + 1] - sorted[i])
                     : sorted[i];
}

/* Tau of n of the pairs, drawn with replacement; room holds 2 n. */
static double draw(const double *x, const double *y, int n, struct rng *r,
                   double *room)
{
    for (int i = 0; i < n; i++) {
        int from = rng_below(r, n);

        room[i] = x[from];
        room[n + i] = y[from];
    }
    return stats_kendall(room, room + n, n);
}

struct stats_interval stats_kendall_interval(const double *x, const double *y,
                                             int n, uint64_t seed)
{
    enum { DRAWS = 1000 };
    struct stats_interval s = {stats_kendall(x, y, n), (double)NAN,
                               (double)NAN};
    struct rng r = rng_stream(seed, RNG_AUDIT, UINT64_MAX);
    double *room, *taus;
    int count = 0;

    if (isnan(s.value))
        return s;
    room = MEM_NEW(double, 2 * n);
    taus = MEM_NEW(double, DRAWS);
    for (int i = 0; i < DRAWS; i++) {
        double tau = draw(x, y, n, &r, room);

        if (!isnan(tau))
            taus[count++] = tau;
    }
    if (count > 0) {
        qsort(taus, (size_t)count, sizeof taus[0], compare);
        s.low = quantile(taus, count, 0.025);
        s.high = quantile(taus, count, 0.975);
    }
    mem_free(room);
    mem_free(taus);
    return s;
}

void stats_pair(struct stats_pairs *p, double x, double y)
{
    double from_x = x - p->x, from_y = y - p->y;

    p->n += 1;
    p->x += from_x / p->n;
    p->y += from_y / p->n;
    p->xx += from_x * (x - p->x);
    p->yy += from_y * (y - p->y);
    p->xy += from_x * (y - p->y);
}

double stats_correlation(const struct stats_pairs *p)
{
    return p->xx > 0 && p->yy > 0 ? p->xy / sqrt(p->xx * p->yy) : (double)NAN;
}

double stats_median(double *x, int n)
{
    qsort(x, (size_t)n, sizeof x[0], compare);
    return x[n / 2];
}
