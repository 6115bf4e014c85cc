/* SPDX-License-Identifier: MIT */
#include "learn/gp.h"

#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "nn/gemm.h"

enum { BLOCK = 48 }; /* rows factorised at a time */

#define LEAST       1e-12 /* variance */
#define NOISE_LEAST 1e-6  /* keeps C from becoming singular */

struct gp {
    int slots, room, batch, count;
    unsigned char *points; /* [slots, room]: a row of it is one decision */
    double *y;             /* [room], NAN if pending */
    double *l;             /* [room, room], lower */
    double *v;             /* L^-1 y; 0 where pending */
    double *theta, *prior; /* [slots + 1], in logarithms; prior: its centre */
    double *weight;        /* [slots], exp(theta) */
    double noise;

    /* of the last question, and of a fit */
    int asked, supposed;
    const unsigned char *x; /* [asked, slots], borrowed */
    double *k;              /* [batch, room]: L^-1 k of each */
    double *row, *best;     /* [room], [slots + 1] */
    double *columns;        /* [3, room], of a slope */
    double *inverse;        /* [room, room], by need */
};

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
    g->prior[slots] = log(0.02);
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

static double *row_of(const struct gp *g, double *matrix, int i)
{
    return matrix + (size_t)i * (size_t)g->room;
}

static unsigned char *decision(const struct gp *g, int t)
{
    return g->points + (size_t)t * (size_t)g->room;
}

/* k(x, point i) of the first n points. */
static void kernel(const struct gp *g, double *k, const unsigned char *x, int n)
{
    memset(k, 0, sizeof(double) * (size_t)n);
    for (int t = 0; t < g->slots; t++) {
        const unsigned char *p = decision(g, t);
        double w = g->weight[t];

        for (int i = 0; i < n; i++)
            k[i] -= p[i] != x[t] ? w : 0;
    }
    for (int i = 0; i < n; i++)
        k[i] = exp(k[i]);
}

/* k(a, b). */
static double between(const struct gp *g, const unsigned char *a,
                      const unsigned char *b)
{
    double sum = 0;

    for (int t = 0; t < g->slots; t++)
        sum -= a[t] != b[t] ? g->weight[t] : 0;
    return exp(sum);
}

static double dot(const double *a, const double *b, int n)
{
    double sum = 0;

    for (int i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static void point(const struct gp *g, int i, unsigned char *x)
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

        point(g, i, x);
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

static void factorise(struct gp *g)
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

const double *gp_theta(const struct gp *g)
{
    return g->theta;
}

void gp_set_theta(struct gp *g, const double *theta)
{
    memcpy(g->theta, theta, sizeof(double) * (size_t)(g->slots + 1));
    for (int t = 0; t < g->slots; t++)
        g->weight[t] = exp(theta[t]);
    g->noise = exp(theta[g->slots]);
    factorise(g);
}

static double log_evidence(const struct gp *g)
{
    double sum = -0.5 * g->count * log(2 * 3.14159265358979323846);

    for (int i = 0; i < g->count; i++)
        sum -= log(row_of(g, g->l, i)[i]) + 0.5 * g->v[i] * g->v[i];
    for (int t = 0; t <= g->slots; t++) {
        double d = g->theta[t] - g->prior[t];

        sum -= 0.5 * d * d;
    }
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

/* dC / d log w_t = -w_t [a_t != b_t] K,  dC / d log noise = noise I. */
static void add_row(struct gp *g, int i, double *k, double *gradient)
{
    const double *s = row_of(g, g->inverse, i);
    unsigned char x[256];

    point(g, i, x);
    kernel(g, k, x, i);
    for (int j = 0; j < i; j++)
        k[j] *= s[j];
    for (int t = 0; t < g->slots; t++) {
        const unsigned char *p = decision(g, t);
        double sum = 0;

        for (int j = 0; j < i; j++)
            sum += p[j] != x[t] ? k[j] : 0;
        gradient[t] -= g->weight[t] * sum;
    }
    gradient[g->slots] += 0.5 * g->noise * s[i];
}

double gp_evidence(struct gp *g, double *gradient)
{
    for (int t = 0; t <= g->slots; t++)
        gradient[t] = g->prior[t] - g->theta[t];
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
