/* SPDX-License-Identifier: MIT */
/* Agreement of paired figures, and order. All Local. */
#ifndef BASE_STATS_H
#define BASE_STATS_H

#include <stdint.h>

/** An estimate and its 95 % confidence interval; all NAN if there is none. */
struct stats_interval {
    double value, low, high;
};

/** Kendall's rank correlation tau-b of n pairs (Kendall 1945: ties are allowed),
 *
 *     (concordant - discordant) / sqrt((pairs - ties in x) (pairs - ties in y))
 *
 * NAN if x or y is constant, or n < 2. */
double stats_kendall(const double *x, const double *y, int n);

/** The same with an interval by the percentile bootstrap (Efron 1979): 1000
 * times n pairs drawn with replacement, by the seed.  Draws without a tau are
 * left out. */
struct stats_interval stats_kendall_interval(const double *x, const double *y,
                                             int n, uint64_t seed);

/** What is kept of pairs to correlate them: number, means, and sums of squares and
 * products about the means.  All 0: no pair yet. */
struct stats_pairs {
    double n, x, y, xx, yy, xy;
};

/** One more pair, by the update of Welford (1962), in which no squares cancel. */
void stats_pair(struct stats_pairs *p, double x, double y);

/** Pearson's correlation; NAN if x or y is constant, or n < 2. */
double stats_correlation(const struct stats_pairs *p);

/** The one in the middle of n > 0 numbers, the upper of two; x is sorted. */
double stats_median(double *x, int n);

#endif
