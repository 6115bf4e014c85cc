/* SPDX-License-Identifier: MIT */
#include "run/evidence.h"

#include <math.h>

#include "base/state.h"

void evidence_add(struct evidence *e, const struct trial *t)
{
    struct measured m = {t->reward, t->result.age};

    e->late[e->proposed++ % EVIDENCE_KEPT] = t->task.arch;
    if (!result_counts(&t->result) || !isfinite(t->reward))
        return;
    if (e->measured < EVIDENCE_KEPT)
        e->first[e->measured] = m;
    e->last[e->measured++ % EVIDENCE_KEPT] = m;
}

static size_t kept(int64_t n)
{
    return n < EVIDENCE_KEPT ? (size_t)n : EVIDENCE_KEPT;
}

void evidence_state(struct evidence *e, struct state *s,
                    const struct space *space)
{
    const size_t width = sizeof(struct measured) / sizeof(double);

    state_enter(s, "evidence");
    state_count(s, "proposed", &e->proposed, 0, STATE_COUNT_MAX);
    state_count(s, "measured", &e->measured, 0, e->proposed);
    space_state(space, s, "late", e->late, kept(e->proposed),
                sizeof e->late[0]);
    state_any_doubles(s, "first", &e->first[0].reward,
                      width * kept(e->measured));
    state_any_doubles(s, "last", &e->last[0].reward, width * kept(e->measured));
    state_leave(s);
}

void evidence_late(const struct evidence *e, int n, struct arch *list)
{
    for (int i = 0; i < n; i++)
        list[i] = e->late[(e->proposed - n + i) % EVIDENCE_KEPT];
}

void evidence_last(const struct evidence *e, int n, struct measured *list)
{
    for (int i = 0; i < n; i++)
        list[i] = e->last[(e->measured - n + i) % EVIDENCE_KEPT];
}
