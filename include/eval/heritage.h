/* SPDX-License-Identifier: MIT */
/* Heritage: blocks on their way, from the pool to a child and back, as bytes
 * between ranks of one binary. All Local. */
#ifndef EVAL_HERITAGE_H
#define EVAL_HERITAGE_H

#include "eval/block.h"
#include "space/task.h"

/** A block and how its weights came to be. */
struct legacy {
    struct block block;
    int generation; /* of children that its weights went through before */
    double age;     /* epochs that its weights were trained, mean over them */
    const float *w; /* [block_values(&block)], borrowed */
};

/** Append a block; its weights are copied. */
void heritage_add(struct luggage *l, const struct legacy *item);

/** The next block, *at being 0 at first; false after the last, or at what is
 * none: bytes may come from a journal. */
bool heritage_next(const struct luggage *l, size_t *at, struct legacy *item);

/** The block of a stage; false if there is none. */
bool heritage_find(const struct luggage *l, int stage, struct legacy *item);

/** What a child got. */
struct inherited {
    double share;   /* of its weights, 0..1 */
    double age;     /* mean over all of its weights, epochs; fresh ones are 0 */
    int generation; /* of the blocks; -1: there were none */
};

/** Give the blocks of a graph, which is that of blueprint b, built and
 * initialised, the weights of their legacies, see eval/inherit.h. */
struct inherited heritage_give(struct graph *g, const struct blueprint *b,
                               const struct luggage *l);

/** Take the blocks of a child that was trained for so many epochs since
 * heritage_give with the same luggage. */
void heritage_take(struct luggage *out, const struct graph *g,
                   const struct blueprint *b, const struct luggage *l,
                   double epochs);

#endif
