/* SPDX-License-Identifier: MIT */
/* All trials of a run, in the order asked; found again by architecture. Local. */
#ifndef RUN_TRIALS_H
#define RUN_TRIALS_H

#include <stdbool.h>
#include <stdint.h>

#include "space/task.h"

struct trial {
    struct task task;
    struct result result;
    double work;         /* see eval.h; 1 if all are alike */
    double reward;       /* NAN if it does not count */
    double finished;     /* when, seconds since the start of the run */
    int64_t twin;        /* earlier trial of the same architecture; -1 none */
    bool answered;       /* the result is there */
    struct luggage left; /* what came with it, until it is told */
};

/** Evaluated for its own sake: neither a repeat nor a prediction. */
static inline bool trial_fresh(const struct trial *t)
{
    return t->twin < 0 && !t->task.said.replaces;
}

struct trials {
    struct trial *list; /* [room] */
    int64_t count, room;
    int64_t *index; /* [2 room] open addressing by arch_hash; -1 free */

    int64_t settled; /* the first so many have their results; of these: */
    int64_t evaluated, repeats, predicted;
    int64_t failed;       /* evaluated, but no accuracy */
    int64_t best;         /* trial of the highest reward; -1 none */
    double best_accuracy; /* highest; NAN if none */
    uint64_t hash;        /* of the trajectory */
};

void trials_new(struct trials *t);
void trials_free(struct trials *t);

/** Append an unanswered trial.  If `reuse`, its twin is looked for; a trial
 * that is predicted is, and has, none.  The pointer holds until the next append. */
struct trial *trials_append(struct trials *t, const struct task *task,
                            bool reuse);

/** Count the next trial in order: its result and reward are there.  The
 * trajectory's hash takes in id, architecture, state and reward (of a
 * predicted trial, what was predicted). */
void trials_settle(struct trials *t);

#endif
