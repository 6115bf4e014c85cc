/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/h5.h"
#include "base/mem.h"
#include "eval/data_format.h"

static const char images_path[] = "/train/images";
static const char labels_path[] = "/train/labels";

enum { LABELS_PIECE = 1 << 20 };

static const char *path_of(const struct data_source *s)
{
    return s->conf->files.value[0].s;
}

static enum err look_images(struct h5 *h, const struct data_source *s,
                            struct data_shape *shape)
{
    struct h5_array a;
    uint64_t dims[4];

    TRY(h5_shape(h, images_path, &a));
    if (a.rank < 3)
        return ERR(ERR_DATA,
                   "%s: %s has %d dimensions; [n, c, h, w] or [n, h, w] is "
                   "expected",
                   path_of(s), images_path, a.rank);
    if (a.type != H5_UINT8 && a.type != H5_FLOAT)
        return ERR(ERR_DATA,
                   "%s: %s is neither unsigned 8-bit integer nor 32-bit float",
                   path_of(s), images_path);
    dims[0] = a.dims[0];
    dims[1] = a.rank == 4 ? a.dims[1] : 1;
    dims[2] = a.dims[a.rank - 2];
    dims[3] = a.dims[a.rank - 1];
    shape->type = a.type == H5_UINT8 ? DATA_UINT8 : DATA_FLOAT;
    return data_set_shape(shape, dims, path_of(s));
}

static enum err look_labels(struct h5 *h, const struct data_source *s, int n)
{
    struct h5_array a;

    TRY(h5_shape(h, labels_path, &a));
    if (a.rank != 1)
        return ERR(ERR_DATA, "%s: %s has %d dimensions; 1 is expected",
                   path_of(s), labels_path, a.rank);
    if (a.type == H5_FLOAT || a.type == H5_DOUBLE || a.type == H5_TEXT)
        return ERR(ERR_DATA, "%s: %s does not hold integers", path_of(s),
                   labels_path);
    if (a.dims[0] != (size_t)n)
        return ERR(ERR_DATA, "%s: %s has %zu values for the %d images of %s",
                   path_of(s), labels_path, a.dims[0], n, images_path);
    return ERR_NONE;
}

static enum err look_all(struct h5 *h, const struct data_source *s,
                         struct data_shape *shape)
{
    TRY(look_images(h, s, shape));
    TRY(look_labels(h, s, shape->n));
    if (!h5_attribute(h, labels_path, "class_names", shape->names,
                      sizeof shape->names))
        shape->names[0] = '\0';
    return ERR_NONE;
}

static enum err look_h5(const struct data_source *s, struct data_shape *shape)
{
    struct h5 *h = NULL;
    enum err e;

    TRY(h5_open(&h, path_of(s)));
    e = look_all(h, s, shape);
    h5_close(h);
    return e;
}

static enum err take_labels(const struct data_source *s, int *labels,
                            const int64_t *values, int first, int count)
{
    for (int i = 0; i < count; i++) {
        if (values[i] < 0 || values[i] >= DATA_CLASSES_MAX)
            return ERR(ERR_DATA,
                       "%s: %s: label %lld of image %d is not in 0..%d",
                       path_of(s), labels_path, (long long)values[i], first + i,
                       DATA_CLASSES_MAX - 1);
        labels[first + i] = (int)values[i];
    }
    return ERR_NONE;
}

static enum err read_labels(struct h5 *h, const struct data_source *s, int n,
                            int *labels)
{
    int64_t *values = MEM_NEW(int64_t, n < LABELS_PIECE ? n : LABELS_PIECE);
    enum err e = ERR_NONE;

    for (int i = 0; i < n && e == ERR_NONE; i += LABELS_PIECE) {
        int count = n - i < LABELS_PIECE ? n - i : LABELS_PIECE;

        e = h5_read_rows(h, labels_path, H5_INT64, values, (size_t)i,
                         (size_t)count, (size_t)count);
        if (e == ERR_NONE)
            e = take_labels(s, labels, values, i, count);
    }
    mem_free(values);
    return e;
}

static enum err read_h5(const struct data_source *s,
                        const struct data_shape *shape, void *images,
                        int *labels)
{
    enum h5_type type = shape->type == DATA_UINT8 ? H5_UINT8 : H5_FLOAT;
    struct h5 *h = NULL;
    enum err e;

    TRY(h5_open(&h, path_of(s)));
    e = read_labels(h, s, shape->n, labels);
    if (e == ERR_NONE)
        e = h5_read(h, images_path, type, images, data_values(shape));
    h5_close(h);
    return e;
}

const struct data_format data_h5 = {
    .name = "hdf5",
    .files_help = "one file",
    .files_min = 1,
    .files_max = 1,
    .look = look_h5,
    .read = read_h5,
};
