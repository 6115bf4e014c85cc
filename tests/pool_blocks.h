/* SPDX-License-Identifier: MIT */
/* Stored blocks, made up. */
#ifndef POOL_BLOCKS_H
#define POOL_BLOCKS_H

#include "base/mem.h"
#include "eval/pool.h"

static const struct pool_conf small = {
    .enabled = true, .epochs = 0.5, .round = 2, .step = 1, .limit = 1};

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

static inline void put(struct pool *p, struct block b, float value)
{
    pool_put(p, (struct entry){.block = b, .age = 1, .w = filled(&b, value)});
}

#endif
