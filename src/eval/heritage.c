/* SPDX-License-Identifier: MIT */
#include "eval/heritage.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "eval/inherit.h"

/* Before the weights of each block. */
struct head {
    struct block block;
    int generation;
    double age;
};

/* Heads stay aligned. */
static size_t bytes_of(const struct block *b)
{
    size_t bytes = block_values(b) * sizeof(float);

    return sizeof(struct head) + (bytes + 7) / 8 * 8;
}

void heritage_add(struct luggage *l, const struct legacy *item)
{
    struct head head = {item->block, item->generation, item->age};
    size_t more = bytes_of(&item->block);
    char *to;

    l->bytes = mem_resize(l->bytes, l->size, l->size + more, 1);
    to = (char *)l->bytes + l->size;
    memcpy(to, &head, sizeof head);
    memcpy(to + sizeof head, item->w,
           block_values(&item->block) * sizeof(float));
    l->size += more;
}

bool heritage_next(const struct luggage *l, size_t *at, struct legacy *item)
{
    const char *from = (const char *)l->bytes + *at;
    struct head head;

    if (*at == l->size)
        return false;
    memcpy(&head, from, sizeof head);
    *item =
        (struct legacy){.block = head.block,
                        .generation = head.generation,
                        .age = head.age,
                        .w = (const float *)(const void *)(from + sizeof head)};
    *at += bytes_of(&head.block);
    CHECK(*at <= l->size);
    return true;
}

bool heritage_find(const struct luggage *l, int stage, struct legacy *item)
{
    for (size_t at = 0; heritage_next(l, &at, item);)
        if (item->block.stage == stage)
            return true;
    return false;
}

/* How many values of w[block_values(b)] come from where. */
static double inherited_values(const struct block *b, float *w,
                               const struct legacy *from)
{
    return (double)inherit_block(w, b, from->w, &from->block);
}

struct inherited heritage_give(struct graph *g, const struct block *blocks,
                               int count, const struct luggage *l)
{
    struct inherited sum = {.generation = -1};
    double values = 0;

    for (int i = 0; i < count; i++) {
        const struct block *b = &blocks[i];
        float *w = MEM_NEW(float, block_values(b));
        struct legacy from;
        double n;

        values += (double)block_values(b);
        block_take(w, g, b);
        if (heritage_find(l, b->stage, &from)) {
            n = inherited_values(b, w, &from);
            sum.share += n;
            sum.age += n * from.age;
            sum.generation = from.generation;
        }
        block_give(g, b, w);
        mem_free(w);
    }
    sum.share /= values;
    sum.age /= values;
    return sum;
}

/* The share of a block's weights that was inherited, on a copy. */
static double share_of(const struct block *b, const struct legacy *from)
{
    float *w = MEM_NEW(float, block_values(b));
    double n = inherited_values(b, w, from);

    mem_free(w);
    return n / (double)block_values(b);
}

void heritage_take(struct luggage *out, const struct graph *g,
                   const struct block *blocks, int count,
                   const struct luggage *l, double epochs)
{
    for (int i = 0; i < count; i++) {
        const struct block *b = &blocks[i];
        float *w = MEM_NEW(float, block_values(b));
        struct legacy item = {.block = *b, .age = epochs, .w = w}, from;

        block_take(w, g, b);
        if (l->size > 0) {
            struct legacy first;
            size_t at = 0;

            CHECK(heritage_next(l, &at, &first));
            item.generation = first.generation + 1;
        }
        if (heritage_find(l, b->stage, &from))
            item.age += from.age * share_of(b, &from);
        heritage_add(out, &item);
        mem_free(w);
    }
}
