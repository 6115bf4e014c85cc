/* SPDX-License-Identifier: MIT */
/* Strings of six options whose quality is known, for tests of the critic. Include
 * after <cmocka.h>. */
#ifndef TESTS_KNOWN_QUALITY_H
#define TESTS_KNOWN_QUALITY_H

#include <math.h>

#include "learn/critic.h"

enum { SLOTS = 6, OPTIONS = 3, ROOM = 256, ASKED = 100 };

static inline void assert_near(double x, double wanted, double error)
{
    if (!(fabs(x - wanted) <= error))
        fail_msg("%.12g, not %.12g within %g", x, wanted, error);
}

static inline struct space six(void)
{
    struct space s = {.count = SLOTS};

    for (int t = 0; t < SLOTS; t++)
        s.decisions[t].options = OPTIONS;
    return s;
}

static inline struct arch draw(struct rng *r)
{
    struct space s = six();

    return space_random(&s, r);
}

static inline double quality(const struct arch *a)
{
    double sum = a->option[0] == a->option[1] ? 3 : 0;

    for (int t = 2; t < SLOTS; t++)
        sum += (a->option[t] + t) % OPTIONS;
    return 0.9 + 0.005 * sum;
}

static inline struct critic *make(int points)
{
    struct space s = six();

    return critic_new(&s, points, ASKED);
}

static inline double correlation(const double *x, const double *y, int n)
{
    double mx = 0, my = 0, xy = 0, xx = 0, yy = 0;

    for (int i = 0; i < n; i++) {
        mx += x[i] / n;
        my += y[i] / n;
    }
    for (int i = 0; i < n; i++) {
        xy += (x[i] - mx) * (y[i] - my);
        xx += (x[i] - mx) * (x[i] - mx);
        yy += (y[i] - my) * (y[i] - my);
    }
    return xy / sqrt(xx * yy);
}

/* Correlation of what is said of ASKED random architectures with the truth, and
 * the mean deviation that is said. */
static inline double judge_new(struct critic *c, double *deviation)
{
    struct rng r = rng_stream(9, RNG_TEST, 0);
    static struct arch a[ASKED];
    static struct verdict v[ASKED];
    double said[ASKED], truth[ASKED];

    *deviation = 0;
    for (int i = 0; i < ASKED; i++) {
        a[i] = draw(&r);
        truth[i] = quality(&a[i]);
    }
    critic_judge(c, ASKED, a, v);
    for (int i = 0; i < ASKED; i++) {
        said[i] = v[i].value;
        *deviation += v[i].deviation / ASKED;
    }
    return correlation(said, truth, ASKED);
}

#endif
