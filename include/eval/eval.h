/* SPDX-License-Identifier: MIT */
/* An evaluator: turns an architecture into a result, on a group of ranks.
 *
 * Every rank of a group calls run() with the same task; all get the same
 * result.  An architecture that cannot be evaluated is a result with a state
 * and a reason; an enum err is trouble that ends the program. */
#ifndef EVAL_EVAL_H
#define EVAL_EVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/err.h"
#include "space/space.h"
#include "space/task.h"

struct comm;
struct h5;
struct pulse;
struct state;

/** Where an evaluator works; all borrowed.  All NULL: one process without MPI,
 * which evaluates nothing but may open, print and close. */
struct eval_place {
    struct comm *world;  /* everybody, for opening and closing only */
    struct comm *node;   /* ranks that share memory with this one */
    struct comm *group;  /* ranks that evaluate one task together; NULL: none */
    struct pulse *pulse; /* to beat while one is evaluated */
};

struct eval {
    const char *name, *help;

    /** Is run() long enough, and in need of so much, that it is better called in
     * a process of its own?  What that leaves in memory is gone. */
    bool apart;

    /** Get ready: read and check all files. Collective over place->world. */
    enum err (*open)(void **self, const struct eval_place *place,
                     const struct space *space, const struct conf *conf,
                     uint64_t seed);

    /** What a task takes along to run(); NULL: nothing, as with no bytes.
     * Called in the order of the tasks. Rank 0 only. */
    struct luggage (*start)(void *self, const struct task *t);

    /** What a task will cost, in units of the evaluator's own: twice as much
     * should take twice as long.  NULL: all are alike. Rank 0 only. */
    double (*work)(void *self, const struct task *t);

    /** Evaluate one task, with what it took along.  On rank 0 of the group
     * *left, empty before, is what is told to learn(). Collective over
     * place->group. */
    enum err (*run)(void *self, const struct task *t,
                    const struct luggage *with, struct result *r,
                    struct luggage *left);

    /** A result was told to the search; the bytes of `left` become the
     * evaluator's.  NULL: it does not care.  Called in the order of the tasks.
     * Rank 0 only. */
    void (*learn)(void *self, const struct result *r, double reward,
                  struct luggage left);

    /** Save or load what was learned since open(); what cannot be loaded leaves
     * the evaluator as it was.  NULL: nothing. Rank 0 only. */
    void (*state)(void *self, struct state *s);

    /** Print what was opened, for the banner. Rank 0 only. */
    void (*print)(void *self);

    /** A hash of the task: of all but architecture and seed that a result
     * depends on. */
    uint64_t (*digest)(const void *self);

    /** Write what was opened to the results, below /run. Rank 0 only. */
    enum err (*record)(void *self, struct h5 *h);

    /** Print what was learned, at the end; NULL: nothing. Rank 0 only. */
    void (*report)(void *self);

    /** With pool.enabled: write NAME.pool.h5, which is published beside the
     * results at the end.  NULL: there is none. Rank 0 only. */
    enum err (*leave)(void *self, struct h5 *h);

    /** Collective over place->world. */
    void (*close)(void *self);
};

#define EVAL_SETTINGS(X)                                                       \
    X(CHOICE, kind, "train", 0, 0, "train|table",                              \
      "Evaluator: train children, or look results up in a benchmark table")

struct eval_conf {
    EVAL_SETTINGS(CONF_FIELD)
};

extern const struct conf_section eval_section;

/** The evaluator of that name; NULL if there is none. */
const struct eval *eval_find(const char *name);

/** Evaluate one task and time it; what goes wrong becomes a result. Collective
 * over the group of `self`. */
void eval_task(const struct eval *eval, void *self, const struct task *t,
               const struct luggage *with, struct result *r,
               struct luggage *left);

#endif
