/* SPDX-License-Identifier: MIT */
/* Any bytes as an HDF5 image set without a seal: each is looked at by a child
 * process first. */
#include "base/h5.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path[1] = {fuzz_file(0, data, size)};
    struct conf *conf = fuzz_data_conf("hdf5", 1, path);

    fuzz_begin();
    fuzz_end(fuzz_read_data(conf), path[0]);
    conf_free(conf);
    return 0;
}
