/* SPDX-License-Identifier: MIT */
#include "eval/eval.h"

#include <string.h>

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
