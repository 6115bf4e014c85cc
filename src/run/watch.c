/* SPDX-License-Identifier: MIT */
#include "run/watch.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"

enum { WHO_MAX = 512 };

struct heard {
    double at; /* comm_clock(); HUGE_VAL: dismissed */
    struct beat beat;
    bool warned; /* since then */
};

struct watch {
    const struct ranks *ranks;
    double patience;
    double looked;       /* comm_clock() */
    struct heard *heard; /* [ranks] */
};

struct watch *watch_new(const struct ranks *r, double patience)
{
    struct watch *w = MEM_NEW(struct watch, 1);

    w->ranks = r;
    w->patience = patience > 0 ? patience : HUGE_VAL;
    w->heard = MEM_NEW(struct heard, comm_size(r->world));
    for (int i = 0; i < comm_size(r->world); i++)
        watch_hear(w, i, &(struct beat){.task = -1, .phase = PHASE_IDLE});
    return w;
}

void watch_free(struct watch *w)
{
    if (!w)
        return;
    mem_free(w->heard);
    mem_free(w);
}

void watch_hear(struct watch *w, int rank, const struct beat *b)
{
    w->heard[rank] = (struct heard){.at = comm_clock(), .beat = *b};
}

void watch_dismiss(struct watch *w, int rank)
{
    w->heard[rank].at = HUGE_VAL;
}

static void describe(const struct watch *w, int rank, char *who, size_t size)
{
    const struct heard *h = &w->heard[rank];
    char where[128] = "", host[64] = "";

    if (h->beat.task >= 0)
        (void)snprintf(where, sizeof where,
                       " of trial %" PRId64 ", step %d of %d", h->beat.task,
                       h->beat.done, h->beat.of);
    if (w->ranks->about)
        (void)snprintf(host, sizeof host, " on %.48s",
                       w->ranks->about[rank].host);
    (void)snprintf(who, size, "rank %d%s, silent for %.0f s in %s%s", rank,
                   host, comm_clock() - h->at, pulse_text(h->beat.phase),
                   where);
}

static int longest_silent(const struct watch *w)
{
    int rank = 1;

    for (int i = 2; i < comm_size(w->ranks->world); i++)
        if (w->heard[i].at < w->heard[rank].at)
            rank = i;
    return rank;
}

static void warn(struct watch *w, int rank)
{
    char who[WHO_MAX];

    if (w->heard[rank].warned)
        return;
    w->heard[rank].warned = true;
    describe(w, rank, who, sizeof who);
    log_warn("%s; at %.0f s the run is stopped (run.watch)", who, w->patience);
}

bool watch_late(struct watch *w, char *who, size_t size)
{
    const double every = 1; /* s */
    double now = comm_clock();
    int rank;

    if (comm_size(w->ranks->world) == 1 || now < w->looked + every)
        return false;
    w->looked = now;
    rank = longest_silent(w);
    if (now > w->heard[rank].at + w->patience / 2)
        warn(w, rank);
    if (now <= w->heard[rank].at + w->patience)
        return false;
    describe(w, rank, who, size);
    return true;
}
