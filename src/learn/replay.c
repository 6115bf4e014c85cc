/* SPDX-License-Identifier: MIT */
#include "learn/replay.h"

#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/state.h"
#include "learn/categorical.h"

struct replay {
    int slots, capacity;
    int64_t added;            /* the newest is at (added - 1) % capacity */
    struct experience *entry; /* [capacity] */
    float *mu;                /* [capacity, slots] */
    int *order;               /* [capacity] */
};

struct replay *replay_new(int slots, int capacity)
{
    struct replay *r = MEM_NEW(struct replay, 1);
    size_t count = (size_t)slots * (size_t)capacity;

    CHECK(slots > 0 && capacity > 0);
    r->slots = slots;
    r->capacity = capacity;
    r->entry = MEM_NEW(struct experience, capacity);
    r->mu = MEM_NEW(float, count);
    r->order = MEM_NEW(int, capacity);
    return r;
}

void replay_free(struct replay *r)
{
    if (!r)
        return;
    mem_free(r->entry);
    mem_free(r->mu);
    mem_free(r->order);
    mem_free(r);
}

static size_t row_bytes(const struct replay *r)
{
    return sizeof(float) * (size_t)r->slots;
}

void replay_add(struct replay *r, const struct experience *e, const float *mu)
{
    int at = (int)(r->added++ % r->capacity);

    r->entry[at] = *e;
    memcpy(r->mu + at * r->slots, mu, row_bytes(r));
}

void replay_state(struct replay *r, struct state *s, const struct space *space)
{
    size_t n;

    state_enter(s, "replay");
    state_count(s, "added", &r->added, 0, STATE_COUNT_MAX);
    n = r->added < r->capacity ? (size_t)r->added : (size_t)r->capacity;
    space_state(space, s, "arch", &r->entry->arch, n, sizeof *r->entry);
    state_reals_in(s, "reward", &r->entry->reward, n, sizeof *r->entry);
    state_reals_in(s, "age", &r->entry->age, n, sizeof *r->entry);
    state_counts_in(s, "round", &r->entry->round, n, sizeof *r->entry);
    state_floats(s, "mu", r->mu, n * (size_t)r->slots, LOG_LEAST, 1);
    for (size_t i = 0; i < n; i++)
        state_need(s, isfinite(r->entry[i].reward), "no reward");
    state_leave(s);
}

/* Entries not older than `since`, oldest first. */
static int list_recent(struct replay *r, int64_t since)
{
    int64_t first = r->added > r->capacity ? r->added - r->capacity : 0;
    int n = 0;

    for (int64_t i = first; i < r->added; i++)
        if (r->entry[i % r->capacity].round >= since)
            r->order[n++] = (int)(i % r->capacity);
    return n;
}

int replay_draw(struct replay *r, struct rng *rng, int n, int64_t since,
                struct experience *e, float *mu)
{
    int there = list_recent(r, since), drawn = n < there ? n : there;

    rng_shuffle(rng, r->order, (size_t)there);
    for (int i = 0; i < drawn; i++) {
        e[i] = r->entry[r->order[i]];
        memcpy(mu + i * r->slots, r->mu + r->order[i] * r->slots, row_bytes(r));
    }
    return drawn;
}
