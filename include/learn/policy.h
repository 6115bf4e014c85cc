/* SPDX-License-Identifier: MIT */
/* The policy: an LSTM that decides an architecture option by option.
 *
 *     start --> LSTM --> LSTM --> ...     state s_t has seen decisions < t
 *                |        |
 *             softmax   softmax           pi(a_t | s_t), one head for each slot
 *             value     value             V_prefix(s_t), one head for all
 *
 *     x_0 = e(start), x_t = e(t - 1, a_{t-1})            embedding, [embedding]
 *     (i, f, g, o) = x_t W_x + h_t W_h + b               [4 hidden]
 *     c_{t+1} = sigm(f) c_t + sigm(i) tanh(g),  h_{t+1} = sigm(o) tanh(c_{t+1})
 *     pi(. | s_t) = softmax(h_{t+1} P_t + p_t),  V(s_t) = h_{t+1} v + v_0
 *
 * Zoph and Le 2017 (the controller), Pham et al. 2018 (one layer, hidden 100).
 * Arrays over a batch are [n, slots], slots being the space's decisions.
 * All Local. */
#ifndef LEARN_POLICY_H
#define LEARN_POLICY_H

#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "space/space.h"

struct policy_shape {
    int hidden, embedding;
    int batch; /* architectures in one call, at most */
};

struct policy;

/** A fresh policy, nearly uniform: heads start at gain 0.01, the value head at
 * gain 1, the rest uniform with variance 1 / inputs (embeddings: variance 1),
 * the forget bias at 1. */
struct policy *policy_new(const struct space *space,
                          const struct policy_shape *shape, uint64_t seed);
void policy_free(struct policy *p);

/** Number of parameters, and decisions of the space. */
size_t policy_params(const struct policy *p);
int policy_slots(const struct policy *p);

/** All parameters, [params], to be changed: call it again before each change,
 * it is how the policy learns that products it keeps are out of date. */
float *policy_weights(struct policy *p);

/** Their gradient, [params]; policy_backward adds to it, the caller clears. */
float *policy_gradient(struct policy *p);

/** Draw n architectures; the i-th uses stream r[i] only, one number for each
 * slot.
 * @param log_prob  log pi(a_t | s_t), [n, slots]
 * @param entropy   entropy of pi(. | s_t) in nats, [n, slots] */
void policy_sample(struct policy *p, int n, struct rng *r, struct arch *arch,
                   float *log_prob, float *entropy);

/** Log-probability of each decision of n architectures, entropy and prefix
 * value of the state before it; all [n, slots]. */
void policy_evaluate(struct policy *p, int n, const struct arch *arch,
                     float *log_prob, float *entropy, float *value);

/** pi(. | s_slot) of the i-th architecture of the last sample or evaluate,
 * [options]; valid until the next call. */
const float *policy_probs(const struct policy *p, int i, int slot);

/** Add to the gradient what the losses' derivatives by the outputs of the last
 * policy_evaluate, [n, slots] each, mean for the parameters.  Once for each
 * policy_evaluate: it overwrites what that left behind. */
void policy_backward(struct policy *p, const float *dlog_prob,
                     const float *dentropy, const float *dvalue);

/** Mean of entropy[n, slots] over decisions with more than one option, each in
 * units of its maximum log(options): 1 is uniform, 0 is settled. */
double policy_spread(const struct policy *p, int n, const float *entropy);

#endif
