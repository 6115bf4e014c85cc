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
 * others. Rank 0 only. */
struct farm *farm_new(const struct ranks *r, const struct eval *eval,
                      void *evaluator);

/** Tell all workers to stop, and end the farm. Rank 0 only. */
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

/** Wait for one result, of any task; there must be one out.  What comes with it
 * is the caller's. Rank 0 only. */
void farm_collect(struct farm *f, struct result *r, struct luggage *left);

/** Share of the groups' time spent on tasks, 0..1, since the first was
 * submitted. Rank 0 only. */
double farm_busy(const struct farm *f);

/** Serve tasks until told to stop. Ranks other than 0. */
void farm_work(const struct ranks *r, const struct eval *eval, void *evaluator);

/** Evaluate one task and time it; what goes wrong becomes a result. Collective
 * over the group of r. */
void farm_evaluate(const struct eval *eval, void *evaluator,
                   const struct task *t, const struct luggage *with,
                   struct result *r, struct luggage *left);

#endif
