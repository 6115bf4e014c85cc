/* SPDX-License-Identifier: MIT */
#include "eval/eval.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/comm.h"
#include "base/timer.h"
#include "eval/evaluators.h"

CONF_ROWS(rows, struct eval_conf, EVAL_SETTINGS)
const struct conf_section eval_section = {
    .name = "eval",
    .help = "How an architecture is judged.",
    .bytes = sizeof(struct eval_conf),
    .count = CONF_COUNT(rows),
    .rows = rows,
};

static const struct eval *const evaluators[] = {&eval_train, &eval_table};

const struct eval *eval_find(const char *name)
{
    for (size_t i = 0; i < sizeof evaluators / sizeof evaluators[0]; i++)
        if (strcmp(evaluators[i]->name, name) == 0)
            return evaluators[i];
    return NULL;
}

void eval_task(const struct eval *eval, void *evaluator, const struct task *t,
               const struct luggage *with, struct result *r,
               struct luggage *left)
{
    double start = comm_clock();
    enum err e;

    *r = result_bare(t->id, TRIAL_FAILED);
    *left = (struct luggage){0};
    timer_start(TIMER_CHILD);
    e = eval->run(evaluator, t, with, r, left);
    timer_stop(TIMER_CHILD);
    if (e != ERR_NONE) {
        r->state = TRIAL_FAILED;
        r->accuracy = (double)NAN;
        (void)snprintf(r->reason, sizeof r->reason, "%s", err_message());
        err_clear();
    }
    r->seconds = comm_clock() - start;
}
