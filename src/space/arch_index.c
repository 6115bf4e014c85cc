/* SPDX-License-Identifier: MIT */
#include "space/arch_index.h"

#include <string.h>

#include "base/mem.h"
#include "base/state.h"

enum { FIRST_ROOM = 64 };

void arch_index_free(struct arch_index *x)
{
    mem_free(x->hash);
    mem_free(x->number);
}

/* Where a hash is, or would be. */
static int64_t place(const struct arch_index *x, uint64_t hash)
{
    uint64_t i = hash % (uint64_t)x->room;

    while (x->number[i] > 0 && x->hash[i] != hash)
        i = (i + 1) % (uint64_t)x->room;
    return (int64_t)i;
}

int64_t arch_index_find(const struct arch_index *x, const struct arch *a)
{
    return x->room > 0 ? (int64_t)x->number[place(x, arch_hash(a))] - 1 : -1;
}

static void grow(struct arch_index *x)
{
    struct arch_index old = *x;

    x->room = old.room > 0 ? 2 * old.room : FIRST_ROOM;
    x->hash = MEM_NEW(uint64_t, x->room);
    x->number = MEM_NEW(uint32_t, x->room);
    for (int64_t i = 0; i < old.room; i++)
        if (old.number[i] > 0) {
            int64_t at = place(x, old.hash[i]);

            x->hash[at] = old.hash[i];
            x->number[at] = old.number[i];
        }
    arch_index_free(&old);
}

static void put(struct arch_index *x, uint64_t hash, uint32_t mark)
{
    int64_t at;

    if (4 * x->count >= 3 * x->room)
        grow(x);
    at = place(x, hash);
    x->count += x->number[at] == 0;
    x->hash[at] = hash;
    x->number[at] = mark;
}

void arch_index_put(struct arch_index *x, const struct arch *a, int64_t number)
{
    CHECK(number >= 0 && number < UINT32_MAX);
    put(x, arch_hash(a), (uint32_t)number + 1);
}

/* What is found, and where the next is looked for. */
struct pass {
    struct arch_index *index;
    int64_t at;
};

struct pair {
    uint64_t hash, mark;
};

static enum err get_pairs(void *self, int64_t first, int64_t n, void *rows)
{
    struct pass *p = self;
    struct pair *pair = rows;

    (void)first;
    for (int64_t i = 0; i < n; p->at++)
        if (p->index->number[p->at] > 0)
            pair[i++] =
                (struct pair){p->index->hash[p->at], p->index->number[p->at]};
    return ERR_NONE;
}

static bool put_pair(void *self, int64_t at, const void *row)
{
    const struct pass *p = self;
    struct pair pair;

    (void)at;
    memcpy(&pair, row, sizeof pair);
    if (pair.mark == 0 || pair.mark > UINT32_MAX)
        return false;
    put(p->index, pair.hash, (uint32_t)pair.mark);
    return true;
}

void arch_index_state(struct arch_index *x, struct state *s, const char *name)
{
    struct pass pass = {x, 0};
    int64_t count = x->count;

    state_enter(s, name);
    state_count(s, "count", &count, 0, UINT32_MAX);
    if (state_loads(s)) {
        arch_index_free(x);
        *x = (struct arch_index){0};
    }
    state_list(s, &(struct state_list){"pairs", sizeof(struct pair), count,
                                       &pass, get_pairs, put_pair});
    state_leave(s);
}
