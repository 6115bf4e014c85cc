/* SPDX-License-Identifier: MIT */
#include "run/pace.h"

#include <math.h>

static const double margin = 1.2;

static bool timed(const struct trial *t)
{
    return t->answered && trial_fresh(t) && result_counts(&t->result);
}

double pace_seconds(const struct trials *t, double work)
{
    double longest = 0, most = 0, above = HUGE_VAL;

    for (int64_t i = 0; i < t->count; i++) {
        const struct trial *one = &t->list[i];

        if (!timed(one))
            continue;
        if (one->work > work) {
            above = fmin(above, one->result.seconds);
            continue;
        }
        longest = fmax(longest, one->result.seconds);
        most = fmax(most, one->work);
    }
    if (most > 0)
        return margin * longest * work / most;
    return isfinite(above) ? margin * above : 0;
}
