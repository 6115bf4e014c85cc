/* SPDX-License-Identifier: MIT */
/* How soon a search found something: counted in distinct evaluations, i.e. rows
 * of /trials that are not answered from an earlier one. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/h5.h"
#include "base/mem.h"
#include "verbs.h"

/* Tables hold accuracies as 32-bit floats: what was 93.06 percent there is
 * 0.9306 here but for rounding. */
#define TOLERANCE 1e-6

/* Evaluations until `accuracy`, infinity if it was not reached. */
static enum err reached_in(double *evaluations, struct h5 *h, double accuracy)
{
    struct h5_array a;
    double *x;
    int64_t *twin;
    size_t n;
    enum err e;
    int64_t count = 0;

    TRY(h5_shape(h, "/trials/accuracy", &a));
    n = a.rank == 1 ? a.dims[0] : 0;
    x = MEM_NEW(double, n);
    twin = MEM_NEW(int64_t, n);
    e = h5_read(h, "/trials/accuracy", H5_DOUBLE, x, n);
    if (e == ERR_NONE)
        e = h5_read(h, "/trials/twin", H5_INT64, twin, n);
    *evaluations = HUGE_VAL;
    for (size_t i = 0; i < n && e == ERR_NONE && isinf(*evaluations); i++) {
        count += twin[i] < 0;
        if (x[i] >= accuracy - TOLERANCE)
            *evaluations = (double)count;
    }
    mem_free(x);
    mem_free(twin);
    return e;
}

static enum err reached(double *evaluations, const char *path, double accuracy)
{
    struct h5 *h;
    enum err e;

    TRY(h5_open(&h, path));
    e = reached_in(evaluations, h, accuracy);
    h5_close(h);
    return e;
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* The lower of the two nearest values. */
static double quantile(const double *sorted, int n, double q)
{
    return sorted[(int)(q * (n - 1))];
}

enum err verb_reach(int argc, char **argv)
{
    double accuracy, *x;
    char *end;
    int n = argc - 1, missed = 0;

    if (argc < 2)
        return ERR(ERR_USAGE, "usage: fnas reach ACCURACY RESULTS.h5...");
    accuracy = strtod(argv[0], &end);
    if (*end != '\0' || !(accuracy > 0 && accuracy <= 1))
        return ERR(ERR_USAGE, "%s: an accuracy in 0..1 is expected", argv[0]);
    x = MEM_NEW(double, n);
    for (int i = 0; i < n; i++) {
        enum err e = reached(&x[i], argv[i + 1], accuracy);

        if (e != ERR_NONE) {
            mem_free(x);
            return e;
        }
        missed += isinf(x[i]);
    }
    qsort(x, (size_t)n, sizeof x[0], compare);
    printf("accuracy %g: lower quartile %g, median %g, upper quartile %g "
           "evaluations; %d of %d runs missed it\n",
           accuracy, quantile(x, n, 0.25), quantile(x, n, 0.5),
           quantile(x, n, 0.75), missed, n);
    mem_free(x);
    return ERR_NONE;
}
