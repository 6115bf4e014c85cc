/* SPDX-License-Identifier: MIT */
/* From a result to the number that a search method maximises.
 *
 *     R = merit (cost / target)^w
 *     soft:  w = exponent
 *     hard:  w = 0 if cost <= target, else -1
 *
 * The merit is the validation accuracy, or exp(-loss): the probability that is
 * given to the right class, the geometric mean over the images.  That counts how
 * far from right an image is, so it tells close networks apart with fewer images.
 *
 * Tan et al. 2019, eq. 2 and 3.  With -0.07 a doubled cost must buy 5 % of
 * accuracy: ln(1.05) / ln(2) = 0.070. All Local. */
#ifndef SEARCH_REWARD_H
#define SEARCH_REWARD_H

#include "base/conf.h"
#include "space/task.h"

#define REWARD_SETTINGS(X)                                                     \
    X(CHOICE, merit, "accuracy", 0, 0, "accuracy|likelihood",                  \
      "What is good: the validation accuracy, or exp(-loss), the likelihood "  \
      "of the right class, which tells close networks apart sooner")           \
    X(CHOICE, cost, "none", 0, 0, "none|macs|params|latency",                  \
      "What an architecture costs; none: the reward is the merit")             \
    X(REAL, target, "0", 0, 1e18, "MACs, parameters or seconds",               \
      "The cost aimed at, in the unit of the cost; required if there is one")  \
    X(CHOICE, form, "soft", 0, 0, "soft|hard",                                 \
      "soft: cost trades against merit everywhere; hard: cost is free up to "  \
      "the target and merit is divided by the excess above it")                \
    X(REAL, exponent, "-0.07", -10, 0, "",                                     \
      "Of cost / target, if soft: -0.07 gives 5 % of merit for twice the "     \
      "cost")

struct reward_conf {
    REWARD_SETTINGS(CONF_FIELD)
};

extern const struct conf_section reward_section;

/** Reward of a result.  NAN, which methods leave out of what they learn, if the
 * result does not count or its cost is not known. */
double reward_of(const struct reward_conf *c, const struct result *r);

#endif
