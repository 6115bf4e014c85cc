/* SPDX-License-Identifier: MIT */
#include "learn/warp.h"

#include <math.h>
#include <string.h>

#include "base/stats.h"

#define ABOVE 0.9 /* of s: rewards further above the best count as this */
#define LEAST 1e-9

static double spread_top(const struct warp *w, double reward)
{
    return -log1p(fmax(-ABOVE, (w->best - reward) / w->width));
}

static double unstandardised(const struct warp *w, double value)
{
    return w->mean + w->deviation * value;
}

double warp_value(const struct warp *w, double reward)
{
    return (spread_top(w, reward) - w->mean) / w->deviation;
}

double warp_reward(const struct warp *w, double value)
{
    return w->best - w->width * expm1(-unstandardised(w, value));
}

double warp_growth(const struct warp *w, double value)
{
    return w->width * exp(-unstandardised(w, value)) * w->deviation;
}

struct warp warp_of(int n, const double *reward, double *value, double *sorted)
{
    struct warp w = {.best = reward[0], .deviation = 0};

    for (int i = 1; i < n; i++)
        w.best = fmax(w.best, reward[i]);
    memcpy(sorted, reward, sizeof(double) * (size_t)n);
    w.width = w.best - stats_median(sorted, n);
    if (!(w.width > LEAST * fabs(w.best)))
        w.width = fmax(LEAST, LEAST * fabs(w.best));
    for (int i = 0; i < n; i++) {
        value[i] = spread_top(&w, reward[i]);
        w.mean += value[i] / n;
    }
    for (int i = 0; i < n; i++)
        w.deviation += (value[i] - w.mean) * (value[i] - w.mean) / n;
    w.deviation = fmax(sqrt(w.deviation), LEAST);
    for (int i = 0; i < n; i++)
        value[i] = (value[i] - w.mean) / w.deviation;
    return w;
}
