/* SPDX-License-Identifier: MIT */
/* Rules of inheritance: from the weights of one block to those of another.
 *
 *     kernel     cut to the centre, or zeros around it
 *     width      wider: channels again from the first on, their parts divided
 *                among the copies by whoever reads them (Chen et al. 2016,
 *                Net2Wider), in unequal shares, so that the copies learn
 *                different things; narrower: within a block the channels of the
 *                largest |gamma|, at its borders the first, so that a channel
 *                means the same to the neighbours, which are of other origin
 *     expansion  a width within the block
 *     SE         new: a gate that is constant and near 1, taken out again by
 *                the 1 x 1 convolution behind it; gone: dropped
 *     depth      more: the last layer again with a final gamma of 0 beside a
 *                shortcut; less: the first layers
 *     operator   another: depthwise filters between separable convolution and
 *                inverted bottleneck if both have as many, else nothing
 *
 * Wider, deeper beside an identity, a larger depthwise or full kernel, SE new
 * in a bottleneck, more expansion: the function stays the same.  What is not
 * inherited is left as it was initialised. All Local. */
#ifndef EVAL_INHERIT_H
#define EVAL_INHERIT_H

#include "eval/block.h"

/** New channel i is old channel from[i]; of what that gives to a reader of it,
 * it gives share[i]: the shares of one old channel add up to 1. */
struct channels {
    int count; /* new ones */
    int *from;
    float *share;
};

/** The first `count` of `old` channels; from the first on again if there are
 * fewer.  Freed by channels_free. */
struct channels channels_first(int count, int old);

/** The `count` channels of the largest |gamma[old]|, in order; channels_first
 * if there are fewer.  Of equal ones the first. */
struct channels channels_strongest(int count, int old, const float *gamma);

void channels_free(struct channels *c);

/** to[size][size] from the centre of from[old][old], zeros around. */
void inherit_kernel(float *to, int size, const float *from, int old);

/** The gate of a squeeze-excite that is new, 0.9..1. */
float inherit_gate(enum activation gate);

/** Do the blocks have the same operator, so that all weights are inherited? */
bool inherit_akin(const struct block *a, const struct block *b);

/** Inherit: w[block_values(b)] holds first weights, old_w those of `old`.  How
 * many of the values of w were inherited. */
size_t inherit_block(float *w, const struct block *b, const float *old_w,
                     const struct block *old);

#endif
