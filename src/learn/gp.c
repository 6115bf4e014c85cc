/* SPDX-License-Identifier: MIT */
#include "learn/gp.h"

#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "gp_parts.h"
#include "nn/gemm.h"

enum { BLOCK = 48 }; /* rows factorised at a time */

#define LEAST 1e-12 /* variance */

struct gp *gp_new(int slots, int room, int batch)
{
    struct gp *g = MEM_NEW(struct gp, 1);
    size_t n = (size_t)room;

    CHECK(slots > 0 && room > 0 && batch > 0);
    g->slots = slots;
    g->room = room;
    g->batch = batch;
    g->points = MEM_NEW(unsigned char, n *(size_t)slots);
    g->y = MEM_NEW(double, n);
    g->l = MEM_NEW(double, n *n);
    g->v = MEM_NEW(double, n);
    g->theta = MEM_NEW(double, slots + 1);
    g->prior = MEM_NEW(double, slots + 1);
    g->weight = MEM_NEW(double, slots);
    g->k = MEM_NEW(double, n *(size_t)batch);
    g->row = MEM_NEW(double, n);
    g->best = MEM_NEW(double, slots + 1);
    g->columns = MEM_NEW(double, 3 * n);
    for (int t = 0; t < slots; t++)
        g->prior[t] = log(3.0 / slots);
    g->prior[slots] = log(0.1);
    gp_set_theta(g, g->prior);
    return g;
}

void gp_free(struct gp *g)
{
    if (!g)
        return;
    void *const arrays[] = {g->points, g->y,     g->l,       g->v,
                            g->theta,  g->prior, g->weight,  g->k,
                            g->row,    g->best,  g->columns, g->inverse};

    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        mem_free(arrays[i]);
    mem_free(g);
}

int gp_count(const struct gp *g)
{
    return g->count;
}

int gp_room(const struct gp *g)
{
    return g->room;
}

void gp_distance(const struct gp *g, double *d, const unsigned char *x, int n)
{
    memset(d, 0, sizeof(double) * (size_t)n);
    for (int t = 0; t < g->slots; t++) {
        const unsigned char *p = decision(g, t);
        double w = g->weight[t];

        for (int i = 0; i < n; i++)
            d[i] += p[i] != x[t] ? w : 0;
    }
}

/* k by the distance. */
static double alike(const struct gp *g, double d)
{
    return 0.5 * (1 - d / g->total) + 0.5 * exp(-d);
}

/* k(x, point i) of the first n points. */
static void kernel(const struct gp *g, double *k, const unsigned char *x, int n)
{
    gp_distance(g, k, x, n);
    for (int i = 0; i < n; i++)
        k[i] = alike(g, k[i]);
}

/* k(a, b). */
static double between(const struct gp *g, const unsigned char *a,
                      const unsigned char *b)
{
    double d = 0;

    for (int t = 0; t < g->slots; t++)
        d += a[t] != b[t] ? g->weight[t] : 0;
    return alike(g, d);
}

static double dot(const double *a, const double *b, int n)
{
    double sum = 0;

    for (int i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

void gp_point(const struct gp *g, int i, unsigned char *x)
{
    for (int t = 0; t < g->slots; t++)
        x[t] = decision(g, t)[i];
}

/* L of one block, in place. */
static void factorise_block(double *l, int row, int n)
{
    for (int j = 0; j < n; j++) {
        double *lj = l + (size_t)j * (size_t)row;

        for (int i = j; i < n; i++) {
            double *li = l + (size_t)i * (size_t)row, sum = li[j];

            for (int k = 0; k < j; k++)
                sum -= li[k] * lj[k];
            li[j] = i == j ? sqrt(sum) : sum / lj[j];
            CHECK(isfinite(li[j]));
        }
    }
}

/* Rows from..to - 1 of L, given those before: fill in C, then
 * L_21 = C_21 L_11^-T row by row, L_22 L_22^T = C_22 - L_21 L_21^T. */
static void factorise_rows(struct gp *g, int from, int to)
{
    unsigned char x[256];
    double *rows = row_of(g, g->l, from);

    for (int i = from; i < to; i++) {
        double *c = row_of(g, g->l, i);

        gp_point(g, i, x);
        kernel(g, c, x, i);
        c[i] = 1 + g->noise;
    }
    if (from == 0) {
        factorise_block(rows, g->room, to);
        return;
    }
    solve_lower(rows, g->room, g->l, g->room, to - from, from, false);
    subtract_square(rows + from, g->room, rows, g->room, to - from, from);
    factorise_block(rows + from, g->room, to - from);
}

static void solve_values(struct gp *g, int from)
{
    for (int i = from; i < g->count; i++) {
        const double *l = row_of(g, g->l, i);

        g->v[i] = isnan(g->y[i]) ? 0 : (g->y[i] - dot(l, g->v, i)) / l[i];
    }
}

void gp_factorise(struct gp *g)
{
    for (int i = 0; i < g->count; i += BLOCK)
        factorise_rows(g, i, i + BLOCK < g->count ? i + BLOCK : g->count);
    solve_values(g, 0);
}

void gp_add(struct gp *g, const unsigned char *x, double y)
{
    CHECK(g->count < g->room);
    for (int t = 0; t < g->slots; t++)
        decision(g, t)[g->count] = x[t];
    g->y[g->count++] = y;
    factorise_rows(g, g->count - 1, g->count);
    solve_values(g, g->count - 1);
}

void gp_keep(struct gp *g, int n)
{
    CHECK(n >= 0 && n <= g->count);
    g->count = n;
}

void gp_revalue(struct gp *g, const double *y)
{
    memcpy(g->y, y, sizeof(double) * (size_t)g->count);
    solve_values(g, 0);
}

void gp_predict(struct gp *g, int n, const unsigned char *x, double *mean,
                double *variance)
{
    CHECK(n > 0 && n <= g->batch);
    g->asked = n;
    g->supposed = 0;
    g->x = x;
    for (int j = 0; j < n; j++)
        kernel(g, row_of(g, g->k, j), x + j * g->slots, g->count);
    if (g->count > 0)
        solve_lower(g->k, g->room, g->l, g->room, n, g->count, false);
    for (int j = 0; j < n; j++) {
        const double *k = row_of(g, g->k, j);

        mean[j] = dot(k, g->v, g->count);
        variance[j] = fmax(LEAST, 1 - dot(k, k, g->count));
    }
}

/* y - noise C^-1 y, with C^-1 y = L^-T v. */
void gp_fitted(struct gp *g, double *mean)
{
    int n = g->count;

    memcpy(g->row, g->v, sizeof(double) * (size_t)n);
    if (n > 0)
        solve_lower(g->row, g->room, g->l, g->room, 1, n, true);
    for (int i = 0; i < n; i++)
        mean[i] = g->y[i] - g->noise * g->row[i];
}

/* One more column of L^-1 k for the strings asked about: that of x_i. */
void gp_suppose(struct gp *g, int i, double *variance)
{
    int rows = g->count + g->supposed;
    const double *of_i = row_of(g, g->k, i);
    double own = sqrt(variance[i] + g->noise);

    CHECK(i < g->asked);
    if (rows == g->room)
        return;
    g->supposed++;
    for (int j = 0; j < g->asked; j++) {
        double *k = row_of(g, g->k, j);

        k[rows] = (between(g, g->x + i * g->slots, g->x + j * g->slots) -
                   dot(k, of_i, rows)) /
                  own;
        variance[j] = fmax(LEAST, variance[j] - k[rows] * k[rows]);
    }
}

/* With O, H, Y = L^-1 of ones, h and y: (O.O O.H; O.H H.H + 1) (a b) = (O.Y H.Y) */
double gp_slope(struct gp *g, int from, const double *h, const double *y)
{
    int n = g->count;
    double *one = row_of(g, g->columns, 0), *of_h = row_of(g, g->columns, 1);
    double *of_y = row_of(g, g->columns, 2), oo, oh, hh;

    memset(g->columns, 0, 3 * sizeof(double) * (size_t)g->room);
    for (int i = from; i < n; i++) {
        one[i] = 1;
        of_h[i] = h[i - from];
        of_y[i] = y[i - from];
    }
    if (n > 0)
        solve_lower(g->columns, g->room, g->l, g->room, 3, n, false);
    oo = dot(one, one, n);
    oh = dot(one, of_h, n);
    hh = dot(of_h, of_h, n) + 1;
    return n > from ? (oo * dot(of_h, of_y, n) - oh * dot(one, of_y, n)) /
                          (oo * hh - oh * oh)
                    : 0;
}
