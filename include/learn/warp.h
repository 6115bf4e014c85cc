/* SPDX-License-Identifier: MIT */
/* The map from rewards R to values of the critic's process, standardised:
 *     t(R) = -log((R_best - R) / s + 1),   s = R_best - median R
 *     value = (t - mean t) / deviation of t
 * Monotone in the reward, it spreads the top, where the search decides, whatever
 * the reward's unit. All Local. */
#ifndef LEARN_WARP_H
#define LEARN_WARP_H

struct warp {
    double best, width; /* R_best, s */
    double mean, deviation;
};

/** The map of n > 0 rewards, and their values, value [n]; sorted: scratch [n]. */
struct warp warp_of(int n, const double *reward, double *value, double *sorted);

/** The value of a reward, which may be a little above the best. */
double warp_value(const struct warp *w, double reward);

/** The reward of a value, and what it grows by for one more of value there. */
double warp_reward(const struct warp *w, double value);
double warp_growth(const struct warp *w, double value);

#endif
