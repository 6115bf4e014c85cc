/* SPDX-License-Identifier: MIT */
/* The search loop on rank 0: ask, submit, collect, tell.
 *
 * Results are told in the order of the tasks, as late as the window allows: when
 * search.window trials are asked and not told, or the method needs results.  A
 * trial that the method predicts instead (task.said.replaces) is answered at
 * once: it takes no room in the window, no group, and none of run.trials.  So
 * what is asked depends on settings and seed, never on the number of ranks or
 * their speed.  What the user sees is not delayed: a result counts as soon as it
 * and all before it are in.
 *
 * Before a time limit a trial that would not be ready is put off, until after the
 * restart, and shorter ones are looked for, as far as the window goes. */
#ifndef RUN_DRIVER_H
#define RUN_DRIVER_H

#include "base/conf.h"
#include "run/audit.h"
#include "run/evidence.h"
#include "run/farm.h"
#include "run/journal.h"
#include "run/pace.h"
#include "run/stop.h"
#include "run/trials.h"
#include "search/search.h"
#include "space/space.h"

/** How a run ended; the last line names it. */
enum run_status {
    RUN_COMPLETE,  /* run.trials architectures were evaluated */
    RUN_EXHAUSTED, /* nothing new came: run.patience repeats and predictions
                      in a row, or the method has no more to propose */
    RUN_STOPPED,   /* by a signal, a file or a time limit: to be restarted */
    RUN_FAILED     /* more trials failed than run.max_failed allows */
};

struct driver {
    const struct conf *conf;
    const struct space *space;
    const struct search *method;
    const struct transfer *transfer; /* what it starts from */
    void *search;
    struct farm *farm;
    const struct eval *eval; /* of rank 0 */
    void *evaluator;
    struct journal *journal; /* results are kept there; NULL: nowhere */
    struct stop stop;
    struct trials trials;
    struct audit_sums audit;  /* of those settled, */
    struct evidence evidence; /* as this */
    struct pace pace;         /* of those answered */
    double started;           /* comm_clock() */
    double longest, shortest; /* seconds that a trial took; 0: none did */
    int64_t resumed;          /* trials that the journal had */
    int64_t fresh;            /* asked, and evaluated for it */
    int64_t idle;        /* in a row, the last asked: repeats, predictions */
    int64_t out;         /* asked and not told, but for predictions */
    int64_t in_flight;   /* submitted and not collected */
    int64_t put_off;     /* not submitted: too little time was left */
    int64_t told_fresh;  /* told to the method, evaluated; of these: */
    int64_t told_failed; /* without an accuracy */

    /** Called after each trial counted, for progress and results. */
    void (*after)(struct driver *d, void *context);

    /** Called between trials, when driver_state may be called; NULL: never. */
    void (*rest)(struct driver *d, void *context);

    /** Called when somebody wants to see the results now. */
    void (*publish)(struct driver *d, void *context);
    void *context;
};

/** Begin a search, of which nothing is asked.  The caller has filled in the fields
 * up to stop, and the functions; all others are 0.  driver_end frees what it
 * made. Rank 0 only. */
void driver_begin(struct driver *d);
void driver_end(struct driver *d);

/** Save or load, into one that has just begun, all but what the evaluator has
 * learned.  What is in flight is not saved: a state holds once the journal has
 * all that was asked when it was saved. */
void driver_state(struct driver *d, struct state *s);

/** Search until run.trials are evaluated. Rank 0 only. */
enum run_status driver_run(struct driver *d);

/** "complete", "exhausted", "stopped", "failed". */
const char *run_status_text(enum run_status s);

#endif
