/* SPDX-License-Identifier: MIT */
/* The results of an earlier run that deserve a second look. */
#ifndef SEARCH_FINALISTS_H
#define SEARCH_FINALISTS_H

#include "search/transfer.h"
#include "space/space.h"

/** The `most` best of an earlier run, best first, no architecture twice; how
 * many there are.  Best is the highest reward, less what it owes to inherited
 * weights (critic_level). */
int finalists(const struct space *space, const struct earlier *run, int most,
              struct arch *best);

#endif
