/* SPDX-License-Identifier: MIT */
/* Proximal policy optimisation of the policy, from rewards of architectures.
 *
 * An episode is one architecture; its reward R comes at the end and is not
 * discounted, so the return of every step is R.  With
 *     y     = clip((R - mean) / deviation, -limit, limit)
 *     A_t   = y - V_prefix(s_t), then to mean 0 and deviation 1 over the round;
 *             0 if all y of the round are equal
 *     r_t   = pi(a_t | s_t) / pi_old(a_t | s_t)
 * where mean and deviation are those of all rewards so far (that keeps targets
 * of the value head near 1 whatever the unit of the reward), the loss is
 *     L = -mean min(r_t A_t, clip(r_t, 1 - clip, 1 + clip) A_t)
 *         + value mean (V_prefix(s_t) - y)^2
 *         - boost entropy / sqrt(slots) mean H(pi(. | s_t))
 * Means are over architectures and steps.  pi_old and V_prefix of A_t are those
 * before the update.  A_t has deviation 1, of which one of many decisions
 * causes about 1 / sqrt(slots): so one weight of entropy, a temperature, fits
 * spaces of 8 and of 42 decisions.  boost is 1; it grows by 1.2 a round while
 * the mean of H / log(options) is below `floor`, and shrinks back above.
 *
 * Results of earlier rounds may be learned from again.  They were drawn by
 * another policy mu, so each weighs
 *     w = min(1, exp(mean_t log(pi_old(a_t | s_t) / mu(a_t | s_t))))
 * in its term of the first mean and in mean and deviation of A_t, a truncated
 * importance weight of the length of one step; the clip stays about pi_old, so
 * that age costs weight but does not silence (Hilton et al. 2022: pi_old is the
 * proximal policy, mu the behaviour).  Naive replay instead has r_t = pi / mu
 * and w = 1.
 *
 * Schulman et al. 2017, eq. 7 and 9; Tan et al. 2019 (for architectures);
 * Espeholt et al. 2018 (truncation).
 * All Local. */
#ifndef LEARN_PPO_H
#define LEARN_PPO_H

#include <stdbool.h>

#include "base/conf.h"
#include "learn/policy.h"

#define PPO_SETTINGS(X)                                                        \
    X(INT, batch, "16", 2, 4096, "architectures",                              \
      "Size of a round: the policy learns once a round's results are in. The " \
      "search keeps at most this many groups busy")                            \
    X(INT, hidden, "100", 1, 2048, "", "Size of the policy's LSTM")            \
    X(INT, embedding, "100", 1, 2048, "",                                      \
      "Size of the vector that stands for an option already decided")          \
    X(REAL, rate, "0.006", 1e-7, 1, "", "Learning rate of Adam")               \
    X(INT, epochs, "4", 1, 1000, "", "Passes over a round in its update")      \
    X(INT, minibatches, "1", 1, 256, "",                                       \
      "Parts of a round, each with a step of its own")                         \
    X(REAL, clip, "0.3", 0, 10, "",                                            \
      "How far a step's probability ratio may leave 1 and still be rewarded")  \
    X(REAL, value, "0.1", 0, 100, "", "Weight of the value loss")              \
    X(REAL, entropy, "0.3", 0, 100, "1/nats",                                  \
      "Weight of the entropy bonus at the start, before it is divided by the " \
      "root of the number of decisions; more explores longer")                 \
    X(REAL, entropy_final, "0.1", 0, 100, "1/nats", "The same once annealed")  \
    X(INT, anneal, "1000", 0, 100000000, "architectures",                      \
      "Results over which the weight goes linearly to entropy_final")          \
    X(REAL, floor, "0.2", 0, 1, "of uniform",                                  \
      "While the policy's entropy is below this share of its maximum, the "    \
      "bonus grows: keeps the search from settling for good; 0 lets it")       \
    X(REAL, limit, "2", 0.1, 1000, "deviations",                               \
      "A reward further than this from the mean counts as this far")           \
    X(REAL, norm, "0.5", 1e-6, 1e6, "", "Limit of the gradient's norm")

struct ppo_conf {
    PPO_SETTINGS(CONF_FIELD)
};

extern const struct conf_section ppo_section;

/** What an update did; NAN where nothing was learned. */
struct ppo_report {
    double kl;        /* mean of r - 1 - log r, last epoch (Schulman 2020) */
    double clipped;   /* share of ratios outside the clip, last epoch */
    double explained; /* 1 - var(y - V) / var(y), V before the update */
    double norm;      /* of the gradient before clipping, mean over steps */
};

struct ppo;
struct state;

/** Learns `policy`, which is borrowed, as is `conf`; of at most `batch`
 * architectures at a time. */
struct ppo *ppo_new(struct policy *policy, const struct ppo_conf *conf,
                    int batch, uint64_t seed);
void ppo_free(struct ppo *o);

/** What an update learns from. */
struct ppo_batch {
    int n;    /* architectures, >= 2 */
    int news; /* the first so many are of this round; the others have been
                 learned from before, and their rewards counted */
    const struct arch *arch;
    const double *reward; /* finite */
    const float *mu;      /* log mu(a_t | s_t), [n, slots]; NULL: mu = pi_old */
    bool naive;
};

/** One update.  Its minibatches are drawn from streams keyed by the number of
 * the update. */
struct ppo_report ppo_update(struct ppo *o, const struct ppo_batch *b);

/** Save or load the policy, and all that was learned about learning it. */
void ppo_state(struct ppo *o, struct state *s);

#endif
