/* SPDX-License-Identifier: MIT */
/* The built-in evaluators, one .c file each. */
#ifndef EVAL_EVALUATORS_H
#define EVAL_EVALUATORS_H

#include "eval/eval.h"

extern const struct eval eval_train, eval_table;

extern const struct conf_section table_section;

#endif
