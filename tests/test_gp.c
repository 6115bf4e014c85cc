/* SPDX-License-Identifier: MIT */
/* The Gaussian process against its closed form: an inverse by elimination. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/rng.h"
#include "learn/gp.h"

enum { SLOTS = 4, OPTIONS = 3, N = 60, M = 20 };

static void assert_near(double x, double wanted, double error)
{
    if (!(fabs(x - wanted) <= error))
        fail_msg("%.12g, not %.12g within %g", x, wanted, error);
}

struct data {
    unsigned char x[N][SLOTS], ask[M][SLOTS];
    double y[N];
};

static double smooth(const unsigned char *x)
{
    return sin(x[0]) + 0.7 * (x[1] == x[2]) - 0.6;
}

static struct data make(uint64_t id)
{
    struct rng r = rng_stream(1, RNG_TEST, id);
    struct data d;

    for (int i = 0; i < N; i++) {
        for (int t = 0; t < SLOTS; t++)
            d.x[i][t] = (unsigned char)rng_below(&r, OPTIONS);
        d.y[i] = smooth(d.x[i]) + 0.1 * rng_normal(&r);
    }
    for (int i = 0; i < M; i++)
        for (int t = 0; t < SLOTS; t++)
            d.ask[i][t] = (unsigned char)rng_below(&r, OPTIONS);
    return d;
}

static const double theta[SLOTS + 1] = {-1.0, -0.3, -2.0, 0.4, -3.0};

static double kernel(const unsigned char *a, const unsigned char *b,
                     const double *th)
{
    double differ = 0, all = 0;

    for (int t = 0; t < SLOTS; t++) {
        differ += a[t] != b[t] ? exp(th[t]) : 0;
        all += exp(th[t]);
    }
    return 0.5 * (1 - differ / all) + 0.5 * exp(-differ);
}

/* C^-1 of the first n points, by Gauss-Jordan with pivots; log|C|. */
static double invert(double inverse[N][N], const struct data *d, int n,
                     const double *th)
{
    static double c[N][N];
    double log_det = 0;

    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            c[i][j] =
                kernel(d->x[i], d->x[j], th) + (i == j ? exp(th[SLOTS]) : 0);
            inverse[i][j] = i == j;
        }
    for (int k = 0; k < n; k++) {
        double pivot = c[k][k];

        log_det += log(pivot);
        for (int j = 0; j < n; j++) {
            c[k][j] /= pivot;
            inverse[k][j] /= pivot;
        }
        for (int i = 0; i < n; i++) {
            double factor = i == k ? 0 : c[i][k];

            for (int j = 0; j < n && factor != 0; j++) {
                c[i][j] -= factor * c[k][j];
                inverse[i][j] -= factor * inverse[k][j];
            }
        }
    }
    return log_det;
}

/* Mean and variance by the formulas, of n points. */
static void closed_form(const struct data *d, int n, const double *th,
                        const unsigned char *x, double *mean, double *variance)
{
    static double inverse[N][N];

    (void)invert(inverse, d, n, th);
    *mean = 0;
    *variance = 1;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            double k = kernel(x, d->x[i], th) * inverse[i][j];

            *mean += k * d->y[j];
            *variance -= k * kernel(x, d->x[j], th);
        }
}

/* With theta set first, or last: rows one by one, or all in blocks. */
static struct gp *filled(const struct data *d, int n, bool first)
{
    struct gp *g = gp_new(SLOTS, N + 5, M);

    if (first)
        gp_set_theta(g, theta);
    for (int i = 0; i < n; i++)
        gp_add(g, d->x[i], d->y[i]);
    gp_set_theta(g, theta);
    return g;
}

static void check_against_closed_form(struct gp *g, const struct data *d, int n)
{
    double mean[M], variance[M];

    gp_predict(g, M, d->ask[0], mean, variance);
    for (int i = 0; i < M; i++) {
        double m, v;

        closed_form(d, n, theta, d->ask[i], &m, &v);
        assert_near(mean[i], m, 1e-9);
        assert_near(variance[i], fmax(v, 1e-12), 1e-9);
    }
}

static void test_prediction(void **state)
{
    static const int counts[] = {0, 1, 2, 47, 48, 49, N};
    struct data d = make(0);

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        for (int first = 0; first < 2; first++) {
            struct gp *g = filled(&d, counts[i], first);

            check_against_closed_form(g, &d, counts[i]);
            gp_free(g);
        }
    assert_int_equal(mem_live(), 0);
}

/* Points may be taken back, and given other values. */
static void test_keep_and_revalue(void **state)
{
    struct data d = make(1), other = d;
    struct gp *g = filled(&d, N, true);

    (void)state;
    gp_keep(g, 31);
    check_against_closed_form(g, &d, 31);
    for (int i = 31; i < N; i++)
        gp_add(g, d.x[i], d.y[i]);
    check_against_closed_form(g, &d, N);
    for (int i = 0; i < N; i++)
        other.y[i] = 2 - d.y[i] * d.y[i];
    gp_revalue(g, other.y);
    check_against_closed_form(g, &other, N);
    gp_free(g);
}

/* At the points, too, the process is what gp_predict says. */
static void test_fitted(void **state)
{
    struct data d = make(5);
    struct gp *g = filled(&d, N, true);
    double fitted[N], mean, variance;

    (void)state;
    gp_fitted(g, fitted);
    for (int i = 0; i < N; i++) {
        gp_predict(g, 1, d.x[i], &mean, &variance);
        assert_near(fitted[i], mean, 1e-9);
    }
    gp_free(g);
}

/* What each decision is worth by itself is known far from all points: strings
 * that have nothing in common with those it was learned from but for one. */
static void test_far(void **state)
{
    enum { LONG = 20, KNOWN = 40 };
    struct rng r = rng_stream(1, RNG_TEST, 7);
    struct gp *g = gp_new(LONG, KNOWN, 2);
    unsigned char x[LONG], far[2][LONG];
    double mean[2], variance[2];

    (void)state;
    for (int i = 0; i < KNOWN; i++) {
        for (int t = 0; t < LONG; t++)
            x[t] = (unsigned char)rng_below(&r, 2);
        gp_add(g, x, x[0] == 0 ? -1 : 1);
    }
    gp_fit(g, 30);
    memset(far, 2, sizeof far);
    far[0][0] = 0;
    far[1][0] = 1;
    gp_predict(g, 2, far[0], mean, variance);
    assert_true(mean[1] - mean[0] > 0.5);
    gp_free(g);
}

/* A pending point: the mean stays, the variance is that of a known point; so
 * says gp_suppose, without adding any. */
static void test_pending(void **state)
{
    struct data d = make(2);
    struct gp *g = filled(&d, 40, true);
    double mean[M], before[M], after[M], supposed[M];

    (void)state;
    gp_predict(g, M, d.ask[0], mean, supposed);
    memcpy(before, supposed, sizeof before);
    gp_suppose(g, 3, supposed);
    gp_suppose(g, 8, supposed);
    gp_add(g, d.ask[3], (double)NAN);
    gp_add(g, d.ask[8], (double)NAN);
    for (int k = 0; k < 2; k++) {
        memcpy(d.x[40 + k], d.ask[k ? 8 : 3], SLOTS);
        d.y[40 + k] = mean[k ? 8 : 3];
    }
    gp_predict(g, M, d.ask[0], mean, after);
    for (int i = 0; i < M; i++) {
        assert_near(after[i], supposed[i], 1e-9);
        assert_true(after[i] <= before[i]);
    }
    assert_true(after[3] < 0.9 * before[3]);
    for (int i = 0; i < 40; i++) /* room for 23 more; then nothing happens */
        gp_suppose(g, i % M, after);
    memcpy(before, after, sizeof before);
    gp_suppose(g, 5, after);
    assert_memory_equal(before, after, sizeof before);
    gp_free(g);
    g = gp_new(SLOTS, N, M);
    gp_set_theta(g, theta);
    for (int i = 0; i < 42; i++)
        gp_add(g, d.x[i], d.y[i]);
    gp_predict(g, M, d.ask[0], before, after);
    for (int i = 0; i < M; i++) {
        assert_near(before[i], mean[i], 1e-9);
        assert_near(after[i], supposed[i], 1e-9);
    }
    gp_free(g);
}

/* log p(y) + log prior by the formulas; log N(theta; centre, 1 or, of the noise,
 * 4) without its constant. */
static double evidence(const struct data *d, const double *th)
{
    static double inverse[N][N];
    double sum = -0.5 * invert(inverse, d, N, th) -
                 0.5 * N * log(2 * 3.14159265358979323846);

    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            sum -= 0.5 * d->y[i] * inverse[i][j] * d->y[j];
    for (int t = 0; t < SLOTS; t++)
        sum -= 0.5 * pow(th[t] - log(3.0 / SLOTS), 2);
    return sum - 0.125 * pow(th[SLOTS] - log(0.1), 2);
}

static void test_evidence(void **state)
{
    struct data d = make(3);
    struct gp *g = filled(&d, N, true);
    double gradient[SLOTS + 1], th[SLOTS + 1];

    (void)state;
    assert_near(gp_evidence(g, gradient), evidence(&d, theta), 1e-8);
    for (int t = 0; t <= SLOTS; t++) {
        double up, down;

        memcpy(th, theta, sizeof th);
        th[t] += 1e-4;
        up = evidence(&d, th);
        th[t] -= 2e-4;
        down = evidence(&d, th);
        assert_near(gradient[t], (up - down) / 2e-4, 1e-4);
    }
    gp_free(g);
}

/* The maximum found is not below any point of a grid, and not where it
 * started. */
static void test_fit(void **state)
{
    static const double grid[] = {-4, -2.5, -1, 0.5};
    struct data d = make(4);
    struct gp *g = filled(&d, N, true);
    double gradient[SLOTS + 1], before = gp_evidence(g, gradient), found;
    double th[SLOTS + 1];

    (void)state;
    gp_fit(g, 60);
    found = gp_evidence(g, gradient);
    assert_true(found > before + 5);
    for (int t = 0; t <= SLOTS; t++)
        assert_near(gradient[t], 0, 0.05);
    for (int i = 0; i < 1024; i++) {
        for (int t = 0, k = i; t <= SLOTS; t++, k /= 4)
            th[t] = grid[k % 4];
        assert_true(evidence(&d, th) <= found + 1e-6);
    }
    gp_free(g);
    assert_int_equal(mem_live(), 0);
}

/* What the slope makes least, the best intercept a given: r^T C^-1 r + b^2 with
 * r = y - a - b h, and 0 at the points before `from`. */
static double misfit(double inverse[N][N], const struct data *d,
                     const double *h, int from, double b)
{
    double all = 0, cross = 0, ones = 0;

    for (int i = from; i < N; i++)
        for (int j = from; j < N; j++) {
            double ri = d->y[i] - b * h[i], rj = d->y[j] - b * h[j];

            ones += inverse[i][j];
            cross += inverse[i][j] * rj;
            all += inverse[i][j] * ri * rj;
        }
    return all - cross * cross / ones + b * b;
}

static void test_slope(void **state)
{
    static double inverse[N][N];
    struct data d = make(6);
    struct gp *g;
    double h[N], b, least;

    (void)state;
    for (int i = 0; i < N; i++) {
        h[i] = log1p(i % 40);
        d.y[i] += 7 + 1.5 * h[i];
    }
    g = filled(&d, N, true);
    (void)invert(inverse, &d, N, theta);
    for (int from = 0; from <= 20; from += 20) {
        b = gp_slope(g, from, h + from, d.y + from);
        least = misfit(inverse, &d, h, from, b);
        assert_near(b, 1.5, 0.2);
        assert_true(misfit(inverse, &d, h, from, b - 1e-3) > least);
        assert_true(misfit(inverse, &d, h, from, b + 1e-3) > least);
    }
    memset(h, 0, sizeof h);
    assert_true(gp_slope(g, 0, h, d.y) == 0);
    gp_keep(g, 0);
    assert_true(gp_slope(g, 0, h, d.y) == 0);
    gp_free(g);
    assert_int_equal(mem_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prediction),
        cmocka_unit_test(test_keep_and_revalue),
        cmocka_unit_test(test_fitted),
        cmocka_unit_test(test_far),
        cmocka_unit_test(test_pending),
        cmocka_unit_test(test_evidence),
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_slope),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
