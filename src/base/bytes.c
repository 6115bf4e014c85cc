/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* fallocate */
#include "base/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* After a call that moved n bytes of `*size`, 0 or -1: is it worth another? */
static bool go_on(ssize_t n, size_t *size)
{
    if (n == 0)
        errno = 0;
    if (n <= 0)
        return n < 0 && errno == EINTR;
    *size -= (size_t)n;
    return true;
}

bool bytes_write(int file, const void *bytes, size_t size)
{
    const char *end = (const char *)bytes + size;

    while (size > 0)
        if (!go_on(write(file, end - size, size), &size))
            return false;
    return true;
}

bool bytes_read(int file, void *bytes, size_t size)
{
    char *end = (char *)bytes + size;

    while (size > 0)
        if (!go_on(read(file, end - size, size), &size))
            return false;
    return true;
}

bool bytes_put(int file, const void *bytes, size_t size, off_t at)
{
    const char *end = (const char *)bytes + size;
    off_t stop = at + (off_t)size;

    while (size > 0)
        if (!go_on(pwrite(file, end - size, size, stop - (off_t)size), &size))
            return false;
    return true;
}

bool bytes_get(int file, void *bytes, size_t size, off_t at)
{
    char *end = (char *)bytes + size;
    off_t stop = at + (off_t)size;

    while (size > 0)
        if (!go_on(pread(file, end - size, size, stop - (off_t)size), &size))
            return false;
    return true;
}

bool bytes_forget(int file, off_t at, off_t size)
{
#ifdef FALLOC_FL_PUNCH_HOLE
    return fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at,
                     size) == 0;
#else
    (void)file;
    (void)at;
    (void)size;
    return false;
#endif
}
