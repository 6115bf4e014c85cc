/* SPDX-License-Identifier: MIT */
/* The critic at work in a search: what it says of a round, which of the round
 * the gate has trained, and what is learned from results. */
#ifndef SEARCH_JUDGE_H
#define SEARCH_JUDGE_H

#include "round.h"
#include "search/fnas.h"
#include "search/search.h"

struct judge;
struct transfer;

/** Rounds are of at most `room` architectures; space and conf are borrowed. */
struct judge *judge_new(const struct space *space, const struct fnas_conf *conf,
                        int room, uint64_t seed);
void judge_free(struct judge *j);

/** Before the first round: results of earlier runs.  Those of this task are
 * learned like any other; those of others say what to expect, so that fewer
 * results are needed before the critic decides. */
void judge_earlier(struct judge *j, const struct transfer *t);

/** Results that are missing before architectures may be left untrained. */
int judge_wants(const struct judge *j);

/** Note what is being trained: nothing, and what is not yet told of a round. */
void judge_settle(struct judge *j);
void judge_expect(struct judge *j, const struct round *r);

/** Say what is expected of a round just drawn.  If the critic decides: replace
 * what was trained before by neighbours, choose which are trained, and set the
 * rewards of the others to what is predicted. */
void judge_round(struct judge *j, struct round *r);

/** Learn the result of the i-th of a round, which was trained for it: one
 * answered from an earlier result is nothing new.  age: of the weights it
 * started from (critic_add). */
void judge_result(struct judge *j, const struct round *r, int i, double reward,
                  double age);

/** A reward without what it owes to inherited weights (critic_rise). */
double judge_level(const struct judge *j, double reward, double age);

struct critic_health judge_health(const struct judge *j);

/** Save or load critic, gate, and what is known. */
void judge_state(struct judge *j, struct state *s);

#endif
