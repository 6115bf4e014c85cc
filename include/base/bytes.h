/* SPDX-License-Identifier: MIT */
/* Bytes to and from a file or pipe: all of them, whatever a single call moves and
 * whichever signals come between.  Local. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/** false: not all, and errno says why. */
bool bytes_write(int file, const void *bytes, size_t size);

/** false: not all, and errno says why; 0: there are no more. */
bool bytes_read(int file, void *bytes, size_t size);

/** The same at a place of a file, which may be behind its end. */
bool bytes_put(int file, const void *bytes, size_t size, off_t at);
bool bytes_get(int file, void *bytes, size_t size, off_t at);

/** Give so many bytes back to the disk: they are 0 from now on, and the file is as
 * long as before.  false: this file system cannot do that. */
bool bytes_forget(int file, off_t at, off_t size);

#endif
