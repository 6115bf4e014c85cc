/* SPDX-License-Identifier: MIT */
/* A list that may become long: rows of one size, of which memory holds the last
 * ones only, and a file without a name the others.
 *
 * The file is made when it is needed, beside what the run writes, and is gone with
 * the process, however that ends: nothing in it is for later.  What the disk does
 * not take stays in memory, and is tried again with later rows.  All Local. */
#ifndef BASE_SPOOL_H
#define BASE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { SPOOL_BYTES = 1 << 18 }; /* about so many are in memory */

struct spool {
    char *path; /* of the file, for messages; it is made beside that */
    int file;   /* -1: not yet */
    size_t row;
    int64_t count; /* rows; of these: */
    int64_t filed; /* in the file */
    char *tail;    /* the others, [room] */
    int64_t room;
    int64_t block; /* rows written at once */
    bool warned;
};

/** An empty list of rows of so many bytes, whose file will be a new one beside
 * NAME. */
void spool_new(struct spool *s, const char *name, size_t row);
void spool_free(struct spool *s);

/** Append a row. */
void spool_append(struct spool *s, const void *row);

/** Read the n rows from `first` on. ERR_IO: the file cannot be read. */
MUST_CHECK enum err spool_read(const struct spool *s, int64_t first, int64_t n,
                               void *rows);

#endif
