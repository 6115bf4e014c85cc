/* SPDX-License-Identifier: MIT */
/* How often each option of a space was chosen in some architectures, and whether
 * that differs from uniform draws. All Local. */
#ifndef RUN_CHOICES_H
#define RUN_CHOICES_H

#include "space/space.h"

/** An option, over all decisions of its kind: "conv" for b1.conv, b2.conv...,
 * "layer" for layer1, layer2... */
struct choice {
    char kind[32], option[32];
    double share, uniform; /* 0..1, each sums to 1 over a kind */
};

/** The shares in n > 0 architectures; the caller frees the list (mem_free). */
struct choice *choices_count(int *count, const struct space *s,
                             const struct arch *list, int n);

/** Probability that uniform draws are as uneven as these n: Pearson's
 * chi-squared, added over the decisions, by Wilson and Hilferty's (1931)
 * approximation.  1 if no decision has a choice. */
double choices_uniform(const struct space *s, const struct arch *list, int n);

#endif
