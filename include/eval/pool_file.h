/* SPDX-License-Identifier: MIT */
/* NAME.pool.h5: the knowledge pool as a file, to look at and to start from.
 *
 *     /README                    how to read it
 *     /entries/...               one column each, one row a block
 *     /blocks/N/layerL/PART/...  tensors of block N, row N of the columns:
 *                                weight [out][in][k][k] and bias [out] of a
 *                                convolution; gamma, beta, mean, variance [out]
 *                                of a norm
 *
 * Files are not trusted. Rank 0 only. */
#ifndef EVAL_POOL_FILE_H
#define EVAL_POOL_FILE_H

#include "base/err.h"
#include "eval/pool.h"

struct h5;

/** Write the pool to an empty file. */
MUST_CHECK enum err pool_write(struct h5 *h, const struct pool *p);

/** Add the blocks of a file, as of generation 0; of two with the same key the
 * later.  ERR_IO, ERR_DATA: it cannot be read, or is not what it should be; the
 * pool may hold some of its blocks then. */
MUST_CHECK enum err pool_read(struct pool *p, const char *path);

/** For the banner; at the end; and for the results, below /run/pool. */
void pool_print(const struct pool *p, const struct pool_conf *conf);
void pool_report(const struct pool *p);
MUST_CHECK enum err pool_record(const struct pool *p, struct h5 *h);

/** Remove blocks that no child of the space can start from, and say so, one line
 * each: b is any child's blueprint. */
void pool_fit(struct pool *p, const struct blueprint *b);

#endif
