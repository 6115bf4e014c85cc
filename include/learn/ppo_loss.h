/* SPDX-License-Identifier: MIT */
/* The loss of ppo.h, and its derivatives by the outputs of the policy. All
 * Local. */
#ifndef LEARN_PPO_LOSS_H
#define LEARN_PPO_LOSS_H

/** Settings of the loss. */
struct ppo_weights {
    float clip, value, entropy; /* entropy: boost and slots are in it */
    float share;                /* of a step in the mean: 1 / steps */
};

/** One step of one architecture: what is fixed during an update. */
struct ppo_step {
    float old;       /* log-probability that the ratio is to */
    float advantage; /* A_t */
    float weight;    /* w of its architecture */
    float target;    /* y of its architecture */
};

/** Of a step: outputs of the policy, or the derivatives of the loss by them. */
struct ppo_output {
    float log_prob, entropy, value;
};

/** What one step adds to the loss; *d are the derivatives by `now`. */
float ppo_loss(struct ppo_output *d, const struct ppo_weights *w,
               const struct ppo_step *s, const struct ppo_output *now);

/** Weight of an architecture: min(1, exp(mean_t (old_t - mu_t))). */
float ppo_importance(const float *old, const float *mu, int slots);

#endif
