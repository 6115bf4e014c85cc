/* SPDX-License-Identifier: MIT */
/* All trials of a run, in the order asked; found again by architecture.
 *
 * A trial that was told is not changed any more, and goes to a file: memory holds
 * those asked since, and an index of 16 to 32 bytes for each architecture.
 * Local. */
#ifndef RUN_TRIALS_H
#define RUN_TRIALS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/spool.h"
#include "space/arch_index.h"
#include "space/task.h"

struct state;

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
    int64_t count, settled, told; /* told <= settled <= count */
    struct spool spool;           /* trials 0..told - 1 */
    struct trial *list;           /* [room] the others, a ring by number */
    int64_t room;
    struct arch_index index; /* the first evaluated of each architecture */

    /* of those settled, which have their results: */
    int64_t evaluated, repeats, predicted;
    int64_t failed;       /* evaluated, but no accuracy */
    struct trial best;    /* of the highest reward; task.id -1: none */
    double best_accuracy; /* highest; NAN if none */
    uint64_t hash;        /* of the trajectory */
};

/** No trials yet; `name` is that of the run (base/spool.h). */
void trials_new(struct trials *t, const char *name);
void trials_free(struct trials *t);

/** A trial that was not told.  The pointer holds until the next append. */
struct trial *trials_at(const struct trials *t, int64_t id);

/** Read the n trials from `first` on. ERR_IO. */
MUST_CHECK enum err trials_read(const struct trials *t, int64_t first,
                                int64_t n, struct trial *list);

/** Append an unanswered trial.  If `reuse`, its twin is looked for; a trial
 * that is predicted is, and has, none.  ERR_IO: an earlier trial cannot be read;
 * nothing was appended. */
MUST_CHECK enum err trials_append(struct trials *t, const struct task *task,
                                  bool reuse, struct trial **new);

/** Count the next trial in order: its result and reward are there.  The
 * trajectory's hash takes in id, architecture, state and reward (of a
 * predicted trial, what was predicted). */
void trials_settle(struct trials *t);

/** The next trial in order, which is settled, was told to all who want to know. */
void trials_tell(struct trials *t);

/** Save or load them; their luggage is not among it.  What is loaded are no trials
 * yet.  @param reuse  as for trials_append */
void trials_state(struct trials *t, struct state *s, const struct space *space,
                  bool reuse);

#endif
