/* SPDX-License-Identifier: MIT */
/* Shared by h5.c and h5_file.c, which write, and h5_read.c. */
#ifndef BASE_H5_HANDLE_H
#define BASE_H5_HANDLE_H

#include <hdf5.h>
#include <stdint.h>

#include "base/h5.h"

struct h5 {
    hid_t file;
    bool plain;           /* arrays written are not compressed */
    struct h5_disk *disk; /* of h5_new_file; else NULL */
    int64_t bytes;        /* of a file read, as it is stored */
    char name[256];       /* for messages */
};

struct h5 *h5_wrap(hid_t file, const char *name);

/** Open without a look at what is in there. */
MUST_CHECK enum err h5_open_as_is(struct h5 **h, const char *path,
                                  int64_t bytes);

/** As h5_shape, of a dataset that is open; a->path is for messages. */
MUST_CHECK enum err h5_shape_of(struct h5 *h, hid_t data, struct h5_array *a);

/** As h5_read_rows, of one whose shape is `a`, in which the rows lie. */
MUST_CHECK enum err h5_rows_of(struct h5 *h, hid_t data,
                               const struct h5_array *a, enum h5_type type,
                               void *values, size_t first, size_t rows);

/** As h5_attribute, of one that is open. */
bool h5_text_of(hid_t attribute, char *text, size_t size);

/** Does this process survive reading that file of so many bytes?  A child of it
 * tries, with little time and memory.  ERR_DATA: it does not. */
MUST_CHECK enum err h5_guard(const char *path, int64_t bytes);

/** Silence HDF5's own error messages; how files are opened: readable by HDF5
 * 1.8, and without locks, so that a reader never stops the run.  The caller
 * closes the properties. */
hid_t h5_access(void);

/** HDF5's type, in memory or in a file (little endian everywhere); the caller
 * closes it. */
hid_t h5_type_of(enum h5_type type, size_t width, bool in_file);

/** Bytes of one value of ours. */
size_t h5_value_bytes(enum h5_type type, size_t width);

#endif
