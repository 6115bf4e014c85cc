/* SPDX-License-Identifier: MIT */
/* Progress of a run: a row now and then, and a results file kept fresh. */
#ifndef RUN_PROGRESS_H
#define RUN_PROGRESS_H

#include <stdint.h>

#include "run/driver.h"

struct results;
struct state;

/** One row of progress, and what it says in numbers. */
struct progress {
    int64_t evaluated, failed, repeats, predicted;
    double seconds;        /* since the start */
    double best, mean;     /* accuracy; mean of those since the last row */
    double entropy;        /* of the policy; NAN if it has none */
    double busy;           /* share of the groups' time, 0..1 */
    double per_hour, left; /* children an hour; seconds until the end */
};

/** What is counted between two rows. */
struct meter {
    struct results *results;
    double sum; /* of accuracies since the last row */
    int count;
    int64_t at; /* evaluated trials at the last row */
};

/** Count a trial that was just settled; print a row after run.report_every of
 * them; publish the results after run.publish_every seconds.  That this fails is a
 * warning: the search goes on. Rank 0 only. */
void meter_after(struct meter *m, struct driver *d);

/** Publish the results now; that this fails is a warning. Rank 0 only. */
void meter_publish(struct meter *m, struct driver *d);

/** Save or load what is counted, and the rows so far; or forget them. Rank 0
 * only. */
void meter_state(struct meter *m, const struct driver *d, struct state *s);
void meter_begin(struct meter *m);

#endif
