/* SPDX-License-Identifier: MIT */
/* Is the knowledge pool fair, and does it rank children as training from scratch
 * does?  Judged by the trials that started from it. Rank 0 only. */
#ifndef RUN_AUDIT_H
#define RUN_AUDIT_H

#include "base/err.h"
#include "base/stats.h"
#include "run/trials.h"

struct h5;
struct state;

struct audit {
    int64_t started;       /* trials that started from the pool */
    double inherited;      /* mean share of their weights, 0..1 */
    double age;            /* correlation of reward and mean age of the weights,
                         both without their mean over the generation; near 0 if
                         the pool is fair */
    double epochs;         /* spent by all trials, audits not counted */
    double scratch_epochs; /* spent on audits */
    int64_t pairs;         /* trials that were trained from scratch, too */
    struct stats_interval tau; /* Kendall's: started against from scratch, the
                                  latest AUDIT_PAIRS */
    double gain; /* mean accuracy of the pairs: started minus from scratch */
};

enum { AUDIT_GENERATIONS = 64, AUDIT_PAIRS = 1024 };

/** What is kept of trials to judge them: sums, the latest pairs. All 0: none. */
struct audit_sums {
    int64_t started;
    double inherited, epochs, scratch_epochs, gain;

    /* reward and age, about their means over a generation: of the latest ones,
       and of all before */
    struct {
        int64_t generation;
        struct stats_pairs pairs;
    } recent[AUDIT_GENERATIONS];
    struct stats_pairs earlier;

    int64_t pairs; /* ever */
    double accuracy[AUDIT_PAIRS], scratch[AUDIT_PAIRS];
};

/** Count a trial that is settled.  The trials of a generation follow each other,
 * with those of fewer than AUDIT_GENERATIONS others between them. */
void audit_count(struct audit_sums *s, const struct trial *t);

/** Save or load it. */
void audit_state(struct audit_sums *s, struct state *state);

/** Of what was counted; the seed is that of the bootstrap. */
struct audit audit_of(const struct audit_sums *s, uint64_t seed);

/** Print it; write it to the results, below /pool.  Nothing is said if no trial
 * started from the pool. */
void audit_print(const struct audit *a);
MUST_CHECK enum err audit_write(const struct audit *a, struct h5 *h);

#endif
