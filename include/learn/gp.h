/* SPDX-License-Identifier: MIT */
/* A Gaussian process over strings of options: value and variance of a string
 * never seen, from strings whose values are known.
 *
 *     d(a, b) = sum_t w_t [a_t != b_t]                   one weight a decision
 *     k(a, b) = (1 - d / sum_t w_t) / 2 + exp(-d) / 2
 *     C       = K + noise I = L L^T                      over the n points
 *     mean(x) = k^T C^-1 y,   variance(x) = 1 - k^T C^-1 k
 *     log p(y) = -y^T C^-1 y / 2 - log|C| / 2 - n log(2 pi) / 2
 *
 * So a function is half a sum of functions of one decision each, which holds far
 * from all points too, and half one of all of them together.
 *
 * Values are to come standardised: the prior is mean 0 and variance 1.  Weights
 * and noise maximise log p(y) times a wide log-normal prior (their deviation is
 * 1 in the logarithm, that of the noise 2), by resilient propagation (Riedmiller
 * and Braun 1993).
 *
 * A point may be pending: its value is not known, and stands at what the points
 * before it predict.  It lowers the variance around it, and changes no mean.
 *
 * Rasmussen and Williams 2006, eq. 2.25, 2.26, 5.8, 5.9. Adding a point costs
 * n^2, a fit n^3 a step. All Local. */
#ifndef LEARN_GP_H
#define LEARN_GP_H

#include <stdbool.h>

struct gp;
struct state;

/** An empty process for strings of `slots` options, at most `room` points, and
 * at most `batch` strings in one question. */
struct gp *gp_new(int slots, int room, int batch);
void gp_free(struct gp *g);

/** Points there are, and may be. */
int gp_count(const struct gp *g);
int gp_room(const struct gp *g);

/** Add a point x [slots] of value y; pending if y is NAN. */
void gp_add(struct gp *g, const unsigned char *x, double y);

/** Forget all points but the first n. */
void gp_keep(struct gp *g, int n);

/** Give the n points (none is pending) other values, y [n]. */
void gp_revalue(struct gp *g, const double *y);

/** Mean and variance of the noiseless value of n strings x [n, slots]. */
void gp_predict(struct gp *g, int n, const unsigned char *x, double *mean,
                double *variance);

/** Means of the noiseless values of the points, [n]; none may be pending. */
void gp_fitted(struct gp *g, double *mean);

/** Lower variance [n], as gp_predict gave it for x [n, slots] just now, to what
 * it would be if x_i were a pending point, too. Beyond
 * gp_room - gp_count calls there is no room, and variances stay. */
void gp_suppose(struct gp *g, int i, double *variance);

/** Slope b of y = a + b h + f + noise, f being the process, over the points from
 * the `from`th on; those before are taken to be 0.  h, y: one for each of them; y
 * in any unit.  Generalised least squares; before any point b is normal, its
 * deviation as large as that of f for one of h (Rasmussen and Williams 2006, eq.
 * 2.42). No point may be pending. */
double gp_slope(struct gp *g, int from, const double *h, const double *y);

/** Weights of the slots and noise, [slots + 1], in logarithms. */
const double *gp_theta(const struct gp *g);
void gp_set_theta(struct gp *g, const double *theta);

/** log p(y) + log prior (but for a constant) at theta, and its gradient,
 * [slots + 1]. No point may be pending. */
double gp_evidence(struct gp *g, double *gradient);

/** Climb the evidence by so many steps from where theta is. */
void gp_fit(struct gp *g, int steps);

/** Save or load points and weights; and L, whose last bits depend on the order in
 * which it came about. */
void gp_state(struct gp *g, struct state *s);

#endif
