/* SPDX-License-Identifier: MIT */
#include "eval/heritage.h"

#include <limits.h>
#include <string.h>

#include "base/mem.h"
#include "pool_format.h"

/* Weights follow; the next item stays aligned. */
static size_t bytes_of(const struct block *b)
{
    size_t bytes = block_values(b) * sizeof(float);

    return sizeof(struct legacy) + (bytes + 7) / 8 * 8;
}

void heritage_add(struct luggage *l, const struct legacy *item)
{
    size_t more = bytes_of(&item->block);
    char *to;

    l->bytes = mem_resize(l->bytes, l->size, l->size + more, 1);
    to = (char *)l->bytes + l->size;
    memcpy(to, item, sizeof *item);
    memset(to + offsetof(struct legacy, w), 0, sizeof item->w);
    memcpy(to + sizeof *item, item->w,
           block_values(&item->block) * sizeof(float));
    l->size += more;
}

/* Is it a block, with all its weights in `left` bytes? */
static bool is_sound(const struct legacy *item, size_t left)
{
    return pool_block_valid(&item->block) && item->generation >= 0 &&
           item->generation < INT_MAX && bytes_of(&item->block) <= left;
}

bool heritage_next(const struct luggage *l, size_t *at, struct legacy *item)
{
    const char *from;

    if (l->size - *at < sizeof *item)
        return false;
    from = (const char *)l->bytes + *at;
    memcpy(item, from, sizeof *item);
    if (!is_sound(item, l->size - *at))
        return false;
    item->w = (const float *)(const void *)(from + sizeof *item);
    *at += bytes_of(&item->block);
    return true;
}

struct inherited heritage_give(struct graph *g, const struct luggage *l)
{
    struct inherited sum = {.generation = -1};
    struct legacy item;
    double values = 0;

    for (size_t at = 0; heritage_next(l, &at, &item);) {
        double n = (double)block_values(&item.block);

        block_give(g, &item.block, item.w);
        values += n;
        sum.share += n * item.share;
        sum.age += n * item.age;
        sum.generation = item.generation;
    }
    sum.share /= values;
    sum.age /= values;
    return sum;
}

void heritage_take(struct luggage *out, const struct graph *g,
                   const struct luggage *l, double epochs)
{
    struct legacy item;

    for (size_t at = 0; heritage_next(l, &at, &item);) {
        size_t n = block_values(&item.block);
        float *w = MEM_NEW(float, n);

        block_take(w, g, &item.block);
        for (size_t i = 0; i < n; i++)
            w[i] -= item.w[i];
        item.w = w;
        item.epochs = epochs;
        heritage_add(out, &item);
        mem_free(w);
    }
}
