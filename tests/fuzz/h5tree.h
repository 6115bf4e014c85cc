/* SPDX-License-Identifier: MIT */
/* HDF5 files that are whole, but not what a reader expects: a good one is edited
 * as the fuzzer's bytes say (drop, retype, reshape, overwrite, rename).  A few are
 * built in memory and sealed; the others are read directly (h5direct.h).
 *
 * So what is fuzzed are our own readers; HDF5's has target hdf5. */
#ifndef TESTS_FUZZ_H5TREE_H
#define TESTS_FUZZ_H5TREE_H

#include <stdint.h>

#include "base/h5.h"

enum { H5TREE_NODES = 160, H5TREE_PATH = 64, H5TREE_TEXT = 16 };

struct h5tree_node {
    char path[H5TREE_PATH];
    struct h5_array a;
    unsigned char *values; /* [bytes] */
    size_t bytes;
    char units[H5TREE_TEXT];
    bool dropped;
};

struct h5tree {
    int count;
    struct h5tree_node node[H5TREE_NODES];
    char format[H5TREE_TEXT]; /* attributes of the file; "": none */
    char version[H5TREE_TEXT];
};

/** Add an array; its values are copied. */
void h5tree_add(struct h5tree *t, const struct h5_array *a, const void *values);

/** Bytes of one value. */
size_t h5tree_value_bytes(const struct h5_array *a);

/** The name of a file to be read until the next one is made: what `plant` adds, edited. */
const char *h5tree_file(void (*plant)(struct h5tree *),
                        const unsigned char *bytes, size_t size);

#endif
