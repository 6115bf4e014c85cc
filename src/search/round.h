/* SPDX-License-Identifier: MIT */
/* A round: architectures that the policy drew together, and what became of
 * them. */
#ifndef SEARCH_ROUND_H
#define SEARCH_ROUND_H

#include "space/task.h"

struct round {
    int64_t first; /* its tasks are first..first + count - 1 */
    int count, asked, told;
    int audit;               /* the one trained to see how wrong a prediction
                                is; -1 none */
    struct arch *arch;       /* [room] */
    struct prediction *said; /* [room] */
    bool *moved;             /* [room], mutated after it was drawn: the policy
                                does not learn from it */
    double *reward;          /* [room], to learn from; NAN: nothing */
    double *age;             /* [room], of the weights it started from */
    double rise;             /* what all in `said` owe to inherited weights */
    float *mu; /* log-probabilities when they were drawn, [room, slots] */
};

void round_new(struct round *r, int room, int slots);
void round_free(struct round *r);

/** Begin anew: `count` architectures from task `first` on, nothing said. */
void round_begin(struct round *r, int64_t first, int count);

/** The number of a task in it; -1 if it is of another. */
int round_find(const struct round *r, int64_t id);

#endif
