/* SPDX-License-Identifier: MIT */
#include "base/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/gz.h"

enum {
    VERSION = 1,
    MAGIC = 8,
    CRC = 8,
    FORMAT = 12,
    LENGTH = 16,
    GENERATION = 24
};

static const unsigned char magic[MAGIC] = {0x89, 'F', 'N',  'A',
                                           'S',  'S', '\r', '\n'};

static void put(unsigned char *at, uint64_t x, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (unsigned char)(x >> (8 * i));
}

static uint64_t get(const unsigned char *at, int bytes)
{
    uint64_t x = 0;

    for (int i = 0; i < bytes; i++)
        x |= (uint64_t)at[i] << (8 * i);
    return x;
}

static void fill(unsigned char seal[SEAL_BYTES], uint32_t crc, uint64_t size,
                 uint64_t generation)
{
    memcpy(seal, magic, sizeof magic);
    put(seal + CRC, crc, 4);
    put(seal + FORMAT, VERSION, 4);
    put(seal + LENGTH, size, 8);
    put(seal + GENERATION, generation, 8);
}

void seal_make(unsigned char seal[SEAL_BYTES], const void *bytes, size_t size,
               uint64_t generation)
{
    fill(seal, gz_crc(bytes, size), size, generation);
}

enum err seal_make_file(unsigned char seal[SEAL_BYTES], int file,
                        const char *path, int64_t size, uint64_t generation)
{
    int64_t bytes;
    uint32_t crc;

    if (lseek(file, 0, SEEK_SET) != 0)
        return ERR(ERR_IO, "%s: cannot be read: %s", path, strerror(errno));
    TRY(gz_crc_file(file, path, size, &crc, &bytes));
    if (bytes != size)
        return ERR(ERR_IO, "%s: was cut off while it was written", path);
    fill(seal, crc, (uint64_t)size, generation);
    return ERR_NONE;
}

/* What the last bytes claim; false: they are no seal.  One of a later version is
 * not for us to judge. */
static bool read_claim(int file, struct seal *s, int64_t *length, uint32_t *crc)
{
    unsigned char tail[SEAL_BYTES];
    struct stat about;

    if (fstat(file, &about) != 0)
        return false;
    s->bytes = about.st_size;
    if (s->bytes < SEAL_BYTES ||
        pread(file, tail, SEAL_BYTES, s->bytes - SEAL_BYTES) != SEAL_BYTES ||
        memcmp(tail, magic, MAGIC) != 0 || get(tail + FORMAT, 4) != VERSION)
        return false;
    s->bytes -= SEAL_BYTES;
    s->generation = get(tail + GENERATION, 8);
    *length = (int64_t)get(tail + LENGTH, 8);
    *crc = (uint32_t)get(tail + CRC, 4);
    return true;
}

static enum err check(int file, const char *path, struct seal *s)
{
    int64_t claimed, bytes;
    uint32_t wanted, crc;

    s->there = read_claim(file, s, &claimed, &wanted);
    if (!s->there)
        return ERR_NONE;
    TRY(gz_crc_file(file, path, s->bytes, &crc, &bytes));
    if (claimed == s->bytes && bytes == s->bytes && crc == wanted)
        return ERR_NONE;
    return ERR(ERR_DATA,
               "%s: damaged: its bytes are not those that it was sealed with",
               path);
}

enum err seal_check(const char *path, struct seal *s)
{
    int file;
    enum err e;

    *s = (struct seal){.there = false};
    TRY(gz_file(path, &file));
    e = check(file, path, s);
    (void)close(file);
    return e;
}

uint64_t seal_generation(const char *path)
{
    struct seal s = {.there = false};
    int64_t length;
    uint32_t crc;
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    if (file < 0)
        return 0;
    if (!read_claim(file, &s, &length, &crc))
        s.generation = 0;
    (void)close(file);
    return s.generation;
}
