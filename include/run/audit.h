/* SPDX-License-Identifier: MIT */
/* Is the knowledge pool fair, and does it rank children as training from scratch
 * does?  Judged by the trials that started from it. Rank 0 only. */
#ifndef RUN_AUDIT_H
#define RUN_AUDIT_H

#include "base/stats.h"
#include "run/trials.h"

struct audit {
    int64_t started;       /* trials that started from the pool */
    double inherited;      /* mean share of their weights, 0..1 */
    double age;            /* correlation of reward and mean age of the weights,
                         both without their mean over the generation; near 0 if
                         the pool is fair */
    double epochs;         /* spent by all trials, audits not counted */
    double scratch_epochs; /* spent on audits */
    int64_t pairs;         /* trials that were trained from scratch, too */
    struct stats_interval tau; /* Kendall's: started against from scratch */
    double gain; /* mean accuracy of the pairs: started minus from scratch */
};

/** Of the trials that are settled. */
struct audit audit_trials(const struct trials *t, uint64_t seed);

/** Print it. */
void audit_print(const struct audit *a);

#endif
