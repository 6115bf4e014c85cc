/* SPDX-License-Identifier: MIT */
/* Sealed files are whole or refused; of others a child process finds out whether
 * HDF5 survives them. */
#include "base/mem.h"
#include "base/rng.h"
#include "base/seal.h"
#include "data_files.h"
#include "run/store.h"
#include <hdf5.h>
#include <string.h>

enum { VALUES = 64 };

/* A file of one array in memory; the caller frees it. */
static unsigned char *image(size_t *size)
{
    double x[VALUES] = {1, 2, 3};
    struct h5 *h = h5_new();
    void *bytes;

    assert_int_equal(h5_write(h,
                              &(struct h5_array){.path = "/a/x",
                                                 .type = H5_DOUBLE,
                                                 .rank = 1,
                                                 .dims = {VALUES},
                                                 .units = "m",
                                                 .description = "x"},
                              x),
                     ERR_NONE);
    assert_int_equal(h5_image(h, &bytes, size), ERR_NONE);
    h5_close(h);
    return bytes;
}

static size_t make_sealed(unsigned char *bytes)
{
    size_t size;
    unsigned char *whole = image(&size);

    assert_int_equal(store_publish(files_path("a"), whole, size), ERR_NONE);
    mem_free(whole);
    assert_int_equal(files_read("a", bytes), size + SEAL_BYTES);
    return size + SEAL_BYTES;
}

/* Is the array of file "a" there, and what it was? */
static bool reads(void)
{
    double x[VALUES];
    struct h5 *h;
    enum err e;

    err_clear();
    if (h5_open(&h, files_path("a")) != ERR_NONE)
        return false;
    e = h5_read(h, "/a/x", H5_DOUBLE, x, VALUES);
    h5_close(h);
    return e == ERR_NONE && x[1] == 2 && x[2] == 3;
}

static void test_seal(void **state)
{
    static unsigned char bytes[FILE_MAX];
    struct seal s;
    size_t size = make_sealed(bytes);

    (void)state;
    assert_true(reads());
    assert_int_equal(seal_check(files_path("a"), &s), ERR_NONE);
    assert_true(s.there && s.bytes == (int64_t)size - SEAL_BYTES);
    assert_int_equal(s.generation, 1);
    assert_int_equal(seal_generation(files_path("a")), 1);
    (void)make_sealed(bytes);
    assert_int_equal(seal_generation(files_path("a")), 2);
    files_write("a", bytes, size - SEAL_BYTES);
    assert_int_equal(seal_check(files_path("a"), &s), ERR_NONE);
    assert_true(!s.there && s.bytes == (int64_t)size - SEAL_BYTES);
    assert_int_equal(seal_generation(files_path("a")), 0);
    assert_true(reads());
    assert_int_equal(seal_generation(files_path("b")), 0);
    assert_int_equal(seal_check(files_path("b"), &s), ERR_IO);
    err_clear();
}

/* Any other contents than those sealed are refused before HDF5 sees them. */
static void test_changed_contents(void **state)
{
    static unsigned char bytes[FILE_MAX];
    size_t size = make_sealed(bytes);
    struct rng r = rng_stream(SEED, RNG_TEST, 1);

    (void)state;
    for (int i = 0; i < 1000; i++) {
        size_t at = (size_t)rng_below(&r, (int)size - SEAL_BYTES);
        unsigned char was = bytes[at];

        bytes[at] = (unsigned char)(was ^ (1 + rng_below(&r, 255)));
        files_write("a", bytes, size);
        bytes[at] = was;
        assert_false(reads());
        assert_non_null(strstr(err_message(), "damaged: its bytes are not"));
        assert_non_null(strstr(err_message(), files_path("a")));
    }
    assert_int_equal(mem_live(), 0);
}

/* A seal that claims what is not so is refused; what is none does no harm. */
static void test_changed_seal(void **state)
{
    static unsigned char bytes[FILE_MAX];
    size_t size = make_sealed(bytes);

    (void)state;
    for (size_t at = size - SEAL_BYTES; at < size; at++) {
        size_t i = at - (size - SEAL_BYTES);
        bool checksum = i >= 8 && i < 12, length = i >= 16 && i < 24;

        bytes[at] ^= 0x10;
        files_write("a", bytes, size);
        bytes[at] ^= 0x10;
        assert_int_equal(reads(), !checksum && !length);
    }
    assert_int_equal(mem_live(), 0);
}

/* Without a seal: whatever bytes these are, this process goes on. */
static void test_unsealed(void **state)
{
    size_t size;
    unsigned char *bytes = image(&size);
    struct rng r = rng_stream(SEED, RNG_TEST, 2);
    int refused = 0;

    (void)state;
    for (int i = 0; i < 300; i++) {
        int flips = 1 + rng_below(&r, 8);
        unsigned char *copy = MEM_NEW(unsigned char, size);

        memcpy(copy, bytes, size);
        for (int k = 0; k < flips; k++)
            copy[rng_below(&r, (int)size)] ^=
                (unsigned char)(1 + rng_below(&r, 255));
        files_write("a", copy, i % 3 ? size : (size_t)rng_below(&r, (int)size));
        mem_free(copy);
        if (!reads()) {
            refused++;
            assert_true(err_message()[0] == '\0' ||
                        strstr(err_message(), files_path("a")));
        }
    }
    assert_true(refused >= 100);
    mem_free(bytes);
    assert_int_equal(mem_live(), 0);
}

/* File "b" with /a, which leads to group /a of file "a". */
static void link_to_a(void)
{
    hid_t file =
        H5Fcreate(files_path("b"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);

    assert_true(H5Lcreate_external(files_path("a"), "/a", file, "a",
                                   H5P_DEFAULT, H5P_DEFAULT) >= 0);
    assert_true(H5Lcreate_soft("/nowhere", file, "soft", H5P_DEFAULT,
                               H5P_DEFAULT) >= 0);
    (void)H5Fclose(file);
}

/* Nobody looked at what it leads to. */
static void test_other_files(void **state)
{
    static unsigned char bytes[FILE_MAX];
    struct h5 *h;

    (void)state;
    (void)make_sealed(bytes);
    link_to_a();
    assert_int_equal(h5_open(&h, files_path("b")), ERR_NONE);
    assert_false(h5_has(h, "/a/x"));
    assert_false(h5_has(h, "/soft"));
    h5_close(h);
}

/* File "b" with a petabyte that was never written. */
static void claim(void)
{
    hsize_t dims[] = {(hsize_t)1 << 40, 128}, chunk[] = {1, 128};
    hid_t file =
        H5Fcreate(files_path("b"), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(2, dims, NULL);
    hid_t create = H5Pcreate(H5P_DATASET_CREATE), data;

    (void)H5Pset_chunk(create, 2, chunk);
    data = H5Dcreate2(file, "x", H5T_STD_I64LE, space, H5P_DEFAULT, create,
                      H5P_DEFAULT);
    assert_true(data >= 0);
    (void)H5Dclose(data);
    (void)H5Pclose(create);
    (void)H5Sclose(space);
    (void)H5Fclose(file);
}

static void test_claims(void **state)
{
    struct h5_array a;
    struct h5 *h;

    (void)state;
    claim();
    assert_int_equal(h5_open(&h, files_path("b")), ERR_NONE);
    assert_int_equal(h5_shape(h, "/x", &a), ERR_DATA);
    assert_non_null(strstr(err_message(), "they were never written"));
    err_clear();
    h5_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seal),
        cmocka_unit_test(test_changed_contents),
        cmocka_unit_test(test_changed_seal),
        cmocka_unit_test(test_unsealed),
        cmocka_unit_test(test_other_files),
        cmocka_unit_test(test_claims),
    };

    return cmocka_run_group_tests(tests, files_start, files_end);
}
