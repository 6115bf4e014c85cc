/* SPDX-License-Identifier: MIT */
/* CIFAR-10 or CIFAR-100, as the first byte says; then the file.  Every byte of it
 * stands for 16, or files of whole records would be too long to be found. */
#include <string.h>

#include "fuzz.h"

enum { TIMES = 16, MOST = 2048 };

static size_t stretch(unsigned char *to, const uint8_t *bytes, size_t size)
{
    size_t n = size < MOST ? size : MOST;

    for (size_t i = 0; i < n; i++)
        memset(to + TIMES * i, bytes[i], TIMES);
    return TIMES * n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned char bytes[TIMES * MOST];
    const char *path[1];
    struct conf *conf;
    size_t n, cut;

    if (size < 2)
        return 0;
    n = stretch(bytes, data + 2, size - 2);
    cut = data[1] < n ? data[1] : n;
    path[0] = fuzz_file(0, bytes, n - cut);
    conf = fuzz_data_conf(data[0] % 2 ? "cifar100" : "cifar10", 1, path);
    fuzz_begin();
    fuzz_end(fuzz_read_data(conf), path[0]);
    conf_free(conf);
    return 0;
}
