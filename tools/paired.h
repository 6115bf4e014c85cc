/* SPDX-License-Identifier: MIT */
/* Costs of two methods over the same seeds, some of them censored.
 *
 * A run that never got there has an infinite cost: it counts as dearer than any
 * that did, and two such runs as equal.  Ranks and medians are right however
 * dear it would have been, as long as that is more than the budget. All Local. */
#ifndef TOOLS_PAIRED_H
#define TOOLS_PAIRED_H

/** How much cheaper: reference / other, so 2 is half the cost. */
struct paired {
    double ratio;     /* median over the pairs; 0 and infinite are possible */
    double low, high; /* 95 % interval of the median, by bootstrap */
    double p;         /* exact Wilcoxon signed-rank test of log ratios */
};

/** Quantile q of x[n], n > 0, interpolated between neighbours (Hyndman and Fan
 * 1996, definition 7); x may hold infinities and is not changed. */
double paired_quantile(const double *x, int n, double q);

/** Compare other[n] with reference[n], n > 0, all of them above 0.  The bootstrap
 * draws from a stream of its own, so the same costs give the same interval. */
struct paired paired_compare(const double *reference, const double *other,
                             int n);

#endif
