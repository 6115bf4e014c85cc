/* SPDX-License-Identifier: MIT */
#include "eval/tree.h"

#include "base/err.h"

static int log2_of(int n)
{
    int levels = 0;

    for (; n > 1; n /= 2)
        levels++;
    return levels;
}

size_t tree_bytes(int shards, size_t n)
{
    return (size_t)log2_of(shards) * arena_piece(n * sizeof(float));
}

void tree_build(struct tree *t, struct arena *a, int shards, size_t n)
{
    *t = (struct tree){.n = n};
    CHECK(log2_of(shards) <= TREE_LEVELS_MAX);
    for (int i = 0; i < log2_of(shards); i++)
        t->sum[i] = ARENA_NEW(a, float, n);
}

static void add(float *restrict dw, const float *restrict sum, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dw[i] = sum[i] + dw[i];
}

void tree_add(struct tree *t, float **dw, int i, int shards)
{
    int level = 0;

    for (; i >> level & 1; level++)
        add(*dw, t->sum[level], t->n);
    if (level < log2_of(shards)) {
        float *free = t->sum[level];

        t->sum[level] = *dw;
        *dw = free;
    }
}
