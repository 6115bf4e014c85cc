/* SPDX-License-Identifier: MIT */
/* The architecture experience buffer: real results, kept to be learned from
 * again, with the log-probabilities their decisions had when they were drawn
 * (ppo.h says what for).  First in, first out. All Local. */
#ifndef LEARN_REPLAY_H
#define LEARN_REPLAY_H

#include <stdint.h>

#include "base/rng.h"
#include "space/space.h"

struct replay;

/** An empty buffer of so many results. */
struct replay *replay_new(int slots, int capacity);
void replay_free(struct replay *r);

/** A result: what it was, and when. */
struct experience {
    struct arch arch;
    double reward;
    double age; /* of the weights it started from (critic_add) */
    int64_t round;
};

/** Add a result; mu: log mu(a_t | s_t), [slots].  The oldest goes if there is no
 * room. */
void replay_add(struct replay *r, const struct experience *e, const float *mu);

/** What is drawn: at most n different results, uniformly, of the best of those
 * not older than round `since`: a share of `best`, but n at least; best = 1: all.
 * The best alone are a bias that weights of importance do not undo, meant as in
 * self-imitation learning (Oh et al. 2018). */
struct replay_choice {
    int n;
    int64_t since;
    double best;
    double (*worth)(const void *of, const struct experience *e);
    const void *of; /* given to `worth` */
};

/** Draw; e: [n], mu: [n, slots]. Returns how many. */
int replay_draw(struct replay *r, struct rng *rng,
                const struct replay_choice *c, struct experience *e, float *mu);

#endif
