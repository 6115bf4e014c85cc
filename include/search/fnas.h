/* SPDX-License-Identifier: MIT */
/* Settings of the accelerators of FNAS (Liu et al. 2021); fnas.c says what they
 * do.  Those of the policy are the section ppo. */
#ifndef SEARCH_FNAS_H
#define SEARCH_FNAS_H

#include "base/conf.h"

#define FNAS_SETTINGS(X)                                                       \
    X(BOOL, critic, "true", 0, 0, "",                                          \
      "Predict architectures from the results so far, and train only those "   \
      "that may change the search")                                            \
    X(INT, warm, "10", 2, 1000000, "results",                                  \
      "With the critic: so many are trained before it decides anything")       \
    X(INT, informed, "4", 2, 1000000, "results",                               \
      "The same if it knows results of other tasks (transfer.from)")           \
    X(INT, sample, "64", 2, 4096, "architectures",                             \
      "With the critic: drawn by the policy in a round; it learns from all "   \
      "of "                                                                    \
      "them, trained or predicted")                                            \
    X(REAL, near, "0.5", 0, 1, "of a round",                                   \
      "With the critic: architectures that are not drawn by the policy but "   \
      "climb from the best result by mutations; it does not learn from them")  \
    X(INT, climb, "20", 0, 10000, "mutations",                                 \
      "With the critic: tried on each of those, one after the other, and "     \
      "kept if more improvement is expected of it then")                       \
    X(INT, train, "4", 1, 4096, "architectures",                               \
      "With the critic: trained in a round, at most; more keeps more groups "  \
      "busy, fewer lets the critic learn sooner")                              \
    X(REAL, gate, "0.5", 0, 1, "",                                             \
      "With the critic: one is trained if its expected improvement is this "   \
      "share of the greatest in the round")                                    \
    X(REAL, audit, "0.05", 0, 1, "",                                           \
      "With the critic: trained although it was to be predicted, for each "    \
      "architecture trained; tells how wrong predictions are, and corrects "   \
      "the gate")                                                              \
    X(REAL, optimism, "0", -10, 10, "deviations",                              \
      "With the critic: a prediction's reward for the policy is its value "    \
      "and so many of its deviations")                                         \
    X(INT, points, "1000", 16, 20000, "results",                               \
      "With the critic: results it models, at most; its cost grows with the "  \
      "square of this")                                                        \
    X(BOOL, replay, "true", 0, 0, "",                                          \
      "Half of what the policy learns from in a round are results of earlier " \
      "rounds")                                                                \
    X(INT, capacity, "200", 1, 1000000, "results",                             \
      "With replay: results kept to be learned from again")                    \
    X(INT, stale, "10", 1, 1000000, "rounds",                                  \
      "With replay: older results are not learned from again")                 \
    X(INT, lag, "1", 0, 64, "rounds",                                          \
      "With replay: a round is drawn when so many before it are still out; "   \
      "keeps groups busy while the last results of a round are awaited")       \
    X(CHOICE, replay_correction, "proximal", 0, 0, "proximal|naive",           \
      "With replay: how results of an older policy count; proximal: weighted " \
      "by importance, naive: as if they were new")

struct fnas_conf {
    FNAS_SETTINGS(CONF_FIELD)
};

extern const struct conf_section fnas_section;

#endif
