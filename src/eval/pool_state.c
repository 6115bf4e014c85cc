/* SPDX-License-Identifier: MIT */
/* The state of the knowledge pool: its entries, and what was told since the last
 * commit.  Unlike pool_file.c, which is for others to read, to the last bit. */
#include <limits.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/state.h"
#include "eval/pool.h"
#include "pool_format.h"

#define WEIGHT_MOST 1e30f /* more is none that can be trained on */

/* The group of something numbered. */
static void enter(struct state *s, const char *what, int i)
{
    char name[32];

    (void)snprintf(name, sizeof name, "%s_%d", what, i);
    state_enter(s, name);
}

static bool fits(const struct pool *p, const struct block *b)
{
    return pool_block_valid(b) && block_values(b) * sizeof(float) <= p->limit;
}

static void state_entry(const struct pool *p, struct entry *e, struct state *s)
{
    size_t n = 0;

    state_raw(s, "block", &e->block, sizeof e->block);
    state_need(s, fits(p, &e->block), "no block");
    state_doubles(s, "age", &e->age, 1);
    state_count(s, "updates", &e->updates, 0, STATE_COUNT_MAX);
    state_count(s, "used", &e->used, 0, p->generation);
    if (state_loads(s))
        e->w = MEM_NEW(float, block_values(&e->block));
    if (e->w)
        n = block_values(&e->block);
    state_floats(s, "weights", e->w, n, -WEIGHT_MOST, WEIGHT_MOST);
}

static void state_entries(struct pool *p, struct state *s)
{
    bool loads = state_loads(s);
    int count = p->count;

    state_int(s, "entries", &count, 0, INT_MAX);
    for (int i = 0; i < count && state_ok(s); i++) {
        struct entry e = {0};

        if (!loads)
            e = p->list[i];
        enter(s, "entry", i);
        state_entry(p, &e, s);
        state_leave(s);
        if (state_loads(s))
            pool_put(p, e);
        else if (loads)
            mem_free(e.w);
    }
    state_need(s, p->count == count, "two entries of a kin");
}

/* What children left since the last commit. */
static void state_told(struct pool *p, struct state *s)
{
    int told = p->told_count;

    state_int(s, "told", &told, 0, p->round - 1);
    if (state_loads(s))
        p->told_count = told;
    for (int i = 0; i < told; i++) {
        enter(s, "child", i);
        state_bytes(s, "left", &p->told[i].bytes, &p->told[i].size);
        state_leave(s);
    }
}

static void state_parts(struct pool *p, struct state *s)
{
    state_enter(s, "pool");
    state_int(s, "generation", &p->generation, 0, INT_MAX / 2);
    state_entries(p, s);
    state_told(p, s);
    state_count(s, "lookups", &p->counted.lookups, 0, STATE_COUNT_MAX);
    state_count(s, "hits", &p->counted.hits, 0, STATE_COUNT_MAX);
    state_count(s, "warm", &p->counted.warm, 0, STATE_COUNT_MAX);
    state_count(s, "found", &p->counted.found, 0, STATE_COUNT_MAX);
    state_count(s, "evicted", &p->counted.evicted, 0, STATE_COUNT_MAX);
    state_leave(s);
}

void pool_state(struct pool *p, struct state *s)
{
    struct pool *new, old = *p;

    if (!state_loads(s)) {
        state_parts(p, s);
        return;
    }
    new = pool_new(p->conf, p->seed);
    state_parts(new, s);
    if (state_loads(s)) {
        *p = *new;
        *new = old;
    }
    pool_free(new);
}
