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

#include "base/mem.h"
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

/* How well an entry fits a block; -1: it must not be used. */
static double fit(const struct pool *p, const struct entry *e,
                  const struct block *b)
{
    if (e->generation != p->generation || e->block.stage != b->stage)
        return -1;
    return pool_similarity(&e->block, b) +
           STRIDE * (e->block.form.stride == b->form.stride);
}

/* Of paths that end with the entries of one stage: the total, and the entry
 * before; -1: none. */
struct path {
    double total;
    int before;
};

/* The best way to entry `to`, from the paths to the last stage that had any. */
static struct path extend(const struct pool *p, const struct path *last, int to,
                          double fits)
{
    struct path best = {fits, -1};

    for (int i = 0; last && i < p->count; i++) {
        bool together = p->list[i].source == p->list[to].source;
        double total = last[i].total + fits + p->together * together;

        if (last[i].total >= 0 && (best.before < 0 || total > best.total))
            best = (struct path){total, i};
    }
    return best;
}

/* Paths to the entries of one stage; false: there are none. */
static bool step(const struct pool *p, const struct block *b,
                 const struct path *last, struct path *paths)
{
    bool any = false;

    for (int i = 0; i < p->count; i++) {
        double fits = fit(p, &p->list[i], b);

        paths[i] = fits < 0 ? (struct path){-1, -1} : extend(p, last, i, fits);
        any = any || fits >= 0;
    }
    return any;
}

static int best_of(const struct path *paths, int n)
{
    int best = 0;

    for (int i = 1; i < n; i++)
        if (paths[i].total > paths[best].total)
            best = i;
    return best;
}

void pool_match(const struct pool *p, const struct block *blocks, int count,
                int *found)
{
    struct path *paths = MEM_NEW(struct path, count * p->count);
    const struct path *last = NULL;
    int at = -1;

    for (int i = 0; i < count; i++) {
        struct path *row = paths + (ptrdiff_t)i * p->count;

        found[i] = step(p, &blocks[i], last, row) ? 0 : -1;
        if (found[i] == 0)
            last = row;
    }
    for (int i = count - 1; i >= 0; i--) {
        const struct path *row = paths + (ptrdiff_t)i * p->count;

        if (found[i] < 0)
            continue;
        found[i] = at = at < 0 ? best_of(row, p->count) : at;
        at = row[at].before;
    }
    mem_free(paths);
}

struct entry *pool_find(const struct pool *p, const struct block *b)
{
    int found;

    pool_match(p, b, 1, &found);
    return found < 0 ? NULL : &p->list[found];
}
