/* SPDX-License-Identifier: MIT */
#include "base/timer.h"

#include <time.h>

#include "base/err.h"

static struct {
    double seconds, since;
    int running;
} timers[TIMERS];

static double now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void timer_start(enum timer t)
{
    DCHECK(!timers[t].running);
    timers[t].running = 1;
    timers[t].since = now();
}

void timer_stop(enum timer t)
{
    DCHECK(timers[t].running);
    timers[t].running = 0;
    timers[t].seconds += now() - timers[t].since;
}

double timer_seconds(enum timer t)
{
    return timers[t].seconds +
           (timers[t].running ? now() - timers[t].since : 0);
}

void timer_set(enum timer t, double seconds)
{
    DCHECK(!timers[t].running);
    timers[t].seconds = seconds;
}

const char *timer_text(enum timer t)
{
#define TIMER_TEXT(name, level, text) text,
    static const char *const texts[] = {TIMER_LIST(TIMER_TEXT)};

    return texts[t];
}

int timer_level(enum timer t)
{
#define TIMER_LEVEL(name, level, text) level,
    static const int levels[] = {TIMER_LIST(TIMER_LEVEL)};

    return levels[t];
}
