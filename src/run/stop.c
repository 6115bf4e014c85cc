/* SPDX-License-Identifier: MIT */
#include "run/stop.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/comm.h"

enum { LOOK_SECONDS = 1, RESERVE_SECONDS = 30 };

/* Set by the handler, the only state that a signal can reach. */
static volatile sig_atomic_t soon, now, publish;

static void note(int signal)
{
    if (signal == SIGUSR1)
        soon = 1;
    else if (signal == SIGUSR2)
        publish = 1;
    else
        now = 1;
}

void stop_listen(bool heed)
{
    static const struct {
        int signal;
        bool soft; /* ends no rank */
    } list[] = {
        {SIGUSR1, true}, {SIGUSR2, true}, {SIGTERM, false}, {SIGINT, false}};
    struct sigaction a;

    memset(&a, 0, sizeof a);
    a.sa_flags = SA_RESTART;
    (void)sigemptyset(&a.sa_mask);
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        a.sa_handler = heed ? note : list[i].soft ? SIG_IGN : SIG_DFL;
        (void)sigaction(list[i].signal, &a, NULL);
    }
}

bool stop_publish(void)
{
    bool asked = publish;

    publish = 0;
    return asked;
}

double stop_seconds_left(double limit)
{
    const char *end = getenv("SLURM_JOB_END_TIME");
    char *rest;
    long long at;

    if (limit > 0)
        return limit;
    if (!end)
        return HUGE_VAL;
    at = strtoll(end, &rest, 10);
    return *end && !*rest && at > 0
               ? difftime((time_t)at, time(NULL)) - RESERVE_SECONDS
               : HUGE_VAL;
}

void stop_ask(struct stop *s, enum stop_kind kind, const char *why)
{
    if (kind <= s->asked)
        return;
    if (s->asked == STOP_NOT) {
        s->since = comm_clock();
        (void)snprintf(s->why, sizeof s->why, "%s", why);
    }
    s->asked = kind;
}

static void look_for_file(struct stop *s)
{
    double clock = comm_clock();

    if (clock - s->looked < LOOK_SECONDS)
        return;
    s->looked = clock;
    if (access(s->file, F_OK) == 0)
        stop_ask(s, STOP_SOON, s->file);
}

enum stop_kind stop_look(struct stop *s)
{
    double clock = comm_clock();

    if (now)
        stop_ask(s, STOP_NOW, "a signal (TERM or INT)");
    if (soon)
        stop_ask(s, STOP_SOON, "a signal (USR1)");
    if (clock >= s->until)
        stop_ask(s, STOP_NOW, "the time limit");
    if (s->asked == STOP_NOT)
        look_for_file(s);
    else if (clock >= s->since + s->grace)
        stop_ask(s, STOP_NOW, s->why);
    return s->asked;
}

bool stop_has_time(struct stop *s, double seconds)
{
    if (comm_clock() + seconds >= s->until)
        stop_ask(s, STOP_SOON, "the time limit");
    return s->asked == STOP_NOT;
}
