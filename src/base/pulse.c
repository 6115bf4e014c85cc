/* SPDX-License-Identifier: MIT */
#include "base/pulse.h"

static void send_to_0(void *world, const struct beat *b)
{
    comm_send(world, 0, COMM_BEAT, b, sizeof *b);
}

struct pulse pulse_new(struct comm *world)
{
    return (struct pulse){.send = send_to_0, .to = world, .task = -1};
}

void pulse_beat(struct pulse *p, enum phase phase, int done, int of)
{
    const double every = 1; /* s */
    double clock;

    if (!p || !p->send)
        return;
    clock = comm_clock();
    if (clock < p->sent + every)
        return;
    p->sent = clock;
    p->send(p->to, &(struct beat){p->task, phase, done, of});
}

const char *pulse_text(enum phase phase)
{
#define PHASE_TEXT(name, text) text,
    static const char *const texts[] = {PHASE_LIST(PHASE_TEXT)};

    return texts[phase];
}
