/* SPDX-License-Identifier: MIT */
/* Publishing a file: whole or not at all. */
#ifndef RUN_STORE_H
#define RUN_STORE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/h5.h"

/** Write bytes to `path`, and a seal (base/seal.h) behind them, by which damage is
 * found before anybody believes them: to a temporary file beside it, fsync,
 * rename, fsync of the folder.  A reader sees the old file or the new one, never
 * a part. ERR_IO: the old file is untouched. Rank 0 only. */
MUST_CHECK enum err store_publish(const char *path, const void *bytes,
                                  size_t size);

/** The same with what was written to a file of h5_new. Rank 0 only. */
MUST_CHECK enum err store_publish_h5(const char *path, struct h5 *h);

/** The same of one that may be too long for memory: write to draft->h5 between the
 * two calls, and tell store_end whether that went well.  ERR_IO, or what it was
 * told: the old file is untouched. Rank 0 only. */
struct draft {
    const char *path; /* borrowed */
    char temporary[PATH_MAX];
    int file;
    struct h5 *h5;
};
MUST_CHECK enum err store_begin(struct draft *d, const char *path);
MUST_CHECK enum err store_end(struct draft *d, enum err e);

/** As store_end, but the old file, if there is one, stays there as `before`. */
MUST_CHECK enum err store_end_keeping(struct draft *d, enum err e,
                                      const char *before);

/** Is the file of that name damaged, by its seal?  Then it is renamed to
 * PATH.damaged, which is warned of. Rank 0 only. */
void store_set_aside(const char *path);

/** Remove a file. ERR_IO. Rank 0 only. */
MUST_CHECK enum err store_remove(const char *path);

/** Is there anything of that name? Local. */
bool store_exists(const char *path);

/** Can a file of that name be published here?  ERR_IO says why not: no such
 * folder, no permission, or it exists and `force` is false. Rank 0 only. */
MUST_CHECK enum err store_ready(const char *path, bool force);

#endif
