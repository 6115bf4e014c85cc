/* SPDX-License-Identifier: MIT */
/* Small image sets, good and broken, in a temporary folder; files "a" and "b".
 */
#ifndef TESTS_DATA_FILES_H
#define TESTS_DATA_FILES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/h5.h"
#include "eval/data.h"

enum { FILE_MAX = 40000, SEED = 7 };

/** Images 1..8 of [1, 1, 2] and their labels, in IDX. */
#define IMAGES "00000803 00000004 00000001 00000002 0102 0304 0506 0708"
#define LABELS "00000801 00000004 00 01 00 02"

#define H5_IMAGES(kind, ...)                                                   \
    {                                                                          \
        .path = "/train/images", .type = kind, .rank = 4, .dims = {            \
            __VA_ARGS__                                                        \
        }                                                                      \
    }
#define H5_LABELS(kind, n)                                                     \
    {                                                                          \
        .path = "/train/labels", .type = kind, .rank = 1, .dims = { n }        \
    }

/** For cmocka: make the folder, remove it. */
int files_start(void **state);
int files_end(void **state);

const char *files_path(const char *name);

void files_write(const char *name, const void *bytes, size_t n);
void files_write_gz(const char *name, const void *bytes, size_t n);

/** Up to FILE_MAX bytes. */
size_t files_read(const char *name, unsigned char *bytes);

/** Bytes from hexadecimal text; "xx*n" is n times xx. */
size_t files_bytes(const char *text, unsigned char *bytes);

/** Write a file from such text; NULL: none; "/": a folder. */
void files_make(const char *name, const char *text);

/** File "a" with /train/images and /train/labels; NULL: without. */
void files_make_h5(const struct h5_array *images, const void *image,
                   const struct h5_array *labels, const void *label,
                   const char *class_names);

/** Set a value that must be right. */
void files_set(struct conf *conf, const struct conf_section *s,
               const char *name, const char *value);

/** Settings that name a format and the first files. */
struct conf *files_conf(const char *format, int files);

/** Open them. */
enum err files_open(struct data **d, const char *format, int files);
struct data *files_must_open(const char *format, int files);

#endif
