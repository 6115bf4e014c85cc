/* SPDX-License-Identifier: MIT */
#include "base/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/mem.h"

static char *path_of(const char *name)
{
    size_t size = strlen(name) + sizeof ".spool";
    char *path = MEM_NEW(char, size);

    (void)snprintf(path, size, "%s.spool", name);
    return path;
}

void spool_new(struct spool *s, const char *name, size_t row)
{
    *s = (struct spool){.path = path_of(name),
                        .file = -1,
                        .row = row,
                        .block = (int64_t)(SPOOL_BYTES / row + 1)};
}

void spool_free(struct spool *s)
{
    if (s->path && s->file >= 0)
        (void)close(s->file);
    mem_free(s->path);
    mem_free(s->tail);
}

static off_t place_of(const struct spool *s, int64_t row)
{
    return (off_t)row * (off_t)s->row;
}

/* A new file, whatever is there, of which nothing is left if the process is
 * killed, unless that comes between two calls. */
static bool make_file(struct spool *s)
{
    char name[PATH_MAX];

    (void)snprintf(name, sizeof name, "%s.XXXXXX", s->path);
    s->file = mkstemp(name);
    if (s->file < 0)
        return false;
    (void)fcntl(s->file, F_SETFD, FD_CLOEXEC);
    (void)unlink(name);
    return true;
}

/* A full disk is no reason to stop. */
static void file_tail(struct spool *s)
{
    int64_t n = s->count - s->filed;

    if ((s->file >= 0 || make_file(s)) &&
        bytes_put(s->file, s->tail, (size_t)n * s->row,
                  place_of(s, s->filed))) {
        s->filed = s->count;
        return;
    }
    if (!s->warned)
        log_warn("%s: cannot write: %s; the search goes on, and takes the more "
                 "memory the longer it is",
                 s->path, strerror(errno));
    s->warned = true;
}

void spool_append(struct spool *s, const void *row)
{
    int64_t n = s->count - s->filed;

    if (n == s->room) {
        s->tail = mem_resize(s->tail, (size_t)s->room,
                             (size_t)(s->room + s->block), s->row);
        s->room += s->block;
    }
    memcpy(s->tail + (size_t)n * s->row, row, s->row);
    s->count++;
    if ((n + 1) % s->block == 0)
        file_tail(s);
}

enum err spool_read(const struct spool *s, int64_t first, int64_t n, void *rows)
{
    int64_t filed = s->filed - first < n ? s->filed - first : n;

    CHECK(first >= 0 && n >= 0 && first + n <= s->count);
    if (filed < 0)
        filed = 0;
    if (filed > 0 &&
        !bytes_get(s->file, rows, (size_t)filed * s->row, place_of(s, first)))
        return ERR(ERR_IO, "%s: cannot read: %s", s->path,
                   errno ? strerror(errno) : "it was cut off");
    if (n > filed)
        memcpy((char *)rows + (size_t)filed * s->row,
               s->tail + (size_t)(first + filed - s->filed) * s->row,
               (size_t)(n - filed) * s->row);
    return ERR_NONE;
}
