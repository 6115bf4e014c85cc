/* SPDX-License-Identifier: MIT */
/* An HDF5 image set that is whole, but not what is expected: first byte, whether
 * images are float numbers; then edits. */
#include "fuzz.h"
#include "h5tree.h"

enum { IMAGES = 4, SIDE = 2, PIXELS = IMAGES * SIDE * SIDE };

static void plant_labels(struct h5tree *t)
{
    static const int32_t labels[IMAGES] = {0, 1, 2, 1};
    const struct h5_array a = {
        .path = "/train/labels", .type = H5_INT32, .rank = 1, .dims = {IMAGES}};

    h5tree_add(t, &a, labels);
}

static void plant_bytes(struct h5tree *t)
{
    static const unsigned char pixels[PIXELS] = {0, 1, 2, 3, 255};
    const struct h5_array a = {.path = "/train/images",
                               .type = H5_UINT8,
                               .rank = 3,
                               .dims = {IMAGES, SIDE, SIDE}};

    plant_labels(t);
    h5tree_add(t, &a, pixels);
}

static void plant_floats(struct h5tree *t)
{
    static const float pixels[PIXELS] = {0, 0.5f, -1, 3};
    const struct h5_array a = {.path = "/train/images",
                               .type = H5_FLOAT,
                               .rank = 4,
                               .dims = {IMAGES, 1, SIDE, SIDE}};

    plant_labels(t);
    h5tree_add(t, &a, pixels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct conf *conf;
    const char *path;

    if (size < 1)
        return 0;
    path = h5tree_file(data[0] % 2 ? plant_floats : plant_bytes, data + 1,
                       size - 1);
    conf = fuzz_data_conf("hdf5", 1, &path);
    fuzz_begin();
    fuzz_end(fuzz_read_data(conf), path);
    conf_free(conf);
    return 0;
}
