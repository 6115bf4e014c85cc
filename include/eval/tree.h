/* SPDX-License-Identifier: MIT */
/* Sums of gradients in a fixed tree.
 *
 * The gradients of a rank's shards come one after the other; those that make
 * equal subtrees are added as a binary counter carries.  With a power of two of
 * shards on each rank, and comm_sum over the ranks, the order of the additions
 * depends on the number of shards in all, not on where they were computed.
 * Nothing is copied: the graph is given another array to add to. All Local. */
#ifndef EVAL_TREE_H
#define EVAL_TREE_H

#include <stddef.h>

#include "base/mem.h"

enum { TREE_LEVELS_MAX = 16 };

struct tree {
    size_t n;
    float *sum[TREE_LEVELS_MAX]; /* [n] each */
};

/** Bytes that tree_build takes. */
size_t tree_bytes(int shards, size_t n);

/** A tree for up to `shards` arrays, a power of two, of n floats. */
void tree_build(struct tree *t, struct arena *a, int shards, size_t n);

/** Add *dw of the i-th of so many shards; *dw becomes another array, or, after
 * the last shard, the sum of all. */
void tree_add(struct tree *t, float **dw, int i, int shards);

#endif
