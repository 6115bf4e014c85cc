/* SPDX-License-Identifier: MIT */
/* The bootstrap draws pairs with return and takes the 2.5 % and 97.5 %
 * quantiles of their median (Efron 1979). */
#include "paired.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rank_test.h"
#include "base/rng.h"

enum { DRAWS = 4000 };

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* An infinite neighbour is the value; two of them, of either sign, cancel. */
static double between(double a, double b, double share)
{
    if (share <= 0 || a >= b)
        return a;
    if (isinf(a) && isinf(b))
        return 0;
    return isinf(a) ? a : isinf(b) ? b : a + share * (b - a);
}

static double quantile_of(const double *sorted, int n, double q)
{
    double at = q * (n - 1);
    int i = (int)at;

    return between(sorted[i], sorted[i + 1 < n ? i + 1 : i], at - i);
}

/* Sorts x. */
static double take_quantile(double *x, int n, double q)
{
    qsort(x, (size_t)n, sizeof x[0], compare);
    return quantile_of(x, n, q);
}

double paired_quantile(const double *x, int n, double q)
{
    double *copy = MEM_NEW(double, n), value;

    memcpy(copy, x, (size_t)n * sizeof x[0]);
    value = take_quantile(copy, n, q);
    mem_free(copy);
    return value;
}

/* Two runs that both missed tell nothing apart. */
static double log_ratio(double reference, double other)
{
    return isinf(reference) && isinf(other) ? 0 : log(reference) - log(other);
}

static void bootstrap(struct paired *r, const double *d, int n)
{
    struct rng rng = rng_stream((uint64_t)n, RNG_BOOTSTRAP, 0);
    double *drawn = MEM_NEW(double, n), *medians = MEM_NEW(double, DRAWS);

    for (int k = 0; k < DRAWS; k++) {
        for (int i = 0; i < n; i++)
            drawn[i] = d[rng_below(&rng, n)];
        medians[k] = take_quantile(drawn, n, 0.5);
    }
    r->low = exp(take_quantile(medians, DRAWS, 0.025));
    r->high = exp(quantile_of(medians, DRAWS, 0.975));
    mem_free(drawn);
    mem_free(medians);
}

struct paired paired_compare(const double *reference, const double *other,
                             int n)
{
    double *d = MEM_NEW(double, n);
    struct paired r;

    for (int i = 0; i < n; i++)
        d[i] = log_ratio(reference[i], other[i]);
    r.ratio = exp(paired_quantile(d, n, 0.5));
    r.p = rank_test_signed(d, n);
    bootstrap(&r, d, n);
    mem_free(d);
    return r;
}
