/* SPDX-License-Identifier: MIT */
/* A child in a process of its own, forked for it: what kills a child, such as a
 * host that runs out of memory or a library that gives up, then costs that child
 * and not the run.
 *
 * One that dies is evaluated again, from the same start, so that the search goes
 * the same way; one that dies each time has failed. Local. */
#ifndef RUN_APART_H
#define RUN_APART_H

#include "eval/eval.h"

enum { APART_TRIES = 3 };

/** As eval_task, which it calls in the other process; here, if there is none
 * to be had.
 * @param pulse  of this rank, which the evaluator beats; beats of the other
 *               process are passed on to it */
void apart_evaluate(const struct eval *eval, void *evaluator,
                    struct pulse *pulse, const struct task *t,
                    const struct luggage *with, struct result *r,
                    struct luggage *left);

#endif
