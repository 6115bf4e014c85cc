/* SPDX-License-Identifier: MIT */
/* The task farm: rank 0 hands tasks to groups of ranks and takes results back.
 *
 * Every task is answered: a failure is a result that says so.  With no group
 * the farm evaluates on rank 0 itself. */
#ifndef RUN_FARM_H
#define RUN_FARM_H

#include "eval/eval.h"
#include "run/ranks.h"
#include "space/task.h"

struct farm;

/** `evaluator` is this rank's own, used without groups; borrowed, as are the
 * others.
 * @param patience  seconds that a rank may be silent, see run/watch.h
 * Rank 0 only. */
struct farm *farm_new(struct ranks *r, const struct eval *eval,
                      void *evaluator, double patience);

/** Tell all ranks to stop, and hear their last words, all[rank][size bytes]
 * but for rank 0's.  False: a rank was silent for too long; `who` names it.
 * Rank 0 only. */
bool farm_end(struct farm *f, void *all, size_t size, char *who,
              size_t who_size);

/** NULL is fine. Rank 0 only. */
void farm_free(struct farm *f);

/** Groups that have no task; at least 1 in a farm without groups that holds no
 * result. Rank 0 only. */
int farm_idle(const struct farm *f);

/** Hand a task and what it takes along to an idle group; there must be one.
 * Rank 0 only. */
void farm_submit(struct farm *f, const struct task *t,
                 const struct luggage *with);

/** Do other ranks still work on tasks? Rank 0 only. */
bool farm_working(const struct farm *f);

/** Is a result there, so that farm_collect need not wait? Rank 0 only. */
bool farm_ready(struct farm *f);

/** Was a rank silent for too long?  `who` names it, and where it was.  Not asked
 * while results wait to be collected. Rank 0 only. */
bool farm_late(struct farm *f, char *who, size_t size);

/** Wait for one result, of any task; there must be one out.  What comes with it
 * is the caller's. Rank 0 only. */
void farm_collect(struct farm *f, struct result *r, struct luggage *left);

/** Share of the groups' time spent on tasks, 0..1, since the first was
 * submitted. Rank 0 only. */
double farm_busy(const struct farm *f);

/** Serve tasks until told to stop. Ranks other than 0. */
void farm_work(struct ranks *r, const struct eval *eval, void *evaluator);

/** The last word to rank 0, after farm_work. Ranks other than 0. */
void farm_leave(const struct ranks *r, const void *word, size_t size);

#endif
