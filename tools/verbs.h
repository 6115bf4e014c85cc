/* SPDX-License-Identifier: MIT */
/* The verbs of fnas, one .c file each: given the words after the verb. */
#ifndef TOOLS_VERBS_H
#define TOOLS_VERBS_H

#include "base/err.h"

/** `table IN.json OUT.h5`: NAS-Bench-Macro's published JSON becomes a benchmark
 * table for eval.kind = "table". */
MUST_CHECK enum err verb_table(int argc, char **argv);

/** `reach ACCURACY FILE.h5...`: distinct evaluations until the accuracy was
 * reached, each run of its own, then quartiles over the runs. */
MUST_CHECK enum err verb_reach(int argc, char **argv);

/** `merge OUT.h5 FILE.h5...`: searches of one task become one table and one
 * file. ERR_STOPPED, once that is done: not all of them are complete. */
MUST_CHECK enum err verb_merge(int argc, char **argv);

/** `ablation FOLDER REFERENCE ARM...`: what each arm of a grid of searches cost
 * until it had found a reward, against the reference; see tools/ablation. */
MUST_CHECK enum err verb_ablation(int argc, char **argv);

#endif
