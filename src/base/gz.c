/* SPDX-License-Identifier: MIT */
#include "base/gz.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/mem.h"

enum { PIECE = 1 << 16, READ_MAX = 1 << 30 };

struct gz {
    gzFile file;
    char *path;
};

/* O_NONBLOCK: opening a pipe must not wait for its writer. */
enum err gz_file(const char *path, int *file)
{
    struct stat about;

    *file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (*file < 0)
        return ERR(ERR_IO, "%s: cannot be read: %s", path, strerror(errno));
    if (fstat(*file, &about) == 0 && S_ISREG(about.st_mode))
        return ERR_NONE;
    (void)close(*file);
    return ERR(ERR_IO, "%s: is not a file", path);
}

enum err gz_open(struct gz **g, const char *path)
{
    int file;

    TRY(gz_file(path, &file));
    *g = MEM_NEW(struct gz, 1);
    (*g)->path = mem_text(path);
    (*g)->file = gzdopen(file, "rb");
    CHECK((*g)->file != NULL);
    (void)gzbuffer((*g)->file, PIECE);
    return ERR_NONE;
}

void gz_close(struct gz *g)
{
    if (!g)
        return;
    (void)gzclose(g->file);
    mem_free(g->path);
    mem_free(g);
}

/* Why the last read came short: the plain end, or trouble? */
static enum err end_or_error(struct gz *g)
{
    int code;
    const char *text = gzerror(g->file, &code);

    switch (code) {
    case Z_OK:
    case Z_STREAM_END:
        return ERR_NONE;
    case Z_BUF_ERROR:
        return ERR(ERR_DATA, "%s: the compressed data ends too early", g->path);
    case Z_ERRNO:
        return ERR(ERR_IO, "%s: cannot be read: %s", g->path, strerror(errno));
    default:
        return ERR(ERR_DATA, "%s: the compressed data is damaged: %s", g->path,
                   text);
    }
}

enum err gz_read(struct gz *g, void *bytes, size_t size, size_t *got)
{
    int n = 1;

    for (*got = 0; *got < size && n > 0; *got += n > 0 ? (size_t)n : 0) {
        size_t left = size - *got;

        n = gzread(g->file, (char *)bytes + *got,
                   (unsigned)(left < READ_MAX ? left : READ_MAX));
    }
    return n > 0 || size == 0 ? ERR_NONE : end_or_error(g);
}

enum err gz_skip(struct gz *g, uint64_t limit, uint64_t *bytes)
{
    char piece[PIECE];
    size_t got = sizeof piece;

    for (*bytes = 0; *bytes <= limit && got == sizeof piece; *bytes += got)
        TRY(gz_read(g, piece, sizeof piece, &got));
    return ERR_NONE;
}

enum err gz_crc_file(int file, const char *path, int64_t most, uint32_t *crc,
                     int64_t *bytes)
{
    unsigned char piece[PIECE];
    unsigned long sum = crc32(0, NULL, 0);
    ssize_t n = 1;

    for (*bytes = 0; *bytes < most && n > 0; *bytes += n > 0 ? n : 0) {
        int64_t left = most - *bytes;

        n = read(file, piece, left < PIECE ? (size_t)left : sizeof piece);
        if (n > 0)
            sum = crc32(sum, piece, (unsigned)n);
    }
    *crc = (uint32_t)sum;
    return n >= 0
               ? ERR_NONE
               : ERR(ERR_IO, "%s: cannot be read: %s", path, strerror(errno));
}

enum err gz_checksum(const char *path, uint32_t *crc, int64_t *bytes)
{
    int file;
    enum err e;

    TRY(gz_file(path, &file));
    e = gz_crc_file(file, path, INT64_MAX, crc, bytes);
    (void)close(file);
    return e;
}

uint32_t gz_crc(const void *bytes, size_t size)
{
    return (uint32_t)crc32_z(crc32(0, NULL, 0), bytes, size);
}
