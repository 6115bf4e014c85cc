/* SPDX-License-Identifier: MIT */
/* The critic: value and uncertainty of any architecture, from the results of
 * those that were trained.
 *
 * A Gaussian process (gp.h) over the decisions.  What it models are rewards R by
 * the map t(R) of warp.h, which spreads the top.
 *
 * A child that starts from trained weights (eval/pool.h) has an advantage, the
 * greater the longer they were trained: a epochs, mean over its weights.  So R is
 * the reward less b log(1 + a), levelled; b >= 0 is the slope that rewards have
 * beside what the process makes of the decisions (gp_slope).
 *
 * Deviations are scaled by the calibration
 *     c^2 = (c0 + sum z^2) / (c0 + count),   z = (t - mean) / deviation
 * over the latest results, each judged before it was added: of residuals that
 * were learned from, nothing could be learned about the error.
 *
 * Results of another task (critic_prior) are points of a task of their own,
 * standardised by themselves: one more decision, whose weight says how little
 * they mean here, and is learned with the others.  So a new task begins with
 * their means, and more uncertain than they were.
 *
 * Costs are bounded: beyond `points` results the oldest of those below the
 * median are dropped, a quarter at a time. All Local. */
#ifndef LEARN_CRITIC_H
#define LEARN_CRITIC_H

#include "space/space.h"
#include "space/task.h"

struct critic;
struct state;

/** At most `points` results are held, `batch` architectures judged at a time. */
struct critic *critic_new(const struct space *space, int points, int batch);
void critic_free(struct critic *c);

/** Before the first result: n results of another task.  They take at most half
 * of the points; if there are more, the last ones count. */
void critic_prior(struct critic *c, int n, const struct arch *arch,
                  const double *value);

/** Learn a result; no predictions here.
 * @param age  epochs that the weights it started from had been trained; 0: none */
void critic_add(struct critic *c, const struct arch *arch, double reward,
                double age);

/** What a reward owes to weights of that age: slope log(1 + age); 0 if there is
 * no age (0, NAN). */
double critic_owed(double slope, double age);

/** The same by the slope of the results so far. */
double critic_rise(const struct critic *c, double age);

/** Levelled rewards of n results that are all there: level [n].  The slope is
 * that of a critic that knows them, or CRITIC_LEVEL of them spread evenly. */
enum { CRITIC_LEVEL = 500 };
void critic_level(const struct space *space, int n, const struct arch *arch,
                  const double *reward, const double *age, double *level);

/** The best of the results by what the process makes of them, since the highest
 * reward owes something to luck; there is one. */
struct arch critic_best(const struct critic *c);

/** An architecture that is being trained. Holds until critic_settle, which
 * forgets all of them. CRITIC_PENDING are noted, and more while there is room;
 * further ones have no effect. */
enum { CRITIC_PENDING = 256 };
void critic_expect(struct critic *c, const struct arch *arch);
void critic_settle(struct critic *c);

/** What is said of an architecture. */
struct verdict {
    double value, deviation; /* of the levelled reward: median, about its
                                deviation */
    double gain;   /* expected improvement over critic_best's value, in
                      deviations of t */
    double chance; /* that it is better than that */
};

/** Judge n architectures. */
void critic_judge(struct critic *c, int n, const struct arch *arch,
                  struct verdict *v);

/** Judge them again as if the i-th were being trained: one more pending. */
void critic_suppose(struct critic *c, int i, struct verdict *v);

/** Results learned. */
int64_t critic_count(const struct critic *c);

/** How good its judgements were, each made before the result: means over all
 * results from the `CRITIC_FROM`th on; NAN if there are none. */
enum { CRITIC_FROM = 8 };
struct critic_record {
    int64_t count;
    double error;        /* mean |t - mean| / deviation, calibrated; 0.80 if
                            the errors are normal */
    double in_50, in_90; /* share of results within these intervals */
    double scale;        /* calibration c of deviations, now */
    double slope;        /* b, now */
};
struct critic_record critic_record(const struct critic *c);

/** Save or load all that it has learned. */
void critic_state(struct critic *c, struct state *s, const struct space *space);

#endif
