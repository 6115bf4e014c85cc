/* SPDX-License-Identifier: MIT */
/* Is the search a search?  A panel of figures, one row each, and how often each
 * option was chosen lately.
 *
 * A method that does no better than random draws still prints a best
 * architecture; the panel says so.  Two things must both be seen, each at a
 * level of 5 %, before a search counts as more than random:
 *
 * - what it proposed lately is not drawn uniformly: Pearson's chi-squared, added
 *   over the decisions;
 * - what it proposed lately has higher rewards than what it proposed first:
 *   Mann and Whitney's test, exact.  If every proposal were drawn alike, each
 *   order of the rewards would be as likely, repeats included.
 *
 * "Lately" and "first" are a quarter of the trials each, 8 to 50; under 16
 * trials nothing is judged.  The first ones of PPO and evolution are random or
 * nearly so; if a search has learned much among them already, that hides its
 * gain rather than feigning one.  Children of a later pool have higher rewards
 * whoever proposes them; with a critic rewards are compared without what it takes
 * to be inherited, else this counts as gain.  Rank 0 only. */
#ifndef RUN_HEALTH_H
#define RUN_HEALTH_H

#include <stdbool.h>

#include "run/choices.h"
#include "run/driver.h"

enum {
    HEALTH_ROWS_MAX = 16,
    HEALTH_TEXT_MAX = 128,
    HEALTH_LEAST = 8, /* trials compared */
    HEALTH_MOST = EVIDENCE_KEPT
};

/** A figure of the panel; a new one is a function in the table of health.c. */
struct health_row {
    char name[32];
    double value; /* NAN: there is none */
    char text[HEALTH_TEXT_MAX];
};

struct health {
    int rows;
    struct health_row row[HEALTH_ROWS_MAX];
    int late; /* proposals counted: as many as are compared, or, if these
                 are too few, up to HEALTH_MOST */
    int choices;
    struct choice *choice; /* of the late trials, [choices] */
    bool random;           /* enough trials, and no better than random */
};

/** The panel as things stand; health_free frees what it holds. */
void health_measure(struct health *h, const struct driver *d);
void health_free(struct health *h);

/** Measure and print it; a warning if the search is not distinguishable from
 * random draws and was meant to be. */
void health_report(const struct driver *d);

#endif
