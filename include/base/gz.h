/* SPDX-License-Identifier: MIT */
/* Files that may be compressed by gzip, and checksums; the only file with
 * <zlib.h> is gz.c. All Local. */
#ifndef BASE_GZ_H
#define BASE_GZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct gz;

/** Open a regular file to read; compressed or not is found out.  ERR_IO. */
MUST_CHECK enum err gz_open(struct gz **g, const char *path);

/** NULL is fine. */
void gz_close(struct gz *g);

/** Read up to `size` bytes; *got < size only at the end.  ERR_DATA: the
 * compressed data is damaged or ends too early; ERR_IO. */
MUST_CHECK enum err gz_read(struct gz *g, void *bytes, size_t size,
                            size_t *got);

/** Read on to the end, but not much over `limit` bytes; *bytes becomes their
 * number.  ERR_DATA, ERR_IO as gz_read. */
MUST_CHECK enum err gz_skip(struct gz *g, uint64_t limit, uint64_t *bytes);

/** Open a regular file to read; the caller closes it.  ERR_IO: it cannot be
 * read, or is something else, which is never waited for. */
MUST_CHECK enum err gz_file(const char *path, int *file);

/** CRC-32 (that of gzip) of bytes. */
uint32_t gz_crc(const void *bytes, size_t size);

/** The same of what is still to be read of an open file, at most of `most` bytes;
 * *bytes becomes their number.  ERR_IO; the message names `path`. */
MUST_CHECK enum err gz_crc_file(int file, const char *path, int64_t most,
                                uint32_t *crc, int64_t *bytes);

/** CRC-32 and size of a file as it is stored.  ERR_IO: it cannot
 * be read, or is no regular file. */
MUST_CHECK enum err gz_checksum(const char *path, uint32_t *crc,
                                int64_t *bytes);

#endif
