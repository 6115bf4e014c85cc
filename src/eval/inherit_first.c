/* SPDX-License-Identifier: MIT */
/* First weights are a part that all operators of a stage have in common, and
 * noise.  With the common part alone, every child of a space computes about the
 * same: a stage mixes channels by one matrix M, all else passes them on.
 *
 *     full convolution   M in the centre of the kernel
 *     depthwise          1 in the centre
 *     expand             hidden channel (copy, i) is channel i
 *     to the width       M of the channels, the mean over the copies; in a
 *                        later layer of the block the identity
 *     excite             0: all gates are the same, without noise
 *
 * So neighbours understand each other from the start, and still do after their
 * weights came from different children.  Sizes are those of He et al. 2015,
 * fan-out, which is how a graph is initialised. */
#include <math.h>

#include "base/rng.h"
#include "eval/inherit.h"
#include "inherit_order.h"

#define NOISE 0.3 /* of the size that it has where nothing is in common */

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

/* A value of M, for all operators of the stage. */
static double mixing(const struct first *f, int m, int i)
{
    uint64_t key = rng_mix((uint64_t)f->block->stage, (uint64_t)PARTS << 32);

    return normal(f, rng_mix(rng_mix(key, (uint64_t)m), (uint64_t)i));
}

/* Stages that all children have alike have nothing to agree on. */
static bool alone(const struct block *b)
{
    return b->classifier || b->stage == 0;
}

/* The common part from channel i to channel m, in the centre of the kernel. */
static double common(const struct first *f, int m, int i)
{
    const struct block *b = f->block;
    int reads = f->layer == 0 ? b->c_in : b->form.channels;
    double copies = inherit_plain(b) ? 1 : (double)f->t->ins / reads;

    switch (f->part) {
    case PART_EXPAND:
        return m % reads == i ? sqrt(reads) : 0;
    case PART_DEPTH:
        return 1;
    case PART_MAIN:
        if (f->layer == 0)
            return mixing(f, m, i % reads) / sqrt(copies);
        return m == i % reads ? sqrt(reads / copies) : 0;
    default:
        return 0;
    }
}

/* How much noise a part has. */
static double noise_of(const struct first *f)
{
    if (f->part == PART_EXCITE)
        return 0;
    return f->part == PART_SQUEEZE || alone(f->block) ? 1 : NOISE;
}

static double size_of(const struct first *f)
{
    int k = f->t->kernel;

    return f->block->classifier ? 0.01 : sqrt(2.0 / (f->t->outs * k * k));
}

static void first_kernel(float *w, const struct first *f, int m, int i)
{
    int k = f->t->kernel;
    double size = size_of(f), noise = size * noise_of(f);
    uint64_t out = rng_mix(tensor_key(f), channel_key(m, f->order.outs));
    uint64_t both = rng_mix(out, channel_key(i, f->order.ins));

    for (int q = 0; q < k * k; q++)
        w[q] = (float)(noise * normal(f, rng_mix(both, kernel_key(k, q))));
    if (!alone(f->block))
        w[k * k / 2] += (float)(common(f, m, i) * size * k);
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
