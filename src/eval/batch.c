/* SPDX-License-Identifier: MIT */
/* A group is filled row by row, so that the row being written, 16 images wide,
 * stays in the nearest cache. */
#include "eval/batch.h"

#include <string.h>

#include "base/err.h"
#include "base/rng.h"
#include "nn/graph.h"

enum { LANES = GRAPH_LANES };

/* Where a lane's pixels come from. */
struct lane {
    const unsigned char *image; /* NULL: no image */
    struct batch_change change;
    int left, right; /* columns that the shifted image covers */
};

/* y = value scale + offset */
struct norm {
    float scale, offset;
};

uint64_t batch_key(int64_t task, int epoch)
{
    return rng_mix(rng_mix(0, (uint64_t)task), (uint64_t)epoch);
}

void batch_order(int *order, const struct data *d, uint64_t seed, int64_t task,
                 int epoch)
{
    struct rng r = rng_stream(seed, RNG_BATCH, batch_key(task, epoch));

    memcpy(order, d->train, (size_t)d->trains * sizeof *order);
    rng_shuffle(&r, order, (size_t)d->trains);
}

struct batch_change batch_change(const struct data *d, int image,
                                 const struct batch_options *o)
{
    uint64_t id = rng_mix(o->key, (uint64_t)image);
    struct rng r = rng_stream(o->seed, RNG_AUGMENT, id);
    struct batch_change change = {.cut = d->cutout};

    change.flip = rng_below(&r, 2) == 1 && d->flip;
    change.dy = rng_below(&r, 2 * d->shift + 1) - d->shift;
    change.dx = rng_below(&r, 2 * d->shift + 1) - d->shift;
    change.cut_y = rng_below(&r, d->h) - d->cutout / 2;
    change.cut_x = rng_below(&r, d->w) - d->cutout / 2;
    return change;
}

static struct norm norm_of(const struct data *d, int c)
{
    float unit = d->type == DATA_UINT8 ? 255 : 1;

    return (struct norm){1 / (unit * d->std[c]), -d->mean[c] / d->std[c]};
}

static size_t value_bytes(const struct data *d)
{
    return d->type == DATA_UINT8 ? 1 : sizeof(float);
}

static int inside(int x, int n)
{
    return x < 0 ? 0 : x > n ? n : x;
}

static struct lane lane_of(const struct data *d, int image,
                           const struct batch_change *change)
{
    size_t values = (size_t)d->c * (size_t)d->h * (size_t)d->w;

    DCHECK(image >= 0 && image < d->n);
    return (struct lane){
        .image = (const unsigned char *)d->images +
                 (size_t)image * values * value_bytes(d),
        .change = *change,
        .left = inside(change->dx, d->w),
        .right = inside(d->w + change->dx, d->w),
    };
}

static void clear(float *x, int from, int to)
{
    for (int i = from; i < to; i++)
        x[i * LANES] = 0;
}

static void copy_bytes(float *restrict x, const unsigned char *restrict v,
                       int step, int count, struct norm k)
{
    for (int i = 0; i < count; i++)
        x[i * LANES] = (float)v[i * step] * k.scale + k.offset;
}

static void copy_floats(float *restrict x, const float *restrict v, int step,
                        int count, struct norm k)
{
    for (int i = 0; i < count; i++)
        x[i * LANES] = v[i * step] * k.scale + k.offset;
}

/* The part of row y that the image covers. */
static void copy_row(float *x, const struct data *d, const struct lane *l,
                     int c, int y, struct norm k)
{
    const struct batch_change *t = &l->change;
    int from = l->left - t->dx; /* column of the source */
    size_t row = (size_t)(c * d->h + y - t->dy) * (size_t)d->w;
    size_t at = row + (size_t)(t->flip ? d->w - 1 - from : from);
    int step = t->flip ? -1 : 1;
    int count = l->right - l->left;

    x += l->left * LANES;
    if (d->type == DATA_UINT8)
        copy_bytes(x, l->image + at, step, count, k);
    else
        copy_floats(x, (const float *)(const void *)l->image + at, step, count,
                    k);
}

/* Row y of channel c in one lane, x[w][16]. */
static void fill_row(float *x, const struct data *d, const struct lane *l,
                     int c, int y, struct norm k)
{
    const struct batch_change *t = &l->change;
    int source = y - t->dy;

    if (!l->image || source < 0 || source >= d->h || l->left >= l->right) {
        clear(x, 0, d->w);
        return;
    }
    clear(x, 0, l->left);
    copy_row(x, d, l, c, y, k);
    clear(x, l->right, d->w);
    if (y >= t->cut_y && y < t->cut_y + t->cut)
        clear(x, inside(t->cut_x, d->w), inside(t->cut_x + t->cut, d->w));
}

static void fill_lanes(float *x, const struct data *d, const struct lane *lanes,
                       int count)
{
    for (int c = 0; c < d->c; c++) {
        struct norm k = norm_of(d, c);

        for (int y = 0; y < d->h; y++, x += d->w * LANES)
            for (int i = 0; i < count; i++)
                fill_row(x + i, d, &lanes[i], c, y, k);
    }
}

void batch_image(float *x, int lane, const struct data *d, int image,
                 const struct batch_change *change)
{
    struct lane l = lane_of(d, image, change);

    fill_lanes(x + lane, d, &l, 1);
}

static void fill_group(float *x, int *labels, const struct data *d,
                       const int *images, const struct batch_options *o)
{
    struct lane lanes[LANES] = {{0}};

    for (int i = 0; i < LANES; i++) {
        struct batch_change change = {0};

        labels[i] = images[i] < 0 ? -1 : d->labels[images[i]];
        if (images[i] < 0)
            continue;
        if (o->augment)
            change = batch_change(d, images[i], o);
        lanes[i] = lane_of(d, images[i], &change);
    }
    fill_lanes(x, d, lanes, LANES);
}

void batch_fill(float *x, int *labels, const struct data *d, const int *images,
                int groups, const struct batch_options *o)
{
    size_t values = (size_t)d->c * (size_t)d->h * (size_t)d->w * LANES;

    for (int g = 0; g < groups; g++)
        fill_group(x + (size_t)g * values, labels + g * LANES, d,
                   images + g * LANES, o);
}
