/* SPDX-License-Identifier: MIT */
#include "known.h"

#include "base/mem.h"

enum { FIRST_ROOM = 256 };

void known_free(struct known *k)
{
    mem_free(k->at);
}

/* Where it is, or would be. */
static struct arch *place(const struct known *k, const struct arch *a)
{
    uint64_t i = arch_hash(a) % (uint64_t)k->room;

    while (k->at[i].count > 0 && !arch_equal(&k->at[i], a))
        i = (i + 1) % (uint64_t)k->room;
    return &k->at[i];
}

bool known_has(const struct known *k, const struct arch *a)
{
    return k->room > 0 && place(k, a)->count > 0;
}

static void grow(struct known *k)
{
    struct known old = *k;

    k->room = old.room > 0 ? 2 * old.room : FIRST_ROOM;
    k->at = MEM_NEW(struct arch, k->room);
    for (int64_t i = 0; i < old.room; i++)
        if (old.at[i].count > 0)
            *place(k, &old.at[i]) = old.at[i];
    known_free(&old);
}

void known_add(struct known *k, const struct arch *a)
{
    if (2 * k->count >= k->room)
        grow(k);
    k->count += !known_has(k, a);
    *place(k, a) = *a;
}
