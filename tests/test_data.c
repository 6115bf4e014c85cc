/* SPDX-License-Identifier: MIT */
/* Image sets: every format read back exactly. */
#include "data_files.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/log.h"
#include "base/mem.h"

static void near(float a, double b, double tolerance)
{
    assert_true(fabs((double)a - b) <= tolerance);
}

static void check_shape(const struct data *d, int n, int c, int h, int w,
                        int classes)
{
    assert_int_equal(d->n, n);
    assert_int_equal(d->c, c);
    assert_int_equal(d->h, h);
    assert_int_equal(d->w, w);
    assert_int_equal(d->classes, classes);
}

static void check_small(struct data *d)
{
    const unsigned char *v = d->images;

    check_shape(d, 4, 1, 1, 2, 3);
    assert_int_equal(d->type, DATA_UINT8);
    for (int i = 0; i < 8; i++)
        assert_int_equal(v[i], i + 1);
    for (int i = 0; i < 4; i++)
        assert_int_equal(d->labels[i], "\0\1\0\2"[i]);
    data_close(d);
    assert_int_equal(mem_live(), 0);
}

static void idx_is_read(void **state)
{
    struct data *d;
    char name[DATA_NAME_MAX];

    (void)state;
    files_make("a", IMAGES);
    files_make("b", LABELS);
    d = files_must_open("idx", 2);
    assert_int_equal(d->files, 2);
    assert_int_equal(d->file[0].bytes, 24);
    assert_int_equal(d->file[1].bytes, 12);
    assert_string_equal(d->file[1].path.s, files_path("b"));
    data_class_name(d, 2, name);
    assert_string_equal(name, "2");
    check_small(d);
    files_make("a",
               "00000804 00000004 00000001 00000001 00000002 0102030405060708");
    check_small(files_must_open("idx", 2));
}

static void fingerprint_is_that_of_gzip(void **state)
{
    unsigned char bytes[FILE_MAX];
    struct data *d;

    (void)state;
    files_make("a", IMAGES);
    files_make("b", LABELS);
    d = files_must_open("idx", 2);
    assert_int_equal(d->file[0].crc,
                     crc32(0, bytes, (unsigned)files_bytes(IMAGES, bytes)));
    data_close(d);
}

static void compressed_idx_is_read(void **state)
{
    unsigned char bytes[FILE_MAX];

    (void)state;
    files_write_gz("a", bytes, files_bytes(IMAGES, bytes));
    files_write_gz("b", bytes, files_bytes(LABELS, bytes));
    check_small(files_must_open("idx", 2));
}

static void cifar_is_read(void **state)
{
    char name[DATA_NAME_MAX];
    const unsigned char *v;
    struct data *d;

    (void)state;
    files_make("a", "03 11*1024 22*1024 33*1024 09 44*3072");
    files_make("b", "00 55*3072");
    d = files_must_open("cifar10", 2);
    v = d->images;
    check_shape(d, 3, 3, 32, 32, 10);
    assert_int_equal(d->labels[0], 3);
    assert_int_equal(d->labels[1], 9);
    assert_int_equal(d->labels[2], 0);
    assert_int_equal(v[1023], 0x11);
    assert_int_equal(v[1024], 0x22);
    assert_int_equal(v[3071], 0x33);
    assert_int_equal(v[3072], 0x44);
    assert_int_equal(v[3 * 3072 - 1], 0x55);
    data_class_name(d, 9, name);
    assert_string_equal(name, "truck");
    data_close(d);
}

static void fine_labels_of_cifar100_are_read(void **state)
{
    char name[DATA_NAME_MAX];
    struct data *d;

    (void)state;
    files_make("a", "01 63 11*3072 02 00 22*3072");
    d = files_must_open("cifar100", 1);
    check_shape(d, 2, 3, 32, 32, 100);
    assert_int_equal(d->labels[0], 99);
    assert_int_equal(d->labels[1], 0);
    assert_int_equal(((const unsigned char *)d->images)[3072], 0x22);
    data_class_name(d, 99, name);
    assert_string_equal(name, "worm");
    data_close(d);
}

static void hdf5_bytes_are_read(void **state)
{
    const struct h5_array images = {.path = "/train/images",
                                    .type = H5_UINT8,
                                    .rank = 3,
                                    .dims = {4, 1, 2}};
    const struct h5_array labels = H5_LABELS(H5_INT64, 4);
    const unsigned char v[] = {1, 2, 3, 4, 5, 6, 7, 8};
    const int64_t k[] = {0, 1, 0, 2};

    (void)state;
    files_make_h5(&images, v, &labels, k, NULL);
    check_small(files_must_open("hdf5", 1));
}

static void hdf5_floats_are_read(void **state)
{
    const struct h5_array images = H5_IMAGES(H5_FLOAT, 3, 2, 1, 2);
    const struct h5_array labels = H5_LABELS(H5_INT8, 3);
    const float v[] = {0, 1, -1, 2.5f, 4, 5, 6, 7, 8, 9, 10, 11};
    const signed char k[] = {1, 0, 1};
    char name[DATA_NAME_MAX];
    struct data *d;

    (void)state;
    files_make_h5(&images, v, &labels, k, "cat,dog");
    d = files_must_open("hdf5", 1);
    check_shape(d, 3, 2, 1, 2, 2);
    assert_int_equal(d->type, DATA_FLOAT);
    assert_memory_equal(d->images, v, sizeof v);
    assert_int_equal(d->labels[0], 1);
    data_class_name(d, 0, name);
    assert_string_equal(name, "cat");
    data_class_name(d, 1, name);
    assert_string_equal(name, "dog");
    data_close(d);
}

static struct data *open_conf(struct conf *conf, uint64_t seed)
{
    struct data *d;

    conf_check(conf);
    assert_int_equal(conf_errors(conf), 0);
    assert_int_equal(data_open(&d, NULL, conf, seed), ERR_NONE);
    conf_free(conf);
    return d;
}

static struct data *open_synthetic(uint64_t seed)
{
    struct conf *conf = files_conf("synthetic", 0);

    files_set(conf, &synthetic_section, "images", "600");
    files_set(conf, &synthetic_section, "classes", "6");
    files_set(conf, &synthetic_section, "channels", "2");
    files_set(conf, &synthetic_section, "size", "12");
    return open_conf(conf, seed);
}

static void synthetic_depends_on_the_seed_alone(void **state)
{
    struct data *a = open_synthetic(1), *b = open_synthetic(1);
    struct data *c = open_synthetic(2);
    size_t bytes = 600 * 2 * 12 * 12;

    (void)state;
    check_shape(a, 600, 2, 12, 12, 6);
    assert_int_equal(a->trains, 540);
    assert_int_equal(a->validations, 60);
    assert_memory_equal(a->images, b->images, bytes);
    assert_memory_equal(a->labels, b->labels, 600 * sizeof(int));
    assert_memory_equal(a->train, b->train, 540 * sizeof(int));
    assert_memory_not_equal(a->images, c->images, bytes);
    assert_memory_not_equal(a->train, c->train, 540 * sizeof(int));
    data_close(a);
    data_close(b);
    data_close(c);
}

static void statistics_are_of_the_training_part(void **state)
{
    struct data *d = open_synthetic(1);
    const unsigned char *v = d->images;
    double sum = 0, squares = 0, n = 540 * 144;

    (void)state;
    for (int i = 0; i < d->trains; i++)
        for (int j = 0; j < 144; j++) {
            double x = v[(d->train[i] * 2 + 1) * 144 + j] / 255.0;

            sum += x;
            squares += x * x;
        }
    near(d->mean[1], sum / n, 1e-6);
    near(d->std[1], sqrt(squares / n - sum * sum / n / n), 1e-6);
    data_close(d);
}

static void constant_channel_has_deviation_1(void **state)
{
    struct data *d;

    (void)state;
    files_make("a", "00000804 00000003 00000002 00000001 00000001 "
                    "55 00 55 01 55 02");
    files_make("b", "00000801 00000003 00 01 00");
    d = files_must_open("idx", 2);
    near(d->mean[0], 1.0 / 3, 1e-7);
    near(d->std[0], 1, 0);
    assert_true(d->std[1] < 0.01f);
    data_close(d);
}

static void absent_class_is_a_warning(void **state)
{
    struct data *d;
    int before = log_warnings();

    (void)state;
    files_make("a", IMAGES);
    files_make("b", "00000801 00000004 00 01 00 03");
    log_open(0, LOG_NORMAL);
    d = files_must_open("idx", 2);
    log_open(1, LOG_NORMAL);
    assert_int_equal(log_warnings(), before + 1);
    assert_int_equal(d->classes, 4);
    data_close(d);
}

static void settings_are_checked(void **state)
{
    /* clang-format off */
    static const char *const bad[][3] = {
        {"format", "idx", "data.files: format idx wants an images file and"},
        {"format", "hdf5", "wants one file, but 0 are given"},
        {"format", "cifar100", "wants one or more binary files"},
        {"files", "x", "format synthetic wants no files, but 1 are given"},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct conf *conf = files_conf("synthetic", 0);

        files_set(conf, &data_section, bad[i][0], bad[i][1]);
        conf_check(conf);
        assert_int_equal(conf_errors(conf), 1);
        assert_non_null(strstr(conf_error(conf, 0), bad[i][2]));
        conf_free(conf);
    }
}

static void large_augmentation_is_refused(void **state)
{
    static const char *const names[] = {"shift", "cutout"};
    struct data *d;

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct conf *conf = files_conf("synthetic", 0);

        files_set(conf, &data_section, names[i], "16");
        err_clear();
        assert_int_equal(data_open(&d, NULL, conf, SEED), ERR_INPUT);
        assert_non_null(strstr(err_message(), names[i]));
        assert_null(d);
        conf_free(conf);
    }
}

#define FASHION "/usr/share/datasets/fashion-mnist/"

static void fashion_mnist_is_read(void **state)
{
    struct conf *conf;
    struct data *d;

    (void)state;
    if (access(FASHION, R_OK) != 0)
        skip();
    conf = files_conf("synthetic", 0);
    files_set(conf, &data_section, "format", "idx");
    files_set(conf, &data_section, "validation", "0");
    files_set(conf, &data_section, "files",
              FASHION "train-images-idx3-ubyte.gz\n" FASHION
                      "train-labels-idx1-ubyte.gz");
    d = open_conf(conf, SEED);
    check_shape(d, 60000, 1, 28, 28, 10);
    assert_int_equal(d->trains, 60000);
    near(d->mean[0], 0.2860, 5e-5);
    near(d->std[0], 0.3530, 5e-5);
    data_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idx_is_read),
        cmocka_unit_test(fingerprint_is_that_of_gzip),
        cmocka_unit_test(compressed_idx_is_read),
        cmocka_unit_test(cifar_is_read),
        cmocka_unit_test(fine_labels_of_cifar100_are_read),
        cmocka_unit_test(hdf5_bytes_are_read),
        cmocka_unit_test(hdf5_floats_are_read),
        cmocka_unit_test(synthetic_depends_on_the_seed_alone),
        cmocka_unit_test(statistics_are_of_the_training_part),
        cmocka_unit_test(constant_channel_has_deviation_1),
        cmocka_unit_test(absent_class_is_a_warning),
        cmocka_unit_test(settings_are_checked),
        cmocka_unit_test(large_augmentation_is_refused),
        cmocka_unit_test(fashion_mnist_is_read),
    };

    return cmocka_run_group_tests(tests, files_start, files_end);
}
