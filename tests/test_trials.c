/* SPDX-License-Identifier: MIT */
/* Lists longer than memory: rows, trials and the results that are written of them,
 * on a disk that takes them and on one that does not. */
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/rng.h"
#include "data_files.h"
#include "run/store.h"
#include "run/trials.h"

enum { ROWS = 200000, TRIALS = 3000, KINDS = 700, WINDOW = 20, LONG = 150000 };

struct row {
    int64_t number;
    double half;
};

/* Files of this process may not become longer; 0: they may. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes > 0 ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void append_rows(struct spool *s, int64_t first, int64_t end)
{
    for (int64_t i = first; i < end; i++)
        spool_append(s, &(struct row){i, 0.5 * (double)i});
}

static void assert_rows(const struct spool *s, int64_t first, int64_t n)
{
    struct row *rows = MEM_NEW(struct row, n);

    assert_int_equal(spool_read(s, first, n, rows), ERR_NONE);
    for (int64_t i = 0; i < n; i++)
        assert_true(rows[i].number == first + i &&
                    rows[i].half == 0.5 * (double)(first + i));
    mem_free(rows);
}

static void rows_are_found_again(void **state)
{
    struct spool s;

    (void)state;
    spool_new(&s, files_path("a"), sizeof(struct row));
    append_rows(&s, 0, ROWS);
    assert_true(s.filed > ROWS / 2 && s.filed < ROWS);
    assert_true((size_t)s.room * s.row <= SPOOL_BYTES + s.row);
    assert_rows(&s, 0, ROWS);
    assert_rows(&s, s.filed - 3, 6); /* some here, some there */
    assert_rows(&s, s.filed, 1);
    assert_rows(&s, s.filed - 1, 1);
    assert_rows(&s, ROWS - 1, 1);
    assert_rows(&s, 5, 0);
    assert_int_not_equal(access(files_path("a.spool"), F_OK), 0);
    spool_free(&s);
    assert_int_equal(mem_live(), 0);
}

static void files_of_others_stay(void **state)
{
    unsigned char bytes[FILE_MAX];
    struct spool s;

    (void)state;
    files_make("a.spool", "01 02 03");
    spool_new(&s, files_path("a"), sizeof(struct row));
    append_rows(&s, 0, ROWS);
    assert_rows(&s, 0, ROWS);
    spool_free(&s);
    assert_int_equal(files_read("a.spool", bytes), 3);
    assert_int_equal(unlink(files_path("a.spool")), 0);
}

static void few_rows_need_no_file(void **state)
{
    struct spool s;

    (void)state;
    spool_new(&s, "/nonexistent/spool", sizeof(struct row));
    append_rows(&s, 0, 1000);
    assert_rows(&s, 0, 1000);
    assert_false(s.warned);
    spool_free(&s);
}

static void rows_stay_in_memory_if_there_is_no_disk(void **state)
{
    struct spool s;

    (void)state;
    spool_new(&s, "/nonexistent/spool", sizeof(struct row));
    append_rows(&s, 0, ROWS);
    assert_true(s.warned && s.filed == 0);
    assert_rows(&s, 0, ROWS);
    spool_free(&s);
}

static void a_full_disk_is_tried_again(void **state)
{
    struct spool s;

    (void)state;
    spool_new(&s, files_path("a"), sizeof(struct row));
    limit_files(2 * SPOOL_BYTES);
    append_rows(&s, 0, ROWS / 2);
    limit_files(0);
    assert_true(s.warned && s.filed > 0);
    assert_true((s.count - s.filed) * (int64_t)s.row > SPOOL_BYTES);
    assert_rows(&s, 0, ROWS / 2);
    append_rows(&s, ROWS / 2, ROWS);
    assert_true((s.count - s.filed) * (int64_t)s.row <= SPOOL_BYTES);
    assert_rows(&s, 0, ROWS);
    spool_free(&s);
}

static void what_was_cut_off_is_told(void **state)
{
    struct row row;
    struct spool s;

    (void)state;
    spool_new(&s, files_path("a"), sizeof row);
    append_rows(&s, 0, ROWS);
    assert_int_equal(ftruncate(s.file, 100 * (off_t)s.row), 0);
    assert_rows(&s, 0, 100);
    assert_int_equal(spool_read(&s, 100, 1, &row), ERR_IO);
    assert_non_null(strstr(err_message(), "cannot read"));
    err_clear();
    spool_free(&s);
}

static struct arch arch_of(int64_t kind)
{
    return (struct arch){.count = 3,
                         .option = {(unsigned char)(kind % 16),
                                    (unsigned char)(kind / 16 % 16),
                                    (unsigned char)(kind / 256)}};
}

static void numbers_are_found_by_architecture(void **state)
{
    struct arch_index x = {0};

    (void)state;
    for (int64_t i = 0; i < 4096; i++) {
        struct arch a = arch_of(i);

        assert_int_equal(arch_index_find(&x, &a), -1);
        arch_index_put(&x, &a, i);
        arch_index_put(&x, &a, 3 * i);
    }
    assert_int_equal(x.count, 4096);
    for (int64_t i = 0; i < 4096; i++) {
        struct arch a = arch_of(i);

        assert_int_equal(arch_index_find(&x, &a), 3 * i);
    }
    arch_index_free(&x);
    assert_int_equal(mem_live(), 0);
}

/* Which of so many kinds trial i is. */
static int64_t kind_of(int64_t i)
{
    struct rng r = rng_stream(5, RNG_TEST, (uint64_t)i);

    return rng_below(&r, KINDS);
}

static void settle_and_tell(struct trials *t)
{
    struct trial *next = trials_at(t, t->settled);

    next->answered = true;
    next->reward = (double)(next->task.id % 1000);
    next->result.accuracy = next->reward / 1000;
    trials_settle(t);
    if (t->settled > t->told + WINDOW / 2)
        trials_tell(t);
}

static void trials_are_found_again(void **state)
{
    int64_t first[KINDS];
    struct trials t;

    (void)state;
    for (int i = 0; i < KINDS; i++)
        first[i] = -1;
    trials_new(&t, files_path("a"));
    for (int64_t i = 0; i < TRIALS; i++) {
        struct task task = {.id = i, .arch = arch_of(kind_of(i))};
        int64_t *twin = &first[kind_of(i)];
        struct trial *new, one;

        assert_int_equal(trials_append(&t, &task, true, &new), ERR_NONE);
        assert_int_equal(new->twin, *twin);
        if (*twin >= 0) {
            assert_int_equal(trials_read(&t, *twin, 1, &one), ERR_NONE);
            assert_true(arch_equal(&one.task.arch, &task.arch));
        }
        *twin = *twin < 0 ? i : *twin;
        if (t.count - t.settled > WINDOW)
            settle_and_tell(&t);
    }
    assert_true(t.spool.filed > TRIALS / 2);
    assert_int_equal(t.room, 64);
    assert_int_equal(t.best.task.id, 999);
    assert_int_equal(t.evaluated + t.repeats, t.settled);
    trials_free(&t);
    assert_int_equal(mem_live(), 0);
}

static void trials_that_cannot_be_read_are_told(void **state)
{
    struct task task = {.arch = arch_of(0)};
    struct trial *new;
    struct trials t;
    int64_t count;

    (void)state;
    trials_new(&t, files_path("a"));
    for (int64_t i = 0; i < TRIALS; i++) {
        task = (struct task){.id = i, .arch = arch_of(i)};
        assert_int_equal(trials_append(&t, &task, true, &new), ERR_NONE);
        if (i > WINDOW)
            settle_and_tell(&t);
    }
    assert_int_equal(ftruncate(t.spool.file, 0), 0);
    count = t.count;
    task.arch = arch_of(7);
    assert_int_equal(trials_append(&t, &task, true, &new), ERR_IO);
    assert_int_equal(t.count, count);
    assert_int_equal(trials_append(&t, &task, false, &new), ERR_NONE);
    err_clear();
    trials_free(&t);
}

/* Of n rows, that may be compressed or not. */
static struct h5_array wide(size_t n)
{
    return (struct h5_array){.path = "/a/wide",
                             .type = H5_DOUBLE,
                             .rank = 2,
                             .dims = {n, 2},
                             .units = "m",
                             .description = "numbers"};
}

static struct h5_array narrow(size_t n)
{
    return (struct h5_array){
        .path = "/narrow", .type = H5_INT8, .rank = 1, .dims = {n}};
}

static double number(size_t i)
{
    return sin((double)i);
}

static enum err write_part(struct h5 *h, size_t n, size_t first, size_t rows)
{
    static double x[2 * H5_PART];
    static signed char y[H5_PART];
    struct h5_array a = wide(n), b = narrow(n);

    for (size_t i = 0; i < rows; i++) {
        x[2 * i] = number(2 * (first + i));
        x[2 * i + 1] = number(2 * (first + i) + 1);
        y[i] = (signed char)((first + i) % 101);
    }
    TRY(h5_write_rows(h, &a, x, first, rows));
    return h5_write_rows(h, &b, y, first, rows);
}

static enum err write_long(struct h5 *h, size_t n)
{
    struct h5_array a = wide(n), b = narrow(n);

    TRY(h5_make(h, &a));
    TRY(h5_make(h, &b));
    for (size_t at = 0; at < n; at += H5_PART)
        TRY(write_part(h, n, at, n - at < H5_PART ? n - at : H5_PART));
    return h5_write_text(h, "/b", "done", NULL);
}

static enum err publish_long(size_t n)
{
    struct draft d;

    TRY(store_begin(&d, files_path("a")));
    return store_end(&d, write_long(d.h5, n));
}

static void assert_long(size_t n)
{
    double *x = MEM_NEW(double, 2 * n);
    signed char *y = MEM_NEW(signed char, n);
    struct h5 *h;

    assert_int_equal(h5_open(&h, files_path("a")), ERR_NONE);
    assert_int_equal(h5_read(h, "/a/wide", H5_DOUBLE, x, 2 * n), ERR_NONE);
    assert_int_equal(h5_read(h, "/narrow", H5_INT8, y, n), ERR_NONE);
    for (size_t i = 0; i < n; i++)
        assert_true(x[2 * i] == number(2 * i) &&
                    x[2 * i + 1] == number(2 * i + 1) &&
                    y[i] == (signed char)(i % 101));
    h5_close(h);
    mem_free(x);
    mem_free(y);
}

static void files_of_parts_are_published(void **state)
{
    static const size_t rows[] = {
        0, 1, 100, H5_PART - 1, H5_PART, H5_PART + 1, 3000, 2 * H5_PART, LONG};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(publish_long(rows[i]), ERR_NONE);
        assert_long(rows[i]);
    }
    assert_int_equal(mem_live(), 0);
}

/* Wherever the disk becomes full, the old file stays, and HDF5 goes on. */
static void a_file_that_does_not_fit_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(publish_long(LONG), ERR_NONE);
    for (rlim_t most = 1; most < 2000000; most = 2 * most + 77) {
        limit_files(most);
        assert_int_equal(publish_long(LONG), ERR_IO);
        limit_files(0);
        assert_non_null(strstr(err_message(), "cannot write"));
        err_clear();
    }
    assert_long(LONG);
    assert_int_not_equal(access(files_path("a.tmp"), F_OK), 0);
    assert_int_equal(publish_long(3000), ERR_NONE);
    assert_long(3000);
    assert_int_equal(mem_live(), 0);
}

static void nowhere_is_nothing_published(void **state)
{
    struct draft d;

    (void)state;
    assert_int_equal(store_begin(&d, "/nowhere/x.h5"), ERR_IO);
    err_clear();
    assert_int_equal(mem_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_found_again),
        cmocka_unit_test(files_of_others_stay),
        cmocka_unit_test(few_rows_need_no_file),
        cmocka_unit_test(rows_stay_in_memory_if_there_is_no_disk),
        cmocka_unit_test(a_full_disk_is_tried_again),
        cmocka_unit_test(what_was_cut_off_is_told),
        cmocka_unit_test(numbers_are_found_by_architecture),
        cmocka_unit_test(trials_are_found_again),
        cmocka_unit_test(trials_that_cannot_be_read_are_told),
        cmocka_unit_test(files_of_parts_are_published),
        cmocka_unit_test(a_file_that_does_not_fit_changes_nothing),
        cmocka_unit_test(nowhere_is_nothing_published),
    };

    return cmocka_run_group_tests(tests, files_start, files_end);
}
