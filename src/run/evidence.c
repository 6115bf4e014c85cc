/* SPDX-License-Identifier: MIT */
#include "run/evidence.h"

#include <math.h>

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
