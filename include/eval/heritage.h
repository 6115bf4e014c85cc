/* SPDX-License-Identifier: MIT */
/* Heritage: the blocks of a child on their way, from the pool to the child and
 * back, as bytes between ranks of one binary. All Local. */
#ifndef EVAL_HERITAGE_H
#define EVAL_HERITAGE_H

#include "eval/block.h"
#include "space/task.h"

/** A block: its first weights on the way there, on the way back what training
 * added to them. */
struct legacy {
    struct block block;
    double age;     /* epochs that the weights were trained, mean over them */
    double share;   /* of the weights that were trained at all */
    int generation; /* of the pool */
    double epochs;  /* on the way back: of that training */
    const float *w; /* [block_values(&block)], borrowed */
};

/** Append a block; its weights are copied. */
void heritage_add(struct luggage *l, const struct legacy *item);

/** The next block, *at being 0 at first; false after the last, or at what is
 * none: bytes may come from a journal. */
bool heritage_next(const struct luggage *l, size_t *at, struct legacy *item);

/** What a child got. */
struct inherited {
    double share;   /* of its weights that were trained before, 0..1 */
    double age;     /* epochs, mean over all of its weights */
    int generation; /* of the pool; -1: there were none */
};

/** Give the blocks of a graph, which was built, their first weights. */
struct inherited heritage_give(struct graph *g, const struct luggage *l);

/** Take what was added to them in so many epochs since heritage_give. */
void heritage_take(struct luggage *out, const struct graph *g,
                   const struct luggage *l, double epochs);

#endif
