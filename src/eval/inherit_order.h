/* SPDX-License-Identifier: MIT */
/* For inherit.c and inherit_first.c only: how the tensors of a block are laid
 * out. */
#ifndef EVAL_INHERIT_ORDER_H
#define EVAL_INHERIT_ORDER_H

#include "eval/block.h"

/* The parts of a norm. */
enum { GAMMA, BETA, MEAN, VARIANCE, NORM_PARTS };

/* A bottleneck with a 1 x 1 convolution to expand? */
bool inherit_expands(const struct block *b);

/* A full convolution? */
bool inherit_plain(const struct block *b);

/* How the channels of a tensor are numbered: copy by copy, so many each.  Hidden
 * channels are copies of those that the layer reads; all others are one copy
 * (INT_MAX). */
struct order {
    int outs, ins;
};

struct order inherit_order(const struct block *b, int layer, enum part part);

#endif
