/* SPDX-License-Identifier: MIT */
/* What must come to an end although nobody watches: the set-up, where all ranks
 * wait for each other, and the end, where rank 0 has nothing more to hear.
 * Between them there is run/watch.h.
 *
 * A process that is late says so and ends, which ends the job; what was found is
 * in the journal. All Local. */
#ifndef RUN_DEADLINE_H
#define RUN_DEADLINE_H

/** From now on `what` may take so many seconds, rounded up; 0: for ever.  In
 * place of what was set before. */
void deadline_set(double seconds, const char *what);

/** It has come to an end. */
void deadline_end(void);

#endif
