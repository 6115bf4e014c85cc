/* SPDX-License-Identifier: MIT */
/* Midranks are counted twice, which makes them integers. */
#include "base/rank_test.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

struct ranked {
    double value;
    int from; /* where it was */
};

static int compare(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    return (x->value > y->value) - (x->value < y->value);
}

/* Twice the midrank of each of x[n]; the sum of t^3 - t over ties of t. */
static double midranks(const double *x, int n, int *twice)
{
    struct ranked *sorted = MEM_NEW(struct ranked, n);
    double ties = 0;

    for (int i = 0; i < n; i++)
        sorted[i] = (struct ranked){x[i], i};
    qsort(sorted, (size_t)n, sizeof sorted[0], compare);
    for (int i = 0, end; i < n; i = end) {
        double t;

        for (end = i; end < n && sorted[end].value <= sorted[i].value; end++)
            ;
        for (int k = i; k < end; k++)
            twice[sorted[k].from] = i + end + 1;
        t = end - i;
        ties += t * t * t - t;
    }
    mem_free(sorted);
    return ties;
}

static int sum(const int *x, int n)
{
    int s = 0;

    for (int i = 0; i < n; i++)
        s += x[i];
    return s;
}

/* Chance that a standard normal is at least z. */
static double normal_above(double z)
{
    return 0.5 * erfc(z / sqrt(2.0));
}

/* Chance that k of the ranks r[n], drawn without order or return, sum to at
 * least `least`: chance[j][s] for j drawn of those seen so far, as a recursion
 * over the ranks, so that nothing overflows. */
static double drawn_at_least(const int *r, int n, int k, int least)
{
    int width = sum(r, n) + 1;
    double *chance = MEM_NEW(double, (size_t)(k + 1) * (size_t)width);
    double p = 0;

    chance[0] = 1;
    for (int i = 0; i < n; i++)
        for (int j = i < k ? i + 1 : k; j >= 0; j--) {
            double *to = chance + (size_t)j * (size_t)width;
            double taken = (double)j / (i + 1), left = 1 - taken;

            for (int s = width - 1; s >= 0; s--)
                to[s] =
                    left * to[s] +
                    (j > 0 && s >= r[i] ? taken * (to - width)[s - r[i]] : 0);
        }
    for (int s = least; s < width; s++)
        p += chance[(size_t)k * (size_t)width + (size_t)s];
    mem_free(chance);
    return p;
}

/* The same for many values; `ties` as midranks() has it. */
static double drawn_roughly(double nx, double ny, double twice, double ties)
{
    double n = nx + ny, mean = nx * (n + 1) / 2;
    double variance = nx * ny / 12 * (n + 1 - ties / (n * (n - 1)));

    return variance > 0
               ? normal_above((twice / 2 - mean - 0.5) / sqrt(variance))
               : 1;
}

double rank_test_larger(const double *x, int nx, const double *y, int ny)
{
    int n = nx + ny;
    double *all = MEM_NEW(double, n), ties, p;
    int *twice = MEM_NEW(int, n);

    for (int i = 0; i < n; i++)
        all[i] = i < nx ? x[i] : y[i - nx];
    ties = midranks(all, n, twice);
    if (nx == 0 || ny == 0)
        p = 1;
    else if (n <= RANK_EXACT)
        p = drawn_at_least(twice, n, nx, sum(twice, nx));
    else
        p = drawn_roughly(nx, ny, sum(twice, nx), ties);
    mem_free(all);
    mem_free(twice);
    return fmin(p, 1);
}

/* Chance that the ranks r[n] whose coin shows heads sum to at least `least`. */
static double tossed_at_least(const int *r, int n, int least)
{
    int width = sum(r, n) + 1;
    double *chance = MEM_NEW(double, width), p = 0;

    chance[0] = 1;
    for (int i = 0; i < n; i++)
        for (int s = width - 1; s >= 0; s--)
            chance[s] = (chance[s] + (s >= r[i] ? chance[s - r[i]] : 0)) / 2;
    for (int s = least; s < width; s++)
        p += chance[s];
    mem_free(chance);
    return p;
}

static double tossed_roughly(double n, double twice, double ties)
{
    double mean = n * (n + 1) / 4;
    double variance = n * (n + 1) * (2 * n + 1) / 24 - ties / 48;

    return normal_above((twice / 2 - mean - 0.5) / sqrt(variance));
}

/* The larger of the sums of the ranks of either sign. */
static int larger_sum(const double *d, const int *twice, int n)
{
    int up = 0, all = sum(twice, n);

    for (int i = 0; i < n; i++)
        up += d[i] > 0 ? twice[i] : 0;
    return up > all - up ? up : all - up;
}

double rank_test_signed(const double *d, int n)
{
    double *kept = MEM_NEW(double, n), *size = MEM_NEW(double, n), ties, p = 1;
    int *twice = MEM_NEW(int, n), m = 0, leaning;

    for (int i = 0; i < n; i++)
        if (d[i] < 0 || d[i] > 0) {
            size[m] = fabs(d[i]);
            kept[m++] = d[i];
        }
    ties = midranks(size, m, twice);
    leaning = larger_sum(kept, twice, m);
    if (m > 0)
        p = 2 * (m <= SIGN_EXACT ? tossed_at_least(twice, m, leaning)
                                 : tossed_roughly(m, leaning, ties));
    mem_free(kept);
    mem_free(size);
    mem_free(twice);
    return fmin(p, 1);
}
