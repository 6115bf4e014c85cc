/* SPDX-License-Identifier: MIT */
/* How blocks share weights: as parts of the largest one of their kin, as in a
 * once-for-all network (Cai et al. 2020).
 *
 *     width              the first channels
 *     expansion          hidden channels are copies of those read: the first
 *                        copies, in each the first channels
 *     kernel             the centre
 *     depth              the first layers
 *     squeeze-excite     its weights, if it has one
 *     shortcut, stride   shared by all
 *
 * Blocks are of one kin if they have the same stage and operator; a bottleneck
 * that does not expand is a separable convolution.  A classifier is of the kin
 * of classifiers of as many classes.  So a channel is the same channel in all
 * children, whoever trained it. All Local. */
#ifndef EVAL_INHERIT_H
#define EVAL_INHERIT_H

#include <stddef.h>
#include <stdint.h>

#include "eval/block.h"

/** Do they share weights? */
bool inherit_kin(const struct block *a, const struct block *b);

/** The smallest block that holds both, which are kin. */
struct block inherit_union(const struct block *a, const struct block *b);

#define INHERIT_NOWHERE SIZE_MAX

/** Where the weights of a block are among those of its kin `whole`:
 * at[block_values(b)]; INHERIT_NOWHERE: `whole` has no such weight. */
void inherit_map(size_t *at, const struct block *b, const struct block *whole);

/** First weights w[block_values(b)].  Each is a function of the seed and of its
 * place (stage, operator, layer, tensor, channels, distance from the centre of
 * the kernel), but for its size, which is that of the block. */
void inherit_first(float *w, const struct block *b, uint64_t seed);

/** Variances that are below 0 become 0. */
void inherit_mend(float *w, const struct block *b);

#endif
