/* SPDX-License-Identifier: MIT */
/* What travels between search and evaluation: a task out, a result back.
 * Both are plain values and are sent as bytes between ranks of one binary. */
#ifndef SPACE_TASK_H
#define SPACE_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "space/space.h"

/** What a critic says of an architecture before it is evaluated, in units of the
 * reward. */
struct prediction {
    double value, deviation; /* NAN if nothing was said */
    bool replaces;           /* stands for the result: no child is trained */
};

struct task {
    int64_t id; /* 0, 1, 2... in the order asked; keys all randomness */
    struct arch arch;
    struct prediction said;
};

/* clang-format off */
/* state, text: how a trial ended. Only DONE and CACHED carry an accuracy. */
#define TRIAL_LIST(X)                                                   \
    X(DONE,     "done")      /* evaluated                               */ \
    X(CACHED,   "cached")    /* asked before: answered from that result */ \
    X(DIVERGED, "diverged")  /* loss or weights not finite              */ \
    X(REFUSED,  "refused")   /* would not fit in memory, or not in table */ \
    X(FAILED,   "failed")    /* the evaluator failed; see reason        */ \
    X(PREDICTED, "predicted") /* by the critic, instead of evaluated    */
/* clang-format on */

#define TRIAL_ENUM(name, text) TRIAL_##name,
enum trial_state { TRIAL_LIST(TRIAL_ENUM) TRIAL_STATES };

enum { RESULT_REASON_MAX = 160 };

struct result {
    int64_t id; /* of the task */
    enum trial_state state;
    char reason[RESULT_REASON_MAX]; /* why not DONE; "" otherwise */
    double accuracy;                /* validation, 0..1; NAN if none */
    double loss;                    /* validation, nats; NAN if none */
    double train_loss;              /* mean of the last epoch; NAN if none */
    int64_t params;
    int64_t macs;   /* multiply-accumulates of one image, forward */
    int64_t bytes;  /* memory of the child on one rank while it trains */
    double latency; /* seconds for one image, forward, alone or as one of 16
                        (train.latency_batch); NAN if not measured */
    double epochs;  /* training epochs spent */
    double seconds; /* wall time of the evaluation */

    /* of a child that started from the knowledge pool */
    double inherited;   /* share of its weights, 0..1; 0: it did not */
    double age;         /* epochs these had been trained, mean over weights */
    int64_t generation; /* of the blocks it started from; -1: it did not */
    double scratch;     /* accuracy when trained from scratch, too, to compare;
                           NAN: it was not */
    double scratch_epochs; /* epochs spent on that */
};

/** What travels with a task or a result, if anything: bytes that only the
 * evaluator understands.  Who has it frees it (mem_free). */
struct luggage {
    void *bytes; /* NULL: nothing */
    size_t size;
};

/** One that has only a state: what is measured is NAN, or 0. */
struct result result_bare(int64_t id, enum trial_state state);

/** "done", "cached"... */
const char *trial_text(enum trial_state state);

/** An accuracy that may enter a mean, a reward, a decision? */
static inline int result_counts(const struct result *r)
{
    return r->state == TRIAL_DONE || r->state == TRIAL_CACHED;
}

#endif
