/* SPDX-License-Identifier: MIT */
/* Signs of life: ranks tell rank 0 once a second what they are doing.
 *
 * A rank beats from the loops it works in, so one that hangs in a file, a message
 * or a kernel falls silent, and its last beat says where. */
#ifndef BASE_PULSE_H
#define BASE_PULSE_H

#include "base/comm.h"

/* clang-format off */
#define PHASE_LIST(X)             \
    X(IDLE,     "waiting for work") \
    X(TRAIN,    "training")         \
    X(VALIDATE, "validation")
/* clang-format on */

#define PHASE_ENUM(name, text) PHASE_##name,
enum phase { PHASE_LIST(PHASE_ENUM) PHASES };

/** Where a rank is. */
struct beat {
    int64_t task; /* -1: none */
    enum phase phase;
    int done, of; /* steps of the phase */
};

/** A rank's; all zero: it never beats. */
struct pulse {
    void (*send)(void *to, const struct beat *b); /* NULL: nobody listens */
    void *to;
    int64_t task; /* that it works on; -1: none */
    double sent;  /* comm_clock() of the last beat */
};

/** One that beats to rank 0 of the world, which is borrowed. */
struct pulse pulse_new(struct comm *world);

/** Send a beat, if the last is a second old.  NULL is fine. Local. */
void pulse_beat(struct pulse *p, enum phase phase, int done, int of);

/** "training"... */
const char *pulse_text(enum phase phase);

#endif
