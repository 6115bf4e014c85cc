/* SPDX-License-Identifier: MIT */
/* First weights: normal numbers of the size of He et al. 2015, fan-out, which is
 * how a graph is initialised; each drawn by the key of its place. */
#include <math.h>

#include "base/rng.h"
#include "eval/inherit.h"
#include "inherit_order.h"

/* A tensor to fill in. */
struct first {
    const struct block *block;
    int layer;
    enum part part;
    const struct tensor *t;
    struct order order;
    uint64_t seed;
};

/* Normal numbers by key: a draw depends on nothing else. */
static double normal(const struct first *f, uint64_t key)
{
    struct rng r = rng_stream(f->seed, RNG_WEIGHTS, key);

    return rng_normal(&r);
}

/* A channel by copy and place, the same for all widths. */
static uint64_t channel_key(int i, int each)
{
    return (uint64_t)(i / each) << 32 | (uint64_t)(i % each);
}

/* Of a tensor: operator and place in the network. */
static uint64_t tensor_key(const struct first *f)
{
    int kind = inherit_plain(f->block) ? 0 : 1 + inherit_expands(f->block);
    uint64_t key = rng_mix((uint64_t)f->block->stage, (uint64_t)kind);

    return rng_mix(key, (uint64_t)(f->layer * PARTS + (int)f->part));
}

/* Place q in a kernel, by distance from its centre. */
static uint64_t kernel_key(int size, int q)
{
    return (uint64_t)(q / size - size / 2 + 64) << 32 |
           (uint64_t)(q % size - size / 2 + 64);
}

static double size_of(const struct first *f)
{
    int k = f->t->kernel;

    return f->block->classifier ? 0.01 : sqrt(2.0 / (f->t->outs * k * k));
}

static void first_kernel(float *w, const struct first *f, int m, int i)
{
    int k = f->t->kernel;
    double size = size_of(f);
    uint64_t out = rng_mix(tensor_key(f), channel_key(m, f->order.outs));
    uint64_t both = rng_mix(out, channel_key(i, f->order.ins));

    for (int q = 0; q < k * k; q++)
        w[q] = (float)(size * normal(f, rng_mix(both, kernel_key(k, q))));
}

static void first_conv(float *w, const struct first *f)
{
    const struct tensor *t = f->t;
    int area = t->kernel * t->kernel;

    for (int m = 0; m < t->outs; m++)
        for (int i = 0; i < t->ins; i++, w += area)
            first_kernel(w, f, m, i);
    for (int m = 0; m < t->outs && t->bias; m++)
        w[m] = 0;
}

static void first_norm(float *w, const struct tensor *t)
{
    for (int k = 0; k < NORM_PARTS; k++)
        for (int m = 0; m < t->outs; m++)
            *w++ = k == GAMMA || k == VARIANCE;
}

void inherit_first(float *w, const struct block *b, uint64_t seed)
{
    struct tensor part[PARTS];

    for (int layer = 0; layer < b->layers; layer++) {
        block_tensors(part, b, layer);
        for (int k = 0; k < PARTS; k++) {
            enum part which = (enum part)k;
            const struct first f = {
                b,   layer, which, &part[k], inherit_order(b, layer, which),
                seed};

            if (part_norm(which))
                first_norm(w + part[k].at, &part[k]);
            else
                first_conv(w + part[k].at, &f);
        }
    }
}
