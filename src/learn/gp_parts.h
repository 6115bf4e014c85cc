/* SPDX-License-Identifier: MIT */
/* What the files of the Gaussian process share; gp.h says what it is. */
#ifndef LEARN_GP_PARTS_H
#define LEARN_GP_PARTS_H

#include <stddef.h>

#include "learn/gp.h"

#define NOISE_LEAST 1e-6 /* keeps C from becoming singular */

struct gp {
    int slots, room, batch, count;
    unsigned char *points; /* [slots, room]: a row of it is one decision */
    double *y;             /* [room], NAN if pending */
    double *l;             /* [room, room], lower */
    double *v;             /* L^-1 y; 0 where pending */
    double *theta, *prior; /* [slots + 1], in logarithms; prior: its centre */
    double *weight;        /* [slots], exp(theta) */
    double total, noise;   /* total: sum of the weights */

    /* of the last question, and of a fit */
    int asked, supposed;
    const unsigned char *x; /* [asked, slots], borrowed */
    double *k;              /* [batch, room]: L^-1 k of each */
    double *row, *best;     /* [room], [slots + 1] */
    double *columns;        /* [3, room], of a slope */
    double *inverse;        /* [room, room], by need */
};

static inline double *row_of(const struct gp *g, double *matrix, int i)
{
    return matrix + (size_t)i * (size_t)g->room;
}

static inline unsigned char *decision(const struct gp *g, int t)
{
    return g->points + (size_t)t * (size_t)g->room;
}

/** Point i, as a string. */
void gp_point(const struct gp *g, int i, unsigned char *x);

/** Distances of x to the first n points, d [n]. */
void gp_distance(const struct gp *g, double *d, const unsigned char *x, int n);

/** L and v of all points, after the weights or the noise changed. */
void gp_factorise(struct gp *g);

#endif
