/* SPDX-License-Identifier: MIT */
/* The state of the Gaussian process: points, values, weights, and L [room, room]
 * as it came about. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/state.h"
#include "gp_parts.h"

#define THETA_MOST 50.0 /* in logarithms */
#define CLOSE      1e-6

/* Is that the L of these points and weights, up to rounding? */
static bool is_factor(const struct gp *g, double *l)
{
    for (int i = 0; i < g->count; i++)
        for (int j = 0; j <= i; j++)
            if (!(fabs(row_of(g, l, i)[j] - row_of(g, g->l, i)[j]) < CLOSE))
                return false;
    return true;
}

static void state_theta(struct gp *g, struct state *s)
{
    double *theta = MEM_NEW(double, g->slots + 1);

    memcpy(theta, g->theta, sizeof(double) * (size_t)(g->slots + 1));
    state_doubles(s, "theta", theta, (size_t)g->slots + 1);
    for (int t = 0; t <= g->slots; t++)
        state_need(s, fabs(theta[t]) <= THETA_MOST, "weights out of range");
    state_need(s, theta[g->slots] >= log(NOISE_LEAST), "too little noise");
    if (state_loads(s))
        gp_set_theta(g, theta);
    mem_free(theta);
}

/* L is made anew, and if that of the file is the same, it is taken. */
static void state_factor(struct gp *g, struct state *s)
{
    size_t n = (size_t)g->count * (size_t)g->room;
    double *l = g->l;

    if (state_loads(s))
        l = MEM_NEW(double, n);
    state_doubles(s, "factor", l, n);
    if (l == g->l)
        return;
    state_need(s, is_factor(g, l), "no factor of its kernel");
    if (state_loads(s))
        memcpy(g->l, l, sizeof(double) * n);
    mem_free(l);
}

void gp_state(struct gp *g, struct state *s)
{
    int count = g->count;

    state_enter(s, "process");
    state_int(s, "count", &count, 0, g->room);
    state_raw(s, "points", g->points, (size_t)g->slots * (size_t)g->room);
    state_doubles(s, "values", g->y, (size_t)count);
    if (state_loads(s))
        g->count = count;
    state_theta(g, s);
    state_factor(g, s);
    if (state_loads(s))
        gp_revalue(g, g->y);
    state_leave(s);
}
