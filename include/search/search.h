/* SPDX-License-Identifier: MIT */
/* A search method: proposes architectures and learns from their rewards.
 *
 * The driver asks and tells; results are told in the order of the tasks, so a
 * method depends on settings and seed alone.  A method's file exports one symbol,
 * listed in search.c. Rank 0 only. */
#ifndef SEARCH_SEARCH_H
#define SEARCH_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/conf.h"
#include "space/space.h"
#include "space/task.h"

struct state;
struct transfer;

/** How far a critic could be trusted; NAN where there is nothing yet. */
struct critic_health {
    bool on;                 /* there is one; else all is 0 */
    int64_t learned;         /* results it knows */
    double skipped, trained; /* architectures since it decides */
    double audits;           /* of them trained to test a prediction; */
    double audit_error;      /* mean |prediction - reward| of these, */
    double audit_ratio;      /* and in units of the deviation predicted */
    double in_50, in_90;     /* share of results within these intervals, each
                                predicted just before it was learned */
    double scale;            /* calibration of deviations, now */
    double slope;            /* reward taken to be inherited, for one more of
                                log(1 + epochs the weights were trained) */
};

/** Figures of a method for the progress row; NAN where it has none. */
struct search_health {
    double entropy; /* of the policy, mean over decisions, in [0, 1]:
                       1 = uniform */
    struct critic_health critic;
};

/** What a search starts from; all borrowed. */
struct search_start {
    const struct space *space;
    const struct conf *conf;
    uint64_t seed;
    const struct transfer *transfer; /* results of earlier runs; NULL: none */
};

struct search {
    const char *name, *help;
    const struct conf_section *section; /* its settings, or NULL */
    bool transfers; /* learns from the results of earlier runs */

    /** A fresh search. */
    void *(*create)(const struct search_start *start);

    /** Propose: fill t->arch (t->id is set), and t->said if the method has an
     * opinion.  false: needs results first; with all results told, there is
     * nothing more to propose. */
    bool (*ask)(void *self, struct task *t);

    /** Learn from a result; reward is NAN if it must not enter a mean, and if
     * t->said replaces it. NULL: it learns nothing, and is there to compare
     * with. */
    void (*tell)(void *self, const struct task *t, const struct result *r,
                 double reward);

    /** Save or load all that tasks and results made of it since create(), so
     * many of which were asked and told. NULL: nothing. */
    void (*state)(void *self, struct state *s, int64_t asked, int64_t told);

    /** NULL: it has no figures. */
    struct search_health (*health)(const void *self);

    void (*destroy)(void *self);
};

#define SEARCH_SETTINGS(X)                                                     \
    X(CHOICE, method, "ppo", 0, 0, "ppo|fnas|random|evolution|list",           \
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
extern const struct search search_fnas;      /* fnas.c, too */
extern const struct search search_random;    /* random.c */
extern const struct search search_evolution; /* evolution.c */
extern const struct search search_list;      /* list.c */

/** The method of that name; NULL if there is none. */
const struct search *search_find(const char *name);

/** The i-th method; NULL past the last. */
const struct search *search_at(int i);

/** method->tell, if there is one. */
void search_tell(const struct search *method, void *self, const struct task *t,
                 const struct result *r, double reward);

/** method->health; without one no figures. */
struct search_health search_health_of(const struct search *method,
                                      const void *self);

#endif
