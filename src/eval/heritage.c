/* SPDX-License-Identifier: MIT */
#include "eval/heritage.h"

#include <limits.h>
#include <string.h>

#include "base/mem.h"
#include "eval/inherit.h"
#include "pool_format.h"

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

/* Is it a block, with all its weights in `left` bytes? */
static bool is_sound(const struct head *head, size_t left)
{
    return pool_block_valid(&head->block) && head->generation >= 0 &&
           head->generation < INT_MAX && bytes_of(&head->block) <= left;
}

bool heritage_next(const struct luggage *l, size_t *at, struct legacy *item)
{
    const char *from;
    struct head head;

    if (l->size - *at < sizeof head)
        return false;
    from = (const char *)l->bytes + *at;
    memcpy(&head, from, sizeof head);
    if (!is_sound(&head, l->size - *at))
        return false;
    *item =
        (struct legacy){.block = head.block,
                        .generation = head.generation,
                        .age = head.age,
                        .w = (const float *)(const void *)(from + sizeof head)};
    *at += bytes_of(&head.block);
    return true;
}

bool heritage_find(const struct luggage *l, int stage, struct legacy *item)
{
    for (size_t at = 0; heritage_next(l, &at, item);)
        if (item->block.stage == stage)
            return true;
    return false;
}

/* One block; the values that were inherited. */
static double give(struct graph *g, const struct block *b,
                   const struct legacy *from)
{
    float *w = MEM_NEW(float, block_values(b));
    size_t n;

    block_take(w, g, b);
    n = inherit_block(w, b, from->w, &from->block);
    block_give(g, b, w);
    mem_free(w);
    return (double)n;
}

struct inherited heritage_give(struct graph *g, const struct blueprint *b,
                               const struct luggage *l)
{
    struct block blocks[BLOCKS_MAX];
    struct inherited sum = {.generation = -1};
    int count = block_list(blocks, b);
    double values = 0;

    for (int i = 0; i < count; i++) {
        struct legacy from;
        double n;

        values += (double)block_values(&blocks[i]);
        if (!heritage_find(l, blocks[i].stage, &from))
            continue;
        n = give(g, &blocks[i], &from);
        sum.share += n;
        sum.age += n * from.age;
        sum.generation = from.generation;
    }
    sum.share /= values;
    sum.age /= values;
    return sum;
}

/* The share of a block's weights that was inherited, found on a copy. */
static double share_of(const struct block *b, const struct legacy *from)
{
    float *w = MEM_NEW(float, block_values(b));
    size_t n = inherit_block(w, b, from->w, &from->block);

    mem_free(w);
    return (double)n / (double)block_values(b);
}

/* Of what a child leaves that started from these blocks. */
static int generation_of(const struct luggage *l)
{
    struct legacy first;
    size_t at = 0;

    return heritage_next(l, &at, &first) ? first.generation + 1 : 0;
}

void heritage_take(struct luggage *out, const struct graph *g,
                   const struct blueprint *b, const struct luggage *l,
                   double epochs)
{
    struct block blocks[BLOCKS_MAX];
    int count = block_list(blocks, b);

    for (int i = 0; i < count; i++) {
        float *w = MEM_NEW(float, block_values(&blocks[i]));
        struct legacy item = {.block = blocks[i],
                              .generation = generation_of(l),
                              .age = epochs,
                              .w = w};
        struct legacy from;

        block_take(w, g, &blocks[i]);
        if (heritage_find(l, blocks[i].stage, &from))
            item.age += from.age * share_of(&blocks[i], &from);
        heritage_add(out, &item);
        mem_free(w);
    }
}
