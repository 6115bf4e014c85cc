/* SPDX-License-Identifier: MIT */
/* Errors, memory, random streams, timers, cores, HDF5. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/h5.h"
#include "base/mem.h"
#include "base/place.h"
#include "base/rng.h"
#include "base/timer.h"
#include "data_files.h"
#include "run/store.h"

static void test_err_first_wins(void **state)
{
    enum err e = ERR(ERR_IO, "disk %d", 1);

    (void)state;
    assert_int_equal(e, ERR_IO);
    e = ERR(ERR_DATA, "later");
    assert_int_equal(e, ERR_DATA);
    assert_string_equal(err_message(), "disk 1");
    assert_non_null(strstr(err_origin(), "test_base.c:"));
    err_clear();
    assert_string_equal(err_message(), "");
    assert_int_equal(err_exit_code(ERR_NONE), 0);
    assert_int_equal(err_exit_code(ERR_USAGE), 2);
    assert_int_equal(err_exit_code(ERR_FAILED), 7);
}

static void test_mem(void **state)
{
    int *x = MEM_NEW(int, 100);

    (void)state;
    assert_int_equal((uintptr_t)x % ARENA_ALIGN, 0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(x[i], 0);
    x[99] = 5;
    x = mem_resize(x, 100, 300, sizeof *x);
    assert_int_equal(x[99], 5);
    assert_int_equal(x[299], 0);
    assert_int_equal(mem_live(), 1);
    mem_free(x);
    mem_free(NULL);
    assert_int_equal(mem_live(), 0);
}

static void test_arena(void **state)
{
    struct arena a = {0};
    float *x;

    (void)state;
    arena_reserve(&a, arena_piece(10 * sizeof(float)) + arena_piece(1));
    x = ARENA_NEW(&a, float, 10);
    x[0] = 1;
    assert_int_equal(a.used, 64);
    assert_ptr_equal(ARENA_NEW(&a, char, 1), (char *)x + 64);
    assert_int_equal(a.peak, 128);
    arena_reset(&a);
    x = ARENA_NEW(&a, float, 10);
    assert_true(x[0] == 0);
    arena_free(&a);
    assert_int_equal(mem_live(), 0);
}

static void test_rng_streams(void **state)
{
    struct rng a = rng_stream(1, RNG_BATCH, 0), b = rng_stream(1, RNG_BATCH, 0);
    struct rng c = rng_stream(1, RNG_BATCH, 1), d = rng_stream(1, RNG_SPLIT, 0);
    struct rng e = rng_stream(2, RNG_BATCH, 0);
    uint64_t first = rng_bits(&a);

    (void)state;
    assert_true(first == rng_bits(&b));
    assert_true(first != rng_bits(&c));
    assert_true(first != rng_bits(&d));
    assert_true(first != rng_bits(&e));
}

/* Means and variances within five standard errors. */
static void test_rng_moments(void **state)
{
    enum { N = 200000 };
    struct rng r = rng_stream(3, RNG_TEST, 0);
    double u = 0, g = 0, g2 = 0;
    int count[7] = {0};

    (void)state;
    for (int i = 0; i < N; i++) {
        double x = rng_normal(&r), v = rng_uniform(&r);

        assert_true(v >= 0 && v < 1);
        u += v;
        g += x;
        g2 += x * x;
        count[rng_below(&r, 7)]++;
    }
    assert_true(fabs(u / N - 0.5) < 5 * sqrt(1.0 / 12 / N));
    assert_true(fabs(g / N) < 5 * sqrt(1.0 / N));
    assert_true(fabs(g2 / N - 1) < 5 * sqrt(2.0 / N));
    for (int i = 0; i < 7; i++)
        assert_true(fabs(count[i] - N / 7.0) < 5 * sqrt(N * 6.0 / 49));
}

static void test_shuffle(void **state)
{
    struct rng r = rng_stream(4, RNG_TEST, 0);
    int x[50], seen[50] = {0}, moved = 0;

    (void)state;
    for (int i = 0; i < 50; i++)
        x[i] = i;
    rng_shuffle(&r, x, 50);
    for (int i = 0; i < 50; i++) {
        seen[x[i]]++;
        moved += x[i] != i;
    }
    for (int i = 0; i < 50; i++)
        assert_int_equal(seen[i], 1);
    assert_true(moved > 30);
}

static void test_timer(void **state)
{
    (void)state;
    timer_start(TIMER_RUN);
    usleep(20000);
    assert_true(timer_seconds(TIMER_RUN) >= 0.02);
    timer_stop(TIMER_RUN);
    assert_true(timer_seconds(TIMER_RUN) < 5);
    assert_true(timer_seconds(TIMER_CHILD) == 0);
    assert_string_equal(timer_text(TIMER_RUN), "run");
}

static void test_place(void **state)
{
    struct place *p = place_new();
    char set[PLACE_TEXT_MAX], other[PLACE_TEXT_MAX] = "0x00000005";

    (void)state;
    place_allowed(p, set);
    assert_true(place_count(set) >= 1);
    place_union(other, "0x00000002");
    assert_int_equal(place_count(other), 3);
    assert_true(place_bind(p, set, 5));
    place_allowed(p, set);
    assert_int_equal(place_count(set), 1);
    assert_true(place_memory() > 1 << 20);
    place_free(p);
}

static const char *path;

static enum err write_some(struct h5 *h)
{
    static const double x[3] = {1, 2.5, -3};
    static const char text[2][4] = {"ab", "cde"};

    TRY(h5_write(
        h, &(struct h5_array){"/a/b/x", H5_DOUBLE, 1, {3}, 0, "m", "x"}, x));
    TRY(h5_write(h, &(struct h5_array){"/a/t", H5_TEXT, 1, {2}, 4, "", "words"},
                 text));
    TRY(h5_write(h, &(struct h5_array){"/none", H5_INT64, 1, {0}, 0, "1", "0"},
                 x));
    return h5_write_text(h, "/README", "hello", "a greeting");
}

static void write_text(const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void publish(struct h5 *h)
{
    assert_int_equal(store_publish_h5(path, h), ERR_NONE);
}

static void test_h5(void **state)
{
    struct h5 *h = h5_new();
    struct h5_array a;
    double x[3];
    float y[2];
    char text[8], units[8];

    (void)state;
    assert_int_equal(write_some(h), ERR_NONE);
    publish(h);
    h5_close(h);
    assert_int_equal(h5_open(&h, path), ERR_NONE);
    assert_true(h5_has(h, "/a/b/x") && !h5_has(h, "/a/c/x"));
    assert_false(h5_has(h, "/a"));
    assert_int_equal(h5_shape(h, "/a/b/x", &a), ERR_NONE);
    assert_int_equal(a.rank, 1);
    assert_int_equal(a.dims[0], 3);
    assert_int_equal(h5_read(h, "/a/b/x", H5_DOUBLE, x, 3), ERR_NONE);
    assert_true(x[1] == 2.5 && x[2] == -3);
    assert_int_equal(h5_read_rows(h, "/a/b/x", H5_FLOAT, y, 1, 2, 2), ERR_NONE);
    assert_true(y[0] == 2.5f && y[1] == -3);
    assert_int_equal(h5_read(h, "/a/t", H5_TEXT, text, 2), ERR_NONE);
    assert_string_equal(text + 4, "cde");
    assert_true(h5_attribute(h, "/a/b/x", "units", units, sizeof units));
    assert_string_equal(units, "m");
    assert_false(h5_attribute(h, "/a/b/x", "unit", units, sizeof units));
    h5_close(h);
    assert_int_equal(mem_live(), 0);
}

/* What must fail, fails with a message that names the file. */
static void test_h5_errors(void **state)
{
    struct h5 *h;
    double x[4];

    (void)state;
    assert_int_equal(h5_open(&h, path), ERR_NONE);
    assert_int_equal(h5_read(h, "/nope", H5_DOUBLE, x, 3), ERR_DATA);
    assert_non_null(strstr(err_message(), path));
    err_clear();
    assert_int_equal(h5_read(h, "/a/b/x", H5_DOUBLE, x, 4), ERR_DATA);
    err_clear();
    assert_int_equal(h5_read_rows(h, "/a/b/x", H5_DOUBLE, x, 2, 2, 2),
                     ERR_DATA);
    err_clear();
    assert_int_equal(h5_read(h, "/a/t", H5_DOUBLE, x, 2), ERR_DATA);
    err_clear();
    h5_close(h);
    assert_int_equal(h5_open(&h, "/nowhere/x.h5"), ERR_IO);
    err_clear();
    write_text("text");
    assert_int_equal(h5_open(&h, path), ERR_DATA);
    assert_non_null(strstr(err_message(), path));
    err_clear();
    assert_int_equal(mem_live(), 0);
}

/* The old file stays when a new one cannot be written. */
static void test_store(void **state)
{
    char text[8] = "";
    FILE *file;

    (void)state;
    assert_int_equal(store_publish(path, "first", 5), ERR_NONE);
    assert_int_equal(store_ready(path, false), ERR_IO);
    assert_non_null(strstr(err_message(), "--force"));
    err_clear();
    assert_int_equal(store_ready(path, true), ERR_NONE);
    assert_int_equal(store_ready("/nowhere/x.h5", true), ERR_IO);
    err_clear();
    assert_int_equal(store_publish("/nowhere/x.h5", "x", 1), ERR_IO);
    err_clear();
    file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fread(text, 1, 5, file), 5);
    assert_string_equal(text, "first");
    (void)fclose(file);
}

/* Tests share one file. */
static int start(void **state)
{
    int failed = files_start(state);

    path = files_path("a");
    return failed;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_err_first_wins),
        cmocka_unit_test(test_mem),
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_rng_streams),
        cmocka_unit_test(test_rng_moments),
        cmocka_unit_test(test_shuffle),
        cmocka_unit_test(test_timer),
        cmocka_unit_test(test_h5),
        cmocka_unit_test(test_h5_errors),
        cmocka_unit_test(test_store),
        cmocka_unit_test(test_place),
    };

    return cmocka_run_group_tests(tests, start, files_end);
}
