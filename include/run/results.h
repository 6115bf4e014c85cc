/* SPDX-License-Identifier: MIT */
/* NAME.h5: what a run found, how, and where it came from.
 *
 *     /README                how to read the file
 *     /trials/...            one column each, one row a trial, in order
 *     /trials_options        [trials, decisions] option chosen
 *     /decisions/...         name and options of each decision
 *     /progress/...          the rows printed while it ran
 *     /health/...            whether the search was one, see run/health.h
 *     /best/...              the architecture of the highest reward
 *     /critic/...            how far predictions were to be trusted, if any
 *     /timing/...            seconds over ranks; empty until the end
 *     /run/...               input, command line, versions, hosts, data, status
 *     /pool/...              how the knowledge pool did; at the end, if enabled
 *
 * Every dataset has units and a description. */
#ifndef RUN_RESULTS_H
#define RUN_RESULTS_H

#include "run/driver.h"
#include "run/ranks.h"
#include "run/report.h"

enum { RESULTS_TASK = 17, RESULTS_TEXTS = 3 };

struct state;

struct results {
    char path[CONF_TEXT_MAX + 8];  /* NAME.h5 */
    char pool[CONF_TEXT_MAX + 16]; /* NAME.pool.h5 */
    const struct conf *conf;       /* borrowed */
    char *input;                   /* effective input */
    const char *command;           /* command line, borrowed */
    char started[32];              /* ISO 8601 */
    const struct ranks *ranks;
    const struct eval *eval;
    void *evaluator;
    struct spool progress;       /* of struct progress */
    size_t width[RESULTS_TEXTS]; /* of the texts of a trial */
    double published, took;      /* comm_clock() of the last time, seconds */
};

/** Remember what does not change; `replace` allows an existing file. ERR_IO. */
MUST_CHECK enum err results_open(struct results *s, const struct conf *conf,
                                 bool replace);
void results_close(struct results *s);

/** What /run/task says, in room for RESULTS_TASK bytes: a hash of the evaluator's
 * digest and of what a reward is. The evaluator must be there. */
void results_task(const struct results *s, char *task);

/** Print how the run of that name stands. ERR_STOPPED, without a message, if it
 * is to be restarted; ERR_FAILED: that would be of no use; ERR_IO, ERR_DATA: its
 * results cannot be read. */
MUST_CHECK enum err results_print_status(const char *name);

/** Note a trial that is settled; a printed row. */
void results_note(struct results *s, const struct driver *d,
                  const struct trial *t);
void results_progress(struct results *s, const struct progress *p);

/** Save or load what was noted and printed, after the driver was; or forget it. */
void results_state(struct results *s, const struct driver *d,
                   struct state *state);
void results_forget(struct results *s);

/** Publish the file as things stand; `status` is "running" or the end's, usage
 * [ranks] may be NULL. Rank 0 only. */
MUST_CHECK enum err results_publish(struct results *s, const struct driver *d,
                                    const char *status,
                                    const struct usage *usage);

#endif
