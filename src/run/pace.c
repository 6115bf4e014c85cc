/* SPDX-License-Identifier: MIT */
#include "run/pace.h"

#include <math.h>

#include "base/state.h"

static const double margin = 1.2;

void pace_note(struct pace *p, double work, double seconds)
{
    int64_t at = p->count++ % PACE_KEPT;

    p->kept[at].work = work;
    p->kept[at].seconds = seconds;
}

void pace_state(struct pace *p, struct state *s)
{
    state_enter(s, "pace");
    state_count(s, "count", &p->count, 0, STATE_COUNT_MAX);
    state_any_doubles(s, "kept", &p->kept[0].work, 2 * PACE_KEPT);
    state_leave(s);
}

double pace_seconds(const struct pace *p, double work)
{
    double longest = 0, most = 0, above = HUGE_VAL;

    for (int64_t i = 0; i < p->count && i < PACE_KEPT; i++) {
        double seconds = p->kept[i].seconds;

        if (p->kept[i].work > work) {
            above = fmin(above, seconds);
            continue;
        }
        longest = fmax(longest, seconds);
        most = fmax(most, p->kept[i].work);
    }
    if (most > 0)
        return margin * longest * work / most;
    return isfinite(above) ? margin * above : 0;
}
