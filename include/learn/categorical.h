/* SPDX-License-Identifier: MIT */
/* A choice among `count` options: softmax of logits, and what is learned from
 * it. All Local. */
#ifndef LEARN_CATEGORICAL_H
#define LEARN_CATEGORICAL_H

/** What no log-probability is below, with room for rounding; nor above 1. */
#define LOG_LEAST -1000.0f

/** Logits become probabilities, in place. */
void categorical_softmax(float *x, int count);

/** Option for a uniform u in [0, 1). */
int categorical_draw(const float *p, int count, double u);

/** Log-probability of an option; at least log(1e-30). */
float categorical_log(const float *p, int option);

/** Entropy, nats. */
float categorical_entropy(const float *p, int count);

/** Gradient by the logits y of  dlog_prob log p_a + dentropy H:
 * d log p_a / dy_k = [k = a] - p_k,  d H / dy_k = -p_k (log p_k + H). */
void categorical_gradient(float *dy, const float *p, int count, int option,
                          float dlog_prob, float dentropy);

#endif
