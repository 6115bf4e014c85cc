/* SPDX-License-Identifier: MIT */
/* For pool_file.c, pool_read.c and heritage.c only: what a file of the pool
 * consists of, and what a block may be. */
#ifndef EVAL_POOL_FORMAT_H
#define EVAL_POOL_FORMAT_H

#include "base/h5.h"
#include "eval/block.h"

enum { POOL_PATH_MAX = 96 };

/** Attributes of the file.  The version's first number is that of what others
 * must be able to read: 2, since all blocks of a kind share their weights. */
#define POOL_FORMAT  "fnas-pool"
#define POOL_VERSION "2.0.0"

/** An int of a block, and the range it has in a file. */
struct pool_column {
    const char *name;
    size_t at; /* in struct block */
    int min, max;
    const char *description;
};

/** The i-th; NULL after the last. */
const struct pool_column *pool_column_at(int i);

int *pool_field(struct block *b, const struct pool_column *c);

/** Is a block that was read within all ranges, and its fields go together? */
bool pool_block_valid(const struct block *b);

/** Do something with one tensor: its path and shape, and where it is in the
 * block's weights w. */
typedef enum err pool_visit(struct h5 *h, const struct h5_array *a, float *w,
                            size_t at);

/** Call `what` for all tensors of a block, row `row` of the file, whose weights
 * are w; stops at an error. */
MUST_CHECK enum err pool_visit_block(struct h5 *h, int row,
                                     const struct block *b, float *w,
                                     pool_visit *what);

#endif
