/* SPDX-License-Identifier: MIT */
/* How soon a search found something: counted in distinct evaluations, i.e. rows
 * of /trials that are neither answered from an earlier one nor predicted. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/h5.h"
#include "base/mem.h"
#include "verbs.h"
#include "space/task.h"

/* Tables hold accuracies as 32-bit floats: what was 93.06 percent there is
 * 0.9306 here but for rounding. */
#define TOLERANCE 1e-6

/* Of each trial. */
struct columns {
    double *accuracy;
    int64_t *twin;
    char *state; /* [n, width] */
    size_t n, width;
};

static enum err read_columns(struct columns *c, struct h5 *h)
{
    struct h5_array a;

    TRY(h5_shape(h, "/trials/state", &a));
    c->n = a.rank == 1 ? a.dims[0] : 0;
    c->width = a.width;
    c->accuracy = MEM_NEW(double, c->n);
    c->twin = MEM_NEW(int64_t, c->n);
    c->state = MEM_NEW(char, c->n * c->width);
    TRY(h5_read(h, "/trials/accuracy", H5_DOUBLE, c->accuracy, c->n));
    TRY(h5_read(h, "/trials/twin", H5_INT64, c->twin, c->n));
    return h5_read(h, "/trials/state", H5_TEXT, c->state, c->n);
}

/* Evaluations until `accuracy`, infinity if it was not reached. */
static double reached_in(const struct columns *c, double accuracy)
{
    int64_t count = 0;

    for (size_t i = 0; i < c->n; i++) {
        count += c->twin[i] < 0 &&
                 strncmp(c->state + i * c->width, trial_text(TRIAL_PREDICTED), c->width) != 0;
        if (c->accuracy[i] >= accuracy - TOLERANCE)
            return (double)count;
    }
    return HUGE_VAL;
}

static enum err reached(double *evaluations, const char *path, double accuracy)
{
    struct columns c = {.n = 0};
    struct h5 *h;
    enum err e;

    TRY(h5_open(&h, path));
    e = read_columns(&c, h);
    if (e == ERR_NONE)
        *evaluations = reached_in(&c, accuracy);
    h5_close(h);
    mem_free(c.accuracy);
    mem_free(c.twin);
    mem_free(c.state);
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
