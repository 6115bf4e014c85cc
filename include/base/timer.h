/* SPDX-License-Identifier: MIT */
/* Where the time goes: an enum of timers, whose indentation draws the tree.
 *
 * Timers of one level do not overlap; a parent covers its children. Local. */
#ifndef BASE_TIMER_H
#define BASE_TIMER_H

/* clang-format off */
#define TIMER_LIST(X)                                         \
    X(RUN,       0, "run")                                    \
    X(SETUP,     1, "setup: data, space, ranks")              \
    X(SEARCH,    1, "search method (rank 0)")                 \
    X(STORE,     1, "results, journal, state (rank 0)")       \
    X(WAIT,      1, "waiting for work or results")            \
    X(CHILD,     1, "children")                               \
    X(BUILD,     2, "build, initial weights")                 \
    X(BATCH,     2, "batches")                                \
    X(FORWARD,   2, "forward")                                \
    X(BACKWARD,  2, "backward")                               \
    X(SUM,       2, "gradient sum over the group")            \
    X(OPTIMISER, 2, "optimiser")                              \
    X(VALIDATE,  2, "validation")                             \
    X(LATENCY,   2, "latency")
/* clang-format on */

#define TIMER_ENUM(name, level, text) TIMER_##name,
enum timer { TIMER_LIST(TIMER_ENUM) TIMERS };

void timer_start(enum timer t);
void timer_stop(enum timer t);

/** Seconds counted so far, of a timer that is not running or up to now. */
double timer_seconds(enum timer t);

/** What a process that was forked has counted; it must not be running. */
void timer_set(enum timer t, double seconds);

const char *timer_text(enum timer t);
int timer_level(enum timer t);

#endif
