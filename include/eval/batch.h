/* SPDX-License-Identifier: MIT */
/* Batches: images picked, augmented, normalised, and laid out for a graph.
 *
 * What an image becomes depends on (seed, key, image) alone, not on the batch
 * or rank it is in.  Nothing is allocated. All Local. */
#ifndef EVAL_BATCH_H
#define EVAL_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "eval/data.h"

struct batch_options {
    bool augment;  /* as the data's settings say; off for validation */
    uint64_t seed; /* of the run; unused without augment */
    uint64_t key;  /* batch_key(task, epoch) */
};

/** How one image is changed: mirrored, then shifted, then cut out. */
struct batch_change {
    bool flip;  /* left to right */
    int dy, dx; /* pixels down and right; what comes in is 0, i.e. the mean */
    int cut_y, cut_x; /* upper left pixel of the square, may be outside */
    int cut;          /* its side; 0 none */
};

/** Key of one epoch of one task. */
uint64_t batch_key(int64_t task, int epoch);

/** Order of the training images in an epoch: order[d->trains] becomes a shuffle
 * of d->train, by (seed, task, epoch). */
void batch_order(int *order, const struct data *d, uint64_t seed, int64_t task,
                 int epoch);

/** Fill a graph's input, x[groups][c][h][w][16].
 *
 * x = (value - mean) / std, bytes scaled to 0..1.
 * @param images  [16 groups] numbers of images; -1: no image, its lane becomes
 *                0 and its label -1
 * @param labels  [16 groups] */
void batch_fill(float *x, int *labels, const struct data *d, const int *images,
                int groups, const struct batch_options *o);

/** What batch_fill does to an image with o->augment. */
struct batch_change batch_change(const struct data *d, int image,
                                 const struct batch_options *o);

/** Fill one lane of one group, x[c][h][w][16], with a changed image.
 * Cutout: DeVries and Taylor 2017; the square's centre is uniform in the
 * image. */
void batch_image(float *x, int lane, const struct data *d, int image,
                 const struct batch_change *change);

#endif
