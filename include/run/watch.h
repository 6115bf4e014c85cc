/* SPDX-License-Identifier: MIT */
/* Watch over the ranks: who fell silent, and where it was. Rank 0 only. */
#ifndef RUN_WATCH_H
#define RUN_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/pulse.h"
#include "run/ranks.h"

struct watch;

/** All ranks are taken to be alive now.
 * @param patience  seconds of silence that are too long; 0: never */
struct watch *watch_new(const struct ranks *r, double patience);
void watch_free(struct watch *w);

/** A rank gave a sign of life. */
void watch_hear(struct watch *w, int rank, const struct beat *b);

/** A rank has said its last word, and may be silent. */
void watch_dismiss(struct watch *w, int rank);

/** Has a rank been silent for too long?  Then `who` names it and where it was.
 * One that is silent for half as long is warned of.  All beats that have come
 * must have been heard. */
bool watch_late(struct watch *w, char *who, size_t size);

#endif
