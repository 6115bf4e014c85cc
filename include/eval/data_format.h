/* SPDX-License-Identifier: MIT */
/* Formats of image sets: what data.c and the readers share.
 *
 * Files are not trusted: look() proves that what a header claims is there,
 * before anybody takes memory for it; read() then fills exactly that. */
#ifndef EVAL_DATA_FORMAT_H
#define EVAL_DATA_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "eval/data.h"

/** What to read. All borrowed. */
struct data_source {
    const struct data_conf *conf;
    const struct synthetic_conf *synthetic;
    uint64_t seed;
    const struct data_file *file; /* [conf->files.count], known to be there */
};

/** What was found. */
struct data_shape {
    int n, c, h, w;
    int classes; /* known from the format, or 0: largest label + 1 */
    enum data_type type;
    char names[DATA_NAMES_MAX];
};

/** A format; a registry in data.c lists them. */
struct data_format {
    const char *name;
    const char *files_help; /* "an images file and a labels file" */
    int files_min, files_max;

    /** Check the files as far as that needs no memory, and find the shape. */
    MUST_CHECK enum err (*look)(const struct data_source *s,
                                struct data_shape *shape);

    /** Read images[n][c][h][w] and labels[n]; every label is checked.  The
     * shape is look()'s; a file that changed since is an error. */
    MUST_CHECK enum err (*read)(const struct data_source *s,
                                const struct data_shape *shape, void *images,
                                int *labels);
};

extern const struct data_format data_idx;
extern const struct data_format data_cifar10;
extern const struct data_format data_cifar100;
extern const struct data_format data_h5;
extern const struct data_format data_synthetic;

/** Is the shape within the bounds of data.h?  If not, ERR_DATA naming `path`.
 * dims[4]: n c h w as claimed. */
MUST_CHECK enum err data_set_shape(struct data_shape *shape,
                                   const uint64_t dims[4], const char *path);

/** Values of all images, and of one. */
size_t data_values(const struct data_shape *shape);
size_t data_image_values(const struct data_shape *shape);

/** Mean and standard deviation of each channel over the training part; a
 * constant channel has deviation 1. */
void data_measure(struct data *d);

#endif
