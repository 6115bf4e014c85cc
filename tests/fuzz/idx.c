/* SPDX-License-Identifier: MIT */
/* IDX: how to split the bytes into images and labels and whether to compress the
 * images, then the bytes; of compressed ones, one byte may be changed. */
#include <string.h>
#include <zlib.h>

#include "fuzz.h"

enum { HEAD = 4, ROOM = 1 << 17 };

/* As gzip would, at its fastest. */
static size_t compress_to(unsigned char *to, const uint8_t *bytes, size_t size)
{
    z_stream z;

    memset(&z, 0, sizeof z);
    FUZZ_CHECK(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 1,
                            Z_DEFAULT_STRATEGY) == Z_OK);
    z.next_in = (unsigned char *)(uintptr_t)bytes;
    z.avail_in = (unsigned)size;
    z.next_out = to;
    z.avail_out = ROOM;
    FUZZ_CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
    (void)deflateEnd(&z);
    return z.total_out;
}

static const char *images_file(const uint8_t head[HEAD], const uint8_t *images,
                               size_t size)
{
    static unsigned char packed[ROOM];
    size_t n;

    if (head[0] % 2 == 0 || size > ROOM / 2)
        return fuzz_file(0, images, size);
    n = compress_to(packed, images, size);
    packed[head[2] % n] ^= head[3];
    return fuzz_file(0, packed, n - (head[0] / 2) % n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path[2];
    struct conf *conf;
    size_t split;

    if (size < HEAD)
        return 0;
    split = HEAD + data[1];
    if (split > size)
        split = size;
    path[1] = fuzz_file(1, data + HEAD, split - HEAD);
    path[0] = images_file(data, data + split, size - split);
    conf = fuzz_data_conf("idx", 2, path);
    fuzz_begin();
    fuzz_end(fuzz_read_data(conf), "/proc/self/fd/");
    conf_free(conf);
    return 0;
}
