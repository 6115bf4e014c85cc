/* SPDX-License-Identifier: MIT */
/* Broken image files: each one is an error that names the file and what is
 * wrong; none is a crash, nor takes the memory that a header claims. */
#include "data_files.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "base/rng.h"

struct broken {
    const char *format;
    const char *a, *b; /* the files, see files_make */
    enum err err;
    const char *file; /* that the message names */
    const char *says;
};

#define HEAD "00000803 00000004 00000001 00000002 "

/* clang-format off */
static const struct broken table[] = {
    {"idx", NULL, LABELS, ERR_IO, "a", "No such file"},
    {"idx", IMAGES, NULL, ERR_IO, "b", "No such file"},
    {"idx", "/", LABELS, ERR_IO, "a", "is not a file"},
    {"idx", IMAGES, "/", ERR_IO, "b", "is not a file"},
    {"idx", "", LABELS, ERR_DATA, "a", "is empty"},
    {"idx", IMAGES, "", ERR_DATA, "b", "is empty"},
    {"idx", LABELS, IMAGES, ERR_DATA, "a", "holds labels where images"},
    {"idx", IMAGES, IMAGES, ERR_DATA, "b", "holds images where labels"},
    {"idx", "ffd8ffe0 00*40", LABELS, ERR_DATA, "a", "starts with ff d8 ff e0"},
    {"idx", IMAGES, "01000801 00*40", ERR_DATA, "b", "not an IDX file"},
    {"idx", "00000d03 00*40", LABELS, ERR_DATA, "a", "type 0x0d"},
    {"idx", IMAGES, "00000c01 00000004 00*16", ERR_DATA, "b", "type 0x0c"},
    {"idx", "00000805 00*40", LABELS, ERR_DATA, "a", "has 5 dimensions"},
    {"idx", "00000800", LABELS, ERR_DATA, "a", "has 0 dimensions"},
    {"idx", "000008ff", LABELS, ERR_DATA, "a", "has 255 dimensions"},
    {"idx", "00000802 00000004 00000002 00*8", LABELS, ERR_DATA, "a", "has 2 dimensions"},
    {"idx", IMAGES, "00000802 00000004 00000001 00*4", ERR_DATA, "b", "has 2 dimensions"},
    {"idx", "00000803 00000000 00000001 00000002", LABELS, ERR_DATA, "a", "holds no images"},
    {"idx", "00000803 00000004 00000000 00000002", LABELS, ERR_DATA, "a", "claims 4 images"},
    {"idx", "00000803 00000004 00000001 00001001 00*16388", LABELS, ERR_DATA, "a", "[1, 1, 4097]"},
    {"idx", "00000804 00000004 00000041 00000001 00000001 00*260", LABELS, ERR_DATA, "a", "[65, 1, 1]"},
    {"idx", "00000803 80000000 00000001 00000001 00*4", LABELS, ERR_DATA, "a", "claims 2147483648 images"},
    {"idx", "00000803 7fffffff 00001000 00001000 00*4", LABELS, ERR_DATA, "a", "holds 4 of the"},
    {"idx", "00000804 ffffffff ffffffff ffffffff ffffffff", LABELS, ERR_DATA, "a", "claims 4294967295"},
    {"idx", HEAD "00*7", LABELS, ERR_DATA, "a", "holds 7 of the 8 values"},
    {"idx", HEAD "00*9", LABELS, ERR_DATA, "a", "more than the 8 values"},
    {"idx", HEAD "00*30000", LABELS, ERR_DATA, "a", "more than the 8 values"},
    {"idx", IMAGES, "00000801 00000004 00 01 00", ERR_DATA, "b", "holds 3 of the 4"},
    {"idx", IMAGES, "00000801 00000004 00 01 00 01 00", ERR_DATA, "b", "more than the 4"},
    {"idx", IMAGES, "00000801 00000003 00 01 00", ERR_DATA, "b", "3 labels for the 4 images"},
    {"idx", IMAGES, "00000801 00000005 00 01 00 01 01", ERR_DATA, "b", "5 labels for the 4 images"},
    {"idx", IMAGES, "00000801 00000004 00 00 00 00", ERR_DATA, "b", "at least two classes"},
    {"idx", "1f8b0800 00*6", LABELS, ERR_DATA, "a", ""},
    {"idx", "1f8b08ff ff*400", LABELS, ERR_DATA, "a", "compressed data"},
    {"cifar10", "", NULL, ERR_DATA, "a", "is empty"},
    {"cifar10", NULL, NULL, ERR_IO, "a", "No such file"},
    {"cifar10", "00*3072", NULL, ERR_DATA, "a", "not a multiple of the 3073"},
    {"cifar10", "00*3074", NULL, ERR_DATA, "a", "not a multiple of the 3073"},
    {"cifar10", "00*6145", NULL, ERR_DATA, "a", "has 6145 bytes"},
    {"cifar10", "00*3073 0a 00*3072", NULL, ERR_DATA, "a", "record 1 has label 10"},
    {"cifar10", "ff 00*3072", NULL, ERR_DATA, "a", "record 0 has label 255"},
    {"cifar100", "00*3073", NULL, ERR_DATA, "a", "not a multiple of the 3074"},
    {"cifar100", "00 64 00*3072", NULL, ERR_DATA, "a", "label 100; 0..99"},
    {"hdf5", NULL, NULL, ERR_IO, "a", "No such file"},
    {"hdf5", "/", NULL, ERR_IO, "a", "is not a file"},
    {"hdf5", "", NULL, ERR_DATA, "a", "not an HDF5 file"},
    {"hdf5", IMAGES, NULL, ERR_DATA, "a", "not an HDF5 file"},
    {"hdf5", "894844460d0a1a0a 00*100", NULL, ERR_DATA, "a", "not an HDF5 file"},
};
/* clang-format on */

static int files_of(const char *format)
{
    return strcmp(format, "idx") == 0 ? 2 : 1;
}

static void expect(const struct broken *b)
{
    struct data *d;
    enum err e = files_open(&d, b->format, files_of(b->format));

    if (e != b->err || !strstr(err_message(), b->says) ||
        !strstr(err_message(), files_path(b->file)))
        fail_msg("expected \"%s\" of %s, but: %d, %s", b->says, b->file, (int)e,
                 err_message());
    assert_null(d);
    assert_int_equal(mem_live(), 0);
}

static void broken_files_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        files_make("a", table[i].a);
        files_make("b", table[i].b);
        expect(&table[i]);
    }
    files_make("a", NULL);
}

struct broken_h5 {
    struct h5_array images, labels;
    int32_t label; /* of the second image; the others are 0 */
    const char *says;
};

/* clang-format off */
static const struct broken_h5 h5_table[] = {
    {H5_IMAGES(H5_UINT8, 4, 1, 2, 2), {0}, 0, "no dataset /train/labels"},
    {{0}, H5_LABELS(H5_INT32, 4), 0, "no dataset /train/images"},
    {H5_IMAGES(H5_UINT8, 4, 1, 2, 2), H5_LABELS(H5_INT32, 3), 1, "3 values for the 4"},
    {H5_IMAGES(H5_UINT8, 4, 1, 2, 2), H5_LABELS(H5_FLOAT, 4), 1, "not hold integers"},
    {H5_IMAGES(H5_UINT8, 4, 1, 2, 2), H5_LABELS(H5_INT32, 4), -1, "label -1 of image 1"},
    {H5_IMAGES(H5_UINT8, 4, 1, 2, 2), H5_LABELS(H5_INT32, 4), 65535, "label 65535 of image 1"},
    {H5_IMAGES(H5_UINT8, 4, 1, 2, 2), H5_LABELS(H5_INT32, 4), 0, "at least two classes"},
    {H5_IMAGES(H5_INT32, 4, 1, 2, 2), H5_LABELS(H5_INT32, 4), 1, "neither unsigned 8-bit"},
    {H5_IMAGES(H5_DOUBLE, 4, 1, 2, 2), H5_LABELS(H5_INT32, 4), 1, "neither unsigned 8-bit"},
    {H5_IMAGES(H5_UINT8, 4, 65, 1, 1), H5_LABELS(H5_INT32, 4), 1, "[65, 1, 1]"},
    {H5_IMAGES(H5_UINT8, 0, 1, 1, 1), H5_LABELS(H5_INT32, 4), 1, "holds no images"},
    {{.path = "/train/images", .type = H5_UINT8, .rank = 2, .dims = {4, 4}},
     H5_LABELS(H5_INT32, 4), 1, "has 2 dimensions"},
    {H5_IMAGES(H5_UINT8, 4, 1, 2, 2),
     {.path = "/train/labels", .type = H5_INT32, .rank = 2, .dims = {4, 1}},
     1, "has 2 dimensions"},
    {H5_IMAGES(H5_UINT8, 4, 1, 2, 2),
     {.path = "/train/labels", .type = H5_TEXT, .rank = 1, .dims = {4}, .width = 4},
     1, "not hold integers"},
};
/* clang-format on */

static void broken_hdf5_is_named(void **state)
{
    static const unsigned char image[4096];

    (void)state;
    for (size_t i = 0; i < sizeof h5_table / sizeof h5_table[0]; i++) {
        const struct broken_h5 *t = &h5_table[i];
        const struct broken b = {
            .format = "hdf5", .err = ERR_DATA, .file = "a", .says = t->says};
        int32_t labels[16] = {0, t->label};

        files_make_h5(t->images.path ? &t->images : NULL, image,
                      t->labels.path ? &t->labels : NULL, labels, NULL);
        expect(&b);
    }
}

static void floats_must_be_finite(void **state)
{
    const struct h5_array images = H5_IMAGES(H5_FLOAT, 2, 1, 1, 1);
    const struct h5_array labels = H5_LABELS(H5_INT32, 2);
    const struct broken b = {
        "hdf5",   NULL, NULL,
        ERR_DATA, "a",  "image 1 holds a value that is not finite"};
    const int32_t label[] = {0, 1};
    const float infinite[] = {0, 1e30f * 1e30f};

    (void)state;
    files_make_h5(&images, infinite, &labels, label, NULL);
    expect(&b);
}

/* Every length but the whole. */
static void truncate_all(const char *format, const char *name)
{
    static unsigned char bytes[FILE_MAX];
    size_t n = files_read(name, bytes);
    struct broken b = {format, NULL, NULL, ERR_DATA, name, ""};

    for (size_t i = 0; i < n; i++) {
        files_write(name, bytes, i);
        expect(&b);
    }
    files_write(name, bytes, n);
}

static void truncated_idx_is_refused(void **state)
{
    (void)state;
    files_make("a", IMAGES);
    files_make("b", LABELS);
    truncate_all("idx", "a");
    truncate_all("idx", "b");
}

static void truncated_gzip_is_refused(void **state)
{
    unsigned char bytes[FILE_MAX];

    (void)state;
    files_write_gz("a", bytes, files_bytes(IMAGES, bytes));
    files_write_gz("b", bytes, files_bytes(LABELS, bytes));
    truncate_all("idx", "a");
    truncate_all("idx", "b");
}

static void flip_bits(const char *name, unsigned char *bytes, size_t n,
                      struct rng *r)
{
    size_t at = (size_t)rng_below(r, (int)n);
    unsigned char old = bytes[at];

    bytes[at] = (unsigned char)(old ^ (1 + rng_below(r, 255)));
    files_write(name, bytes, n);
    bytes[at] = old;
}

/* Accepted or refused with a reason. */
static void flip_many(const char *format, const char *name, int times)
{
    static unsigned char bytes[FILE_MAX];
    size_t n = files_read(name, bytes);
    struct rng r = rng_stream(SEED, RNG_TEST, n);

    for (int i = 0; i < times; i++) {
        struct data *d;

        flip_bits(name, bytes, n, &r);
        if (files_open(&d, format, files_of(format)) != ERR_NONE)
            assert_non_null(strstr(err_message(), files_path("")));
        data_close(d);
        assert_int_equal(mem_live(), 0);
    }
    files_write(name, bytes, n);
}

static void damaged_files_do_no_harm(void **state)
{
    unsigned char bytes[FILE_MAX];

    (void)state;
    files_make("a", IMAGES);
    files_make("b", LABELS);
    flip_many("idx", "a", 1000);
    flip_many("idx", "b", 1000);
    files_write_gz("a", bytes, files_bytes(IMAGES, bytes));
    flip_many("idx", "a", 1000);
    files_make("a", "01 00*3072 02 00*3072 03 00*3072");
    flip_many("cifar10", "a", 1000);
}

static long peak_kilobytes(void)
{
    struct rusage usage;

    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

/* Within every bound, but the gigabyte of images is not there. */
static void claims_take_no_memory(void **state)
{
    const struct broken b = {"idx", NULL, NULL, ERR_DATA, "a", "holds 8 of"};
    const char *claim = "00000803 00100000 00000020 00000020 00*8";
    unsigned char bytes[FILE_MAX];
    long before = peak_kilobytes();

    (void)state;
    files_make("a", claim);
    files_make("b", LABELS);
    expect(&b);
    files_write_gz("a", bytes, files_bytes(claim, bytes));
    expect(&b);
    assert_true(peak_kilobytes() - before < 65536);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_files_are_named),
        cmocka_unit_test(broken_hdf5_is_named),
        cmocka_unit_test(floats_must_be_finite),
        cmocka_unit_test(truncated_idx_is_refused),
        cmocka_unit_test(truncated_gzip_is_refused),
        cmocka_unit_test(damaged_files_do_no_harm),
        cmocka_unit_test(claims_take_no_memory),
    };

    return cmocka_run_group_tests(tests, files_start, files_end);
}
