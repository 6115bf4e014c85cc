/* SPDX-License-Identifier: MIT */
/* Image sets: images with one label each, read once per node and shared.
 *
 * Only training images are read, and a validation part is cut off from them:
 * the search never sees a test set.  Formats:
 *
 *   idx        MNIST's: an images file (uint8, [n, h, w] or [n, c, h, w]) and a
 *              labels file (uint8, [n]), plain or compressed by gzip
 *   cifar10    CIFAR-10 binary: records of label, 3 x 32 x 32 bytes
 *   cifar100   CIFAR-100 binary: coarse label, fine label (used), 3 x 32 x 32
 *   hdf5       /train/images  uint8 or float32, [n, c, h, w] or [n, h, w]
 *              /train/labels  any integer type, [n], classes from 0; a text
 *                             attribute `class_names` (separated by commas) is
 *                             optional
 *   synthetic  made from the seed, see section synthetic
 *
 * Floats are used as they are and must be finite; bytes are scaled to 0..1.
 * A broken file is an error that says what is wrong; a damaged HDF5 file can
 * still be too much for the HDF5 library itself. */
#ifndef EVAL_DATA_H
#define EVAL_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/err.h"

struct comm;
struct comm_shared;

enum {
    DATA_CHANNELS_MAX = 64,
    DATA_SIDE_MAX = 4096, /* pixels of height or width */
    DATA_CLASSES_MAX = 65535,
    DATA_NAMES_MAX = 4096, /* bytes of all class names */
    DATA_NAME_MAX = 64     /* bytes of one, with its 0 */
};

#define DATA_SETTINGS(X)                                                       \
    X(CHOICE, format, "synthetic", 0, 0,                                       \
      "idx|cifar10|cifar100|hdf5|synthetic", "What the files are")             \
    X(TEXTS, files, "", 0, 0, "",                                              \
      "Training images. idx: images file, labels file; cifar10, cifar100: "    \
      "one or more; hdf5: one; synthetic: none. No test set is read here")     \
    X(REAL, validation, "0.1", 0, 0.5, "1",                                    \
      "Part of the training images set aside, class by class, to measure "     \
      "accuracy during the search")                                            \
    X(INT, train_limit, "0", 0, 2147483647, "images",                          \
      "Train on this many at most, all classes in proportion; 0: all")         \
    X(INT, validation_limit, "0", 0, 2147483647, "images",                     \
      "Validate on this many at most, all classes in proportion; 0: all")      \
    X(INT, shift, "0", 0, 64, "pixels",                                        \
      "Augmentation: shift by up to this much both ways, i.e. crop with "      \
      "padding; 0: none")                                                      \
    X(BOOL, flip, "false", 0, 0, "",                                           \
      "Augmentation: mirror every other image, left to right")                 \
    X(INT, cutout, "0", 0, 1024, "pixels",                                     \
      "Augmentation: side of a square painted over; 0: none")

struct data_conf {
    DATA_SETTINGS(CONF_FIELD)
};

extern const struct conf_section data_section;

enum { SYNTHETIC_SIZE_MAX = 1024 };

#define SYNTHETIC_SETTINGS(X)                                                  \
    X(INT, classes, "10", 2, 1000, "1", "Classes, equally frequent")           \
    X(INT, images, "4096", 4, 100000000, "1", "Images, validation included")   \
    X(INT, channels, "3", 1, 64, "1", "Channels")                              \
    X(INT, size, "16", 4, SYNTHETIC_SIZE_MAX, "pixels", "Height and width")    \
    X(REAL, noise, "0.7", 0, 100, "1",                                         \
      "Strength of what hides the class: white noise and another class's "     \
      "pattern; above 1 no network can tell all images apart")

struct synthetic_conf {
    SYNTHETIC_SETTINGS(CONF_FIELD)
};

extern const struct conf_section synthetic_section;

enum data_type { DATA_UINT8, DATA_FLOAT };

/** Where the images came from. */
struct data_file {
    struct conf_text path;
    uint32_t crc;  /* CRC-32 of the file as it is stored, see gzip */
    int64_t bytes; /* its size */
};

struct data {
    int n, c, h, w; /* images; shape of each */
    int classes;    /* of the format, or largest label + 1 */
    enum data_type type;
    const void *images; /* [n][c][h][w] of type */
    const int *labels;  /* [n], 0..classes-1 */

    int trains, validations; /* images in each part */
    const int *train;        /* [trains] numbers of images, ascending */
    const int *validation;   /* [validations] */

    /* over the training part */
    float mean[DATA_CHANNELS_MAX], std[DATA_CHANNELS_MAX];

    int shift; /* augmentation, from the settings */
    bool flip;
    int cutout;

    int files;
    const struct data_file *file;
    char names[DATA_NAMES_MAX]; /* classes, separated by commas; "" unknown */

    void *memory; /* data_close's own */
    struct comm_shared *shared;
};

/** Read the images that the settings name, and split them.
 *
 * Rank 0 of `node` reads into memory that the ranks of the node share; NULL:
 * plain memory, no messages.  ERR_IO: a file cannot be read; ERR_DATA: it is
 * not what it should be; ERR_INPUT: an augmentation is too large for the
 * images; ERR_MEMORY: the images exceed the node's memory.  The message names
 * file and trouble.  All ranks of the node fail together (ERR_PEER where the
 * cause is not known); the caller agrees over the nodes.
 * Collective over node. */
MUST_CHECK enum err data_open(struct data **d, struct comm *node,
                              const struct conf *conf, uint64_t seed);

/** NULL is fine. Collective over the node of data_open. */
void data_close(struct data *d);

/** Name of a class, its number if it has none. Local. */
void data_class_name(const struct data *d, int label, char name[DATA_NAME_MAX]);

/** Print shape, parts, statistics and files. Rank 0 only. */
void data_print(const struct data *d);

#endif
