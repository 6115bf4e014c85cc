/* SPDX-License-Identifier: MIT */
#include "space/arch_index.h"

#include "base/mem.h"

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

void arch_index_put(struct arch_index *x, const struct arch *a, int64_t number)
{
    int64_t at;

    CHECK(number >= 0 && number < UINT32_MAX);
    if (4 * x->count >= 3 * x->room)
        grow(x);
    at = place(x, arch_hash(a));
    x->count += x->number[at] == 0;
    x->hash[at] = arch_hash(a);
    x->number[at] = (uint32_t)number + 1;
}
