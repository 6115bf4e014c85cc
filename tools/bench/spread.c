/* SPDX-License-Identifier: MIT */
/* Medians: on a machine that is shared, means would tell of the others. */
#include <math.h>
#include <stdlib.h>

#include "bench.h"

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

struct spread spread_of(const double *x, int n)
{
    double sorted[ROUNDS_MAX];
    int count = 0;

    CHECK(n <= ROUNDS_MAX);
    for (int i = 0; i < n; i++)
        if (!isnan(x[i]))
            sorted[count++] = x[i];
    if (count == 0)
        return (struct spread){(double)NAN, (double)NAN, (double)NAN};
    qsort(sorted, (size_t)count, sizeof sorted[0], compare);
    return (struct spread){
        .median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2,
        .low = sorted[0],
        .high = sorted[count - 1],
    };
}

double spread_ratio(const double *a, const double *b, int n)
{
    double x[ROUNDS_MAX];

    CHECK(n <= ROUNDS_MAX);
    for (int i = 0; i < n; i++)
        x[i] = a[i] / b[i];
    return spread_of(x, n).median;
}
