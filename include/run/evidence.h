/* SPDX-License-Identifier: MIT */
/* What is kept of the trials to tell whether the search is one: the first and the
 * last of them. Local. */
#ifndef RUN_EVIDENCE_H
#define RUN_EVIDENCE_H

#include <stdint.h>

#include "run/trials.h"

enum { EVIDENCE_KEPT = 50 };

/** A reward that was measured, and the age of the weights it started from. */
struct measured {
    double reward, age;
};

/** All 0: nothing yet. */
struct evidence {
    int64_t proposed, measured; /* how many */
    struct arch late[EVIDENCE_KEPT];
    struct measured first[EVIDENCE_KEPT], last[EVIDENCE_KEPT];
};

/** Take in a trial that is settled.  Failed, predicted or without a reward, it was
 * proposed but not measured. */
void evidence_add(struct evidence *e, const struct trial *t);

/** Save or load it. */
void evidence_state(struct evidence *e, struct state *s,
                    const struct space *space);

/** The last n architectures proposed, or measured; n <= EVIDENCE_KEPT, and no more
 * than there were.  Oldest first. */
void evidence_late(const struct evidence *e, int n, struct arch *list);
void evidence_last(const struct evidence *e, int n, struct measured *list);

#endif
