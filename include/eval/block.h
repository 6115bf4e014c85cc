/* SPDX-License-Identifier: MIT */
/* Blocks of a network, with their weights: what is stored and handed on.
 *
 * A block is the layers of one number (struct layer.block): equal but for the
 * stride, which the first has.  The classifier is a block, too.  Its weights
 * are those of its nodes in order, each node's params before its stats:
 *
 *     conv      weight [outs][ins][k][k], bias [outs] if it has one
 *     dwconv    weight [outs][k][k]
 *     norm      gamma, beta, mean, variance, [outs] each
 *
 * so that they are known without a graph. All Local. */
#ifndef EVAL_BLOCK_H
#define EVAL_BLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "nn/graph.h"
#include "space/space.h"

enum { BLOCKS_MAX = SPACE_LAYERS_MAX + 1, BLOCK_LAYERS_MAX = 64 };

struct block {
    int stage;  /* its number, layer.block; the classifier's is the last */
    int c_in;   /* channels that it reads */
    int layers; /* 1..BLOCK_LAYERS_MAX */
    bool classifier;
    struct layer form; /* of the first layer; later ones have stride 1 */
};

/* clang-format off */
/* name, text, is it a norm: the tensors that a layer may have */
#define PART_LIST(X)                                    \
    X(EXPAND,      "expand",         false) /* 1 x 1 */ \
    X(EXPAND_NORM, "expand_norm",    true)              \
    X(DEPTH,       "depthwise",      false)             \
    X(DEPTH_NORM,  "depthwise_norm", true)              \
    X(SQUEEZE,     "squeeze",        false)             \
    X(EXCITE,      "excite",         false)             \
    X(MAIN,        "main",           false) /* gives the layer's width */ \
    X(MAIN_NORM,   "main_norm",      true)
/* clang-format on */

#define PART_ENUM(name, text, norm) PART_##name,
enum part { PART_LIST(PART_ENUM) PARTS };

/** A part of a layer; values == 0: it has none. */
struct tensor {
    int outs, ins, kernel; /* of a norm: outs, 0, 0; depthwise: ins is 1 */
    bool bias;
    size_t at, values; /* of the block's weights */
};

/** The blocks of a network in order, list[BLOCKS_MAX]; how many there are.  One
 * without layers is left out. */
int block_list(struct block *list, const struct blueprint *b);

bool block_equal(const struct block *a, const struct block *b);

/** The tensors of a layer. */
void block_tensors(struct tensor part[PARTS], const struct block *b, int layer);

/** Weights and statistics of a block. */
size_t block_values(const struct block *b);

/** "expand", "expand_norm"...; and is it a norm? */
const char *part_text(enum part p);
bool part_norm(enum part p);

/** Copy a block's weights out of a graph that was built, w[block_values]; or
 * into it. */
void block_take(float *w, const struct graph *g, const struct block *b);
void block_give(struct graph *g, const struct block *b, const float *w);

/** "stage 3: mbconv6 k5 se25 pool 16->24 s2 x2" */
enum { BLOCK_TEXT_MAX = 128 };

void block_text(char text[BLOCK_TEXT_MAX], const struct block *b);

#endif
