/* SPDX-License-Identifier: MIT */
/* HDF5: named arrays, written or read by one call each.
 *
 * Files are built in memory, or if they may become long in a temporary file, and
 * published whole (see run/store.h), so a reader never meets a half-written
 * file.  HDF5 never meets an error of the disk.
 * Files read are opened without locks.
 *
 * HDF5 believes what it reads: damaged bytes can crash it, keep it busy for ever
 * or make it ask for any amount of memory.  So a file that is sealed
 * (base/seal.h) is compared with its seal before HDF5 sees it; any other is first
 * read from end to end by a child process with bounded time and memory, and
 * refused if that does not survive.  Links to other files are not followed.
 *
 * Only src/base/h5_handle.h, for h5*.c, has <hdf5.h>.
 * All Local. */
#ifndef BASE_H5_H
#define BASE_H5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct h5;

enum h5_type {
    H5_INT8,
    H5_UINT8,
    H5_INT32,
    H5_INT64,
    H5_FLOAT,
    H5_DOUBLE,
    H5_TEXT
};

enum { H5_RANK_MAX = 4, H5_PART = 2048 };

/** An array: where it is, what it holds. */
struct h5_array {
    const char *path; /* "/trials/accuracy"; groups on the way are made */
    enum h5_type type;
    int rank;                 /* dimensions, 0 for a scalar */
    size_t dims[H5_RANK_MAX]; /* slowest first */
    size_t width;             /* H5_TEXT: bytes of one string, padded with 0 */
    const char *units;        /* "1", "s", "bytes"... written as attribute */
    const char *description;
};

/** A new file in memory. */
struct h5 *h5_new(void);

/** A new file in one that is open and empty, and stays the caller's.  It is closed
 * by h5_finish, which gives its size, and tells what could not be written.
 * ERR_IO; the message names `path`. */
struct h5 *h5_new_file(int file);
MUST_CHECK enum err h5_finish(struct h5 *h, const char *path, int64_t *size);

/** Open a file to read.  ERR_IO: it cannot be read; ERR_DATA: it is not HDF5, not
 * what it was sealed with, or does harm.  The message names it. */
MUST_CHECK enum err h5_open(struct h5 **h, const char *path);

/** Close; NULL is fine. */
void h5_close(struct h5 *h);

/** The bytes of a file made by h5_new; the caller frees them (mem_free). */
MUST_CHECK enum err h5_image(struct h5 *h, void **bytes, size_t *size);

/** Are arrays that are written from now on not to be compressed?  Weights gain
 * nothing by it, and it takes time. */
void h5_set_plain(struct h5 *h, bool plain);

/** Write an array; arrays over 4 KiB are chunked and compressed (shuffle,
 * gzip). */
MUST_CHECK enum err h5_write(struct h5 *h, const struct h5_array *a,
                             const void *values);

/** The same in parts: make it, then write so many rows along its slowest
 * dimension from row `first` on.  Parts of H5_PART rows are whole chunks. */
MUST_CHECK enum err h5_make(struct h5 *h, const struct h5_array *a);
MUST_CHECK enum err h5_write_rows(struct h5 *h, const struct h5_array *a,
                                  const void *values, size_t first,
                                  size_t rows);

/** Write a scalar string. */
MUST_CHECK enum err h5_write_text(struct h5 *h, const char *path,
                                  const char *text, const char *description);

/** Text attribute of an object ("/" for the file). */
MUST_CHECK enum err h5_set_attribute(struct h5 *h, const char *path,
                                     const char *name, const char *text);

/** Is there a dataset at that path? */
bool h5_has(struct h5 *h, const char *path);

/** Shape and type of a dataset; path is kept as given, units and description
 * are NULL.  ERR_DATA if it is not there, has over H5_RANK_MAX dimensions, a
 * type that cannot be read as one of ours, or claims more values than a file of
 * this size can hold: memory may be taken for what it says. */
MUST_CHECK enum err h5_shape(struct h5 *h, const char *path,
                             struct h5_array *a);

/** Read a whole dataset, converted to `type`, into room for `count` values
 * (H5_TEXT: count strings of `a.width` bytes as h5_shape said).  ERR_DATA if it
 * does not hold exactly that many. */
MUST_CHECK enum err h5_read(struct h5 *h, const char *path, enum h5_type type,
                            void *values, size_t count);

/** Read the first `rows` of a dataset along its slowest dimension into room for
 * `count` values, from row `first` on. */
MUST_CHECK enum err h5_read_rows(struct h5 *h, const char *path,
                                 enum h5_type type, void *values, size_t first,
                                 size_t rows, size_t count);

/** Read a text attribute (fixed or variable length); false if there is none. */
bool h5_attribute(struct h5 *h, const char *path, const char *name, char *text,
                  size_t size);

/** HDF5's version, "1.10.8". */
const char *h5_version(void);

#endif
