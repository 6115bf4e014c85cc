/* SPDX-License-Identifier: MIT */
#include "learn/replay.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

struct ranked {
    double worth;
    int at, entry; /* in the order of age; in the ring */
};

struct replay {
    int slots, capacity;
    int64_t added;            /* the newest is at (added - 1) % capacity */
    struct experience *entry; /* [capacity] */
    float *mu;                /* [capacity, slots] */
    int *order;               /* [capacity] */
    struct ranked *ranked;    /* [capacity] */
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
    r->ranked = MEM_NEW(struct ranked, capacity);
    return r;
}

void replay_free(struct replay *r)
{
    if (!r)
        return;
    mem_free(r->entry);
    mem_free(r->mu);
    mem_free(r->order);
    mem_free(r->ranked);
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

/* The best first; of equals the older. */
static int by_worth(const void *a, const void *b)
{
    const struct ranked *p = a, *q = b;

    if (p->worth != q->worth)
        return p->worth > q->worth ? -1 : 1;
    return (p->at > q->at) - (p->at < q->at);
}

/* Of the first `there` in order the best remain; how many. */
static int keep_best(struct replay *r, int there, const struct replay_choice *c)
{
    int keep = (int)ceil(c->best * there);

    keep = keep > c->n ? keep : c->n;
    if (keep >= there)
        return there;
    for (int i = 0; i < there; i++)
        r->ranked[i] = (struct ranked){c->worth(c->of, &r->entry[r->order[i]]),
                                       i, r->order[i]};
    qsort(r->ranked, (size_t)there, sizeof *r->ranked, by_worth);
    for (int i = 0; i < keep; i++)
        r->order[i] = r->ranked[i].entry;
    return keep;
}

int replay_draw(struct replay *r, struct rng *rng,
                const struct replay_choice *c, struct experience *e, float *mu)
{
    int there = keep_best(r, list_recent(r, c->since), c);
    int drawn = c->n < there ? c->n : there;

    rng_shuffle(rng, r->order, (size_t)there);
    for (int i = 0; i < drawn; i++) {
        e[i] = r->entry[r->order[i]];
        memcpy(mu + i * r->slots, r->mu + r->order[i] * r->slots, row_bytes(r));
    }
    return drawn;
}
