/* SPDX-License-Identifier: MIT */
/* A grid of searches: arms (methods with their settings) x seeds, one results
 * file each: FOLDER/ARM_SEED.h5, seeds from 1. All Local. */
#ifndef TOOLS_GRID_H
#define TOOLS_GRID_H

#include <stdbool.h>

#include "ledger.h"

enum { GRID_TARGETS_MAX = 8, GRID_SEEDS_MAX = 1000 };

struct grid {
    const char *folder;
    int seeds;
    int count;           /* arms; the first is the reference */
    char **arms;         /* [count] names, borrowed */
    struct ledger *runs; /* [count][seeds] */

    int targets;
    double target[GRID_TARGETS_MAX]; /* rewards */
};

/** Read all runs.  An arm that lacks runs is told of and taken out, since
 * medians of fewer seeds compare with nothing: ERR_DATA then, and the grid holds
 * the others; it holds none if the reference is lacking, or a file is damaged.
 * Without a target the reference's median best reward at the end becomes the
 * target.  grid_free in any case. */
MUST_CHECK enum err grid_read(struct grid *g);
void grid_free(struct grid *g);

const struct ledger *grid_run(const struct grid *g, int arm, int seed);

/** Cost of each seed's run until the target, cost[seeds]; infinite: missed. */
void grid_until(const struct grid *g, int arm, enum ledger_unit u,
                double target, double *cost);

/** Was any child trained?  Answers of a table cost rollouts, but neither epochs
 * nor seconds worth counting. */
bool grid_trains(const struct grid *g);

/** The tables, for people. */
void grid_print(const struct grid *g);

/** PREFIX.csv: every run; PREFIX_UNIT.dat, for each unit (rollouts alone if nothing was trained): curves to
 * plot, see doc/benchmarks.md. ERR_IO. */
MUST_CHECK enum err grid_write(const struct grid *g, const char *prefix);

#endif
