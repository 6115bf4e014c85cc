/* SPDX-License-Identifier: MIT */
/* The seal of a file: 32 bytes behind its contents that tell whether they are
 * whole.
 *
 *     magic [8] | CRC-32 | version | length [8] | generation [8]
 *
 * Numbers are little endian; length is that of the contents.  HDF5 and its tools
 * do not mind bytes behind the end of a file.  A seal guards against damage; it
 * is no signature.  All Local. */
#ifndef BASE_SEAL_H
#define BASE_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { SEAL_BYTES = 32 };

/** What is known of a file. */
struct seal {
    bool there;          /* it is sealed, and whole */
    int64_t bytes;       /* of contents; all, if there is no seal */
    uint64_t generation; /* how often a file of this name was sealed */
};

/** The seal of `size` bytes. */
void seal_make(unsigned char seal[SEAL_BYTES], const void *bytes, size_t size,
               uint64_t generation);

/** The same of the first bytes of a file, which are read.  ERR_IO; the message
 * names `path`. */
MUST_CHECK enum err seal_make_file(unsigned char seal[SEAL_BYTES], int file,
                                   const char *path, int64_t size,
                                   uint64_t generation);

/** Read a file from end to end and compare it with its seal, if it has one.
 * ERR_IO: it cannot be read, or is no regular file; ERR_DATA: it is sealed, and
 * damaged. */
MUST_CHECK enum err seal_check(const char *path, struct seal *s);

/** Generation that the seal of a file claims; 0: no such file, no seal. */
uint64_t seal_generation(const char *path);

#endif
