/* SPDX-License-Identifier: MIT */
/* How long a trial will take, from those that were.
 *
 * The longest that any of no more work took; if it is the largest so far, as
 * much longer as its work is more; and a fifth on top. Local. */
#ifndef RUN_PACE_H
#define RUN_PACE_H

#include "run/trials.h"

/** Seconds for a trial of that work; 0: nothing is known. */
double pace_seconds(const struct trials *t, double work);

#endif
