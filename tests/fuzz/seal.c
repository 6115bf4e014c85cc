/* SPDX-License-Identifier: MIT */
/* Any bytes, looked at for a seal; and sealed ones with one byte changed. */
#include "base/seal.h"

#include <string.h>

#include "fuzz.h"

enum { ROOM = 1 << 16 };

/* Of bytes that were sealed: those, others, or no seal any more. */
static void change_one(const uint8_t *data, size_t size)
{
    static unsigned char bytes[ROOM];
    size_t n = size - 3 + SEAL_BYTES, at = (size_t)(data[0] << 8 | data[1]) % n;
    const char *path;
    struct seal s;
    enum err e;

    memcpy(bytes, data + 3, size - 3);
    seal_make(bytes + size - 3, data + 3, size - 3, 7);
    bytes[at] ^= data[2];
    path = fuzz_file(1, bytes, n);
    e = seal_check(path, &s);
    if (data[2] == 0)
        FUZZ_CHECK(e == ERR_NONE && s.there && s.generation == 7);
    else if (at < size - 3)
        FUZZ_CHECK(e == ERR_DATA);
    fuzz_end(e, path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(0, data, size);
    struct seal s;
    enum err e;

    fuzz_begin();
    e = seal_check(path, &s);
    if (e == ERR_NONE)
        FUZZ_CHECK(s.bytes ==
                   (int64_t)size - (s.there ? (int64_t)SEAL_BYTES : 0));
    fuzz_end(e, path);
    (void)seal_generation(path);
    if (size >= 3 && size < ROOM - SEAL_BYTES)
        change_one(data, size);
    return 0;
}
