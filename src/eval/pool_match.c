/* SPDX-License-Identifier: MIT */
/* Which stored block is most like a new one.  A block is described by
 *
 *     operator          one of 3, weight 3: all else depends on it
 *     kernel, SE, skip  one of 4, 2, 3
 *     layers, expansion thermometers
 *     width in, out     log2 / 8
 */
#include <math.h>
#include <string.h>

#include "eval/inherit.h"
#include "eval/pool.h"

enum {
    KERNELS = 4, /* 1, 3, 5, 7 and above */
    LAYERS = 8,
    EXPANSIONS = 8,
    STRIDE = 2, /* counts more than all else */
    FEATURES =
        LAYER_NONE + KERNELS + 2 + SKIP_POOL + 1 + LAYERS + EXPANSIONS + 2
};

static float *one_of(float *x, int i, int n, float weight)
{
    x[i < n ? i : n - 1] = weight;
    return x + n;
}

static float *thermometer(float *x, int value, int n)
{
    for (int i = 0; i < n && i < value; i++)
        x[i] = 0.5f;
    return x + n;
}

static void describe(float x[FEATURES], const struct block *b)
{
    const struct layer *l = &b->form;
    int expand = l->kind == LAYER_MBCONV ? l->expand : 1;

    memset(x, 0, FEATURES * sizeof *x);
    x = one_of(x, (int)l->kind, LAYER_NONE, 3);
    x = one_of(x, l->kernel / 2, KERNELS, 1);
    x = one_of(x, l->se > 0, 2, 1);
    x = one_of(x, (int)l->skip, SKIP_POOL + 1, 1);
    x = thermometer(x, b->layers, LAYERS);
    x = thermometer(x, expand, EXPANSIONS);
    x[0] = log2f((float)b->c_in) / 8;
    x[1] = log2f((float)l->channels) / 8;
}

double pool_similarity(const struct block *a, const struct block *b)
{
    float x[FEATURES], y[FEATURES];
    double xy = 0, xx = 0, yy = 0;

    describe(x, a);
    describe(y, b);
    for (int i = 0; i < FEATURES; i++) {
        xy += (double)x[i] * (double)y[i];
        xx += (double)x[i] * (double)x[i];
        yy += (double)y[i] * (double)y[i];
    }
    return xy / sqrt(xx * yy);
}

bool pool_same_kind(const struct block *a, const struct block *b)
{
    return a->stage == b->stage && inherit_akin(a, b) &&
           a->form.kind == b->form.kind && a->form.expand == b->form.expand &&
           a->form.kernel == b->form.kernel;
}

struct entry *pool_find(const struct pool *p, const struct block *b)
{
    struct entry *best = NULL;
    double similar = 0;

    for (int i = 0; i < p->count; i++) {
        struct entry *e = &p->list[i];
        double s;

        if (e->generation != p->generation || e->block.stage != b->stage)
            continue;
        s = pool_similarity(&e->block, b) +
            STRIDE * (e->block.form.stride == b->form.stride);
        if (!best || s > similar) {
            best = e;
            similar = s;
        }
    }
    return best;
}
