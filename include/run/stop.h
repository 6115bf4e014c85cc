/* SPDX-License-Identifier: MIT */
/* When to stop before the end: signals, a file, a time limit, a silent rank.
 *
 *     USR1, NAME.STOP, time limit   no new trials; those in flight are awaited,
 *                                   for run.grace at most
 *     TERM, INT, a silent rank      at once: what is in flight is given up
 *     USR2                          no stop: the results are published
 *
 * Whatever is stopped can be started again: results are in the journal.
 * A handler only sets a flag. Rank 0 only; launchers send signals to all. */
#ifndef RUN_STOP_H
#define RUN_STOP_H

#include <stdbool.h>

enum stop_kind { STOP_NOT, STOP_SOON, STOP_NOW };

struct stop {
    const char *file; /* "NAME.STOP", borrowed */
    double until;     /* comm_clock() at which to stop; HUGE_VAL: no limit */
    double grace;     /* s, for trials in flight once a stop was asked for */
    double since;     /* comm_clock() when it was */
    double looked;    /* comm_clock() when the file was looked for */
    enum stop_kind asked;
    char why[512]; /* "" while nobody asked */
};

/** Take over the signals: `heed` on rank 0; elsewhere USR1 and USR2 are ignored.
 * Local. */
void stop_listen(bool heed);

/** Seconds that a limit of the settings (s; 0: none) or else of the batch
 * system (SLURM_JOB_END_TIME) leaves, but for 30 s in which to publish; HUGE_VAL
 * without either. */
double stop_seconds_left(double limit);

/** There is reason to stop: `why`. */
void stop_ask(struct stop *s, enum stop_kind kind, const char *why);

/** Did USR2 come, since this was asked? */
bool stop_publish(void);

/** Is there reason to stop?  Once there is, it stays, and can only become more
 * urgent.  The file is looked for once a second. */
enum stop_kind stop_look(struct stop *s);

/** Is there time for something that takes so many seconds?  If not, there is
 * reason to stop. */
bool stop_has_time(struct stop *s, double seconds);

#endif
