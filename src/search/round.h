/* SPDX-License-Identifier: MIT */
/* A round: architectures that the policy drew together, and what became of
 * them. */
#ifndef SEARCH_ROUND_H
#define SEARCH_ROUND_H

#include "space/task.h"

struct state;

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

/** Begin anew: `count` architectures from task `first` on, nothing said. */
void round_begin(struct round *r, int64_t first, int count);

/** The number of a task in it; -1 if it is of another. */
int round_find(const struct round *r, int64_t id);

/** The rounds that are open: learned..drawn - 1, a ring of so many. */
struct rounds {
    struct round *ring; /* [open] */
    int open, room;
    int64_t learned, drawn;
};

/** Rounds of at most `room` architectures each, none of them drawn. */
void rounds_new(struct rounds *r, int open, int room, int slots);
void rounds_free(struct rounds *r);

/** The round of that number. */
struct round *rounds_at(const struct rounds *r, int64_t number);

/** Save or load them, when so many tasks were asked and told. */
void rounds_state(struct rounds *r, struct state *s, const struct space *space,
                  int64_t asked, int64_t told);

#endif
