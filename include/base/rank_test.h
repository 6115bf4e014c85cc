/* SPDX-License-Identifier: MIT */
/* Rank tests for two samples, or for pairs: is one larger, when nothing is known
 * of the distributions?
 *
 * Ties share the mean of their ranks (midranks).  Values may be infinite, not
 * NAN.  Small samples are judged exactly, by counting all ways in which the same
 * midranks could have fallen; large ones by the normal approximation, with
 * corrections for ties and continuity. Sources: Mann and Whitney 1947, Wilcoxon
 * 1945; the counting of midranks: Streitberg and Roehmel 1986. All Local. */
#ifndef BASE_RANK_TEST_H
#define BASE_RANK_TEST_H

enum {
    RANK_EXACT = 128, /* values of both samples: exact up to so many */
    SIGN_EXACT = 200  /* pairs: exact up to so many */
};

/** Mann and Whitney's test: the probability that x is at least as much larger
 * than y as it is here if both were drawn alike.  One-sided; 1 if a sample is
 * empty. */
double rank_test_larger(const double *x, int nx, const double *y, int ny);

/** Wilcoxon's signed-rank test: the probability that differences d[n] lean to
 * either side at least as much as here, if each sign were the toss of a coin.
 * Two-sided; zeros are left out; 1 if nothing is left. */
double rank_test_signed(const double *d, int n);

#endif
