/* SPDX-License-Identifier: MIT */
/* A search method: proposes architectures and learns from their rewards.
 *
 * The driver asks and tells; results are told in the order of the tasks, so a
 * method depends on settings and seed alone.  All five slots are mandatory; a
 * method's file exports one symbol, listed in search.c. Rank 0 only. */
#ifndef SEARCH_SEARCH_H
#define SEARCH_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/conf.h"
#include "space/space.h"
#include "space/task.h"

/** Figures of a method for the progress row; NAN where it has none. */
struct search_health {
    double entropy; /* of the policy, mean over decisions, in [0, 1]:
                       1 = uniform */
};

struct search {
    const char *name, *help;
    const struct conf_section *section; /* its settings, or NULL */
    bool control; /* learns nothing: there to compare with */

    /** A fresh search; `space` and `conf` are borrowed. */
    void *(*create)(const struct space *space, const struct conf *conf,
                    uint64_t seed);

    /** Propose: fill t->arch (t->id is set).  false: needs results first; with
     * all results told, there is nothing more to propose. */
    bool (*ask)(void *self, struct task *t);

    /** Learn from a result; reward is NAN if it must not enter a mean. */
    void (*tell)(void *self, const struct task *t, const struct result *r,
                 double reward);

    struct search_health (*health)(const void *self);

    void (*destroy)(void *self);
};

#define SEARCH_SETTINGS(X)                                                     \
    X(CHOICE, method, "ppo", 0, 0, "ppo|random|evolution|list",                \
      "Search method; its own settings are in the section of that name")       \
    X(INT, window, "16", 1, 65536, "trials",                                   \
      "Trials in flight at most; more keeps more groups busy, fewer lets the " \
      "method learn sooner. Part of the search: changing it changes the "      \
      "trajectory")

struct search_conf {
    SEARCH_SETTINGS(CONF_FIELD)
};

extern const struct conf_section search_section;

/* The methods, one from each file. */
extern const struct search search_ppo;       /* fnas.c */
extern const struct search search_random;    /* random.c */
extern const struct search search_evolution; /* evolution.c */
extern const struct search search_list;      /* list.c */

/** The method of that name; NULL if there is none. */
const struct search *search_find(const char *name);

/** The i-th method; NULL past the last. */
const struct search *search_at(int i);

#endif
