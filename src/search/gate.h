/* SPDX-License-Identifier: MIT */
/* The decision module: which architectures of a round are trained, and for
 * which the critic's prediction does.
 *
 * Being sure is not enough reason to skip, nor being unsure to train: what
 * matters is whether the result could change the search.  So an architecture is
 * trained if its expected improvement over the best result is
 *     - the greatest of the round, or
 *     - at least `share` of that, the variances being those that will be left
 *       when the ones already chosen are known, and there is room.
 * What was trained already, or is being so, is never trained again.
 *
 * A few of the skipped are trained all the same, drawn at random: the audits.
 * If over the latest ones the error exceeds 1.5 of the deviations that were
 * predicted, share is halved (more are trained); it returns slowly. */
#ifndef SEARCH_GATE_H
#define SEARCH_GATE_H

#include <stdbool.h>

#include "base/rng.h"
#include "learn/critic.h"
#include "space/arch_index.h"

enum { GATE_RECENT = 20 }; /* audits that share is judged by */

struct state;

struct gate {
    double set, share;          /* as set, and now */
    double audit;               /* audits for each architecture trained */
    double recent[GATE_RECENT]; /* errors of audits in deviations, a ring */
    int64_t audits;
    double error, ratio; /* sums over audits: |error|, in deviations */
    int64_t skipped, trained;
};

/** Decide for n architectures judged in v just now: train[i]; barred[i]: must
 * not be, it is known or the same as one that is.  At most `most`
 * are trained for their gain, and at most one as an audit; returns its number,
 * -1 if there is none.  v changes. */
int gate_decide(struct gate *g, struct critic *critic,
                const struct arch_index *known, int n, const struct arch *arch,
                struct verdict *v, int most, struct rng *r, bool *train,
                bool *barred);

/** Result of an audit. */
void gate_audited(struct gate *g, const struct prediction *said, double reward);

/** Save or load what it has done. */
void gate_state(struct gate *g, struct state *s);

#endif
