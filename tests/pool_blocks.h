/* SPDX-License-Identifier: MIT */
/* Stored blocks, made up. */
#ifndef POOL_BLOCKS_H
#define POOL_BLOCKS_H

#include "base/mem.h"
#include "eval/pool.h"

static const struct pool_conf small = {
    .enabled = true, .epochs = 0.5, .round = 2, .generations = 9, .limit = 1};

static inline struct block mbconv(int stage, int kernel, int channels)
{
    return (struct block){.stage = stage,
                          .c_in = 8,
                          .layers = 2,
                          .form = {.kind = LAYER_MBCONV,
                                   .skip = SKIP_IDENTITY,
                                   .act = ACT_RELU,
                                   .block = stage,
                                   .kernel = kernel,
                                   .stride = 1,
                                   .channels = channels,
                                   .expand = 3,
                                   .se = 25,
                                   .gate = ACT_HSIGMOID}};
}

/* Weights that are all the same, but variances are at least 0. */
static inline float *filled(const struct block *b, float value)
{
    float *w = MEM_NEW(float, block_values(b));

    for (size_t i = 0; i < block_values(b); i++)
        w[i] = value;
    return w;
}

static inline struct entry entry_of(struct block b, int generation, float value)
{
    return (struct entry){.block = b,
                          .generation = generation,
                          .age = 1,
                          .reward = 0.5,
                          .w = filled(&b, value)};
}

static inline void put(struct pool *p, struct block b, int generation,
                       float value)
{
    pool_put(p, entry_of(b, generation, value));
}

#endif
