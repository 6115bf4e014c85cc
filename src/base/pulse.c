/* SPDX-License-Identifier: MIT */
#include "base/pulse.h"

void pulse_beat(struct pulse *p, enum phase phase, int done, int of)
{
    const double every = 1; /* s */
    double clock;
    struct beat b;

    if (!p || !p->world)
        return;
    clock = comm_clock();
    if (clock < p->sent + every)
        return;
    p->sent = clock;
    b = (struct beat){p->task, phase, done, of};
    comm_send(p->world, 0, COMM_BEAT, &b, sizeof b);
}

const char *pulse_text(enum phase phase)
{
#define PHASE_TEXT(name, text) text,
    static const char *const texts[] = {PHASE_LIST(PHASE_TEXT)};

    return texts[phase];
}
