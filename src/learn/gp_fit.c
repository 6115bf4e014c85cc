/* SPDX-License-Identifier: MIT */
/* Weights and noise of the Gaussian process: what makes the values likely. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "gp_parts.h"
#include "nn/gemm.h"

#define NOISE_SPREAD 2.0 /* of its prior: tables have none, trainings much */

const double *gp_theta(const struct gp *g)
{
    return g->theta;
}

void gp_set_theta(struct gp *g, const double *theta)
{
    memcpy(g->theta, theta, sizeof(double) * (size_t)(g->slots + 1));
    g->total = 0;
    for (int t = 0; t < g->slots; t++)
        g->total += g->weight[t] = exp(theta[t]);
    g->noise = exp(theta[g->slots]);
    gp_factorise(g);
}

/* Deviation of the prior. */
static double spread(const struct gp *g, int t)
{
    return t < g->slots ? 1 : NOISE_SPREAD;
}

/* What is away from the centre of the prior, in its deviations. */
static double strayed(const struct gp *g, int t)
{
    return (g->theta[t] - g->prior[t]) / spread(g, t);
}

static double log_evidence(const struct gp *g)
{
    double sum = -0.5 * g->count * log(2 * 3.14159265358979323846);

    for (int i = 0; i < g->count; i++)
        sum -= log(row_of(g, g->l, i)[i]) + 0.5 * g->v[i] * g->v[i];
    for (int t = 0; t <= g->slots; t++)
        sum -= 0.5 * strayed(g, t) * strayed(g, t);
    return sum;
}

/* G = a a^T - C^-1 with a = C^-1 y; half of it is what the derivatives of C are
 * to be multiplied with. */
static void sensitivity(struct gp *g)
{
    int n = g->count;
    double *a = g->row;

    if (!g->inverse)
        g->inverse = MEM_NEW(double, (size_t)g->room *(size_t)g->room);
    for (int i = 0; i < n; i++) {
        memset(row_of(g, g->inverse, i), 0, sizeof(double) * (size_t)n);
        row_of(g, g->inverse, i)[i] = 1;
    }
    solve_lower(g->inverse, g->room, g->l, g->room, n, n, false);
    solve_lower(g->inverse, g->room, g->l, g->room, n, n, true);
    memcpy(a, g->v, sizeof(double) * (size_t)n);
    solve_lower(a, g->room, g->l, g->room, 1, n, true);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            row_of(g, g->inverse, i)[j] =
                a[i] * a[j] - row_of(g, g->inverse, i)[j];
}

/* With W = sum_t w_t,
 *     dC / d log w_t = -w_t ([a_t != b_t] (1 / W + exp(-d)) - d / W^2) / 2,
 *     dC / d log noise = noise I. */
static void add_row(struct gp *g, int i, double *d, double *gradient)
{
    const double *s = row_of(g, g->inverse, i);
    unsigned char x[256];
    double all = 0;

    gp_point(g, i, x);
    gp_distance(g, d, x, i);
    for (int j = 0; j < i; j++) {
        all += s[j] * d[j] / (g->total * g->total);
        d[j] = s[j] * (1 / g->total + exp(-d[j]));
    }
    for (int t = 0; t < g->slots; t++) {
        const unsigned char *p = decision(g, t);
        double sum = 0;

        for (int j = 0; j < i; j++)
            sum += p[j] != x[t] ? d[j] : 0;
        gradient[t] -= 0.5 * g->weight[t] * (sum - all);
    }
    gradient[g->slots] += 0.5 * g->noise * s[i];
}

double gp_evidence(struct gp *g, double *gradient)
{
    for (int t = 0; t <= g->slots; t++)
        gradient[t] = -strayed(g, t) / spread(g, t);
    if (g->count > 0)
        sensitivity(g);
    for (int i = 0; i < g->count; i++)
        add_row(g, i, g->row, gradient);
    return log_evidence(g);
}

/* A step of its own for each parameter: longer while its gradient keeps its
 * sign, half after a change. */
static void move(int count, double *theta, double *step, double *before,
                 const double *gradient)
{
    for (int t = 0; t < count; t++) {
        double same = gradient[t] * before[t];

        step[t] = same > 0   ? fmin(1, 1.2 * step[t])
                  : same < 0 ? fmax(1e-4, 0.5 * step[t])
                             : step[t];
        before[t] = same < 0 ? 0 : gradient[t];
        theta[t] += copysign(before[t] == 0 ? 0 : step[t], before[t]);
    }
    theta[count - 1] = fmax(theta[count - 1], log(NOISE_LEAST));
}

void gp_fit(struct gp *g, int steps)
{
    int count = g->slots + 1;
    double *work = MEM_NEW(double, 4 * count);
    double *theta = work, *step = work + count, *before = work + 2 * count;
    double *gradient = work + 3 * count, best = (double)-INFINITY;

    memcpy(theta, g->theta, sizeof(double) * (size_t)count);
    for (int t = 0; t < count; t++)
        step[t] = 0.2;
    for (int i = 0; i <= steps; i++) {
        double evidence = gp_evidence(g, gradient);

        if (evidence > best) {
            best = evidence;
            memcpy(g->best, g->theta, sizeof(double) * (size_t)count);
        }
        move(count, theta, step, before, gradient);
        gp_set_theta(g, theta);
    }
    gp_set_theta(g, g->best);
    mem_free(work);
}
