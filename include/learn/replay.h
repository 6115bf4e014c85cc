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
struct state;

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

/** Save or load it. */
void replay_state(struct replay *r, struct state *s, const struct space *space);

/** Draw at most n different results, uniformly, of those not older than round
 * `since`; e: [n], mu: [n, slots]. Returns how many. */
int replay_draw(struct replay *r, struct rng *rng, int n, int64_t since,
                struct experience *e, float *mu);

#endif
