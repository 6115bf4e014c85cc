/* SPDX-License-Identifier: MIT */
/* How long a trial will take, from those that were, as far as they are kept.
 *
 * The longest that any of no more work took; if it is the largest so far, as
 * much longer as its work is more; and a fifth on top. Local. */
#ifndef RUN_PACE_H
#define RUN_PACE_H

#include <stdint.h>

enum { PACE_KEPT = 1024 };

struct state;

/** The latest trials; all 0: none yet. */
struct pace {
    int64_t count; /* ever noted */
    struct {
        double work, seconds;
    } kept[PACE_KEPT];
};

/** A trial of that work took so long. */
void pace_note(struct pace *p, double work, double seconds);

/** Save or load it. */
void pace_state(struct pace *p, struct state *s);

/** Seconds for a trial of that work; 0: nothing is known. */
double pace_seconds(const struct pace *p, double work);

#endif
