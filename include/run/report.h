/* SPDX-License-Identifier: MIT */
/* What the program prints: banner, progress, times, farewell. */
#ifndef RUN_REPORT_H
#define RUN_REPORT_H

#include "base/conf.h"
#include "base/timer.h"
#include "eval/eval.h"
#include "run/driver.h"
#include "run/progress.h"
#include "run/ranks.h"

/** Versions, ranks, space, data, method, seed. Rank 0 only. */
void report_banner(const struct ranks *r, const struct conf *conf,
                   const struct space *space, const struct eval *eval,
                   void *evaluator, const char *results);

/** The head of the progress table; a row of it. Rank 0 only. */
void report_head(void);
void report_row(const struct progress *p);

/** A rank's use of time and memory. */
struct usage {
    double seconds[TIMERS];
    double cpu;    /* seconds of processor time */
    double memory; /* peak, bytes */
};

/** This rank's, so far. Local. */
struct usage report_usage(void);

/** Table of times: least, mean and most over the ranks. Rank 0 only. */
void report_times(const struct usage *all, int ranks, double seconds);

/** The critic, the best architecture, the warnings, and the last line:
 * `FNAS DONE status=... trials=... predicted=... best=... trajectory=...`.
 * Rank 0 only. */
void report_done(const struct driver *d, enum run_status status);

#endif
