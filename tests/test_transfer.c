/* SPDX-License-Identifier: MIT */
/* Results of earlier runs in the decisions of another space. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "data_files.h"
#include "run/settings.h"
#include "run/store.h"
#include "search/transfer.h"

enum { WIDTH = 12, TRIALS = 5 };

static const char *const conv[] = {"sep", "mb3", "mb6"};
static const char *const kernel[] = {"k3", "k5"};

/* This space: conv, of which the earlier one knew two in another order, and
 * kernel. */
static void open_space(struct space *s)
{
    *s = (struct space){.count = 0};
    space_add(s, "b1.conv", 3, conv, "_");
    space_add(s, "b1.kernel", 2, kernel, "");
}

/* What an earlier run left: kernel, extra, conv. */
struct left {
    size_t trials, decisions;
    const char *names, *labels, *states, *task;
    unsigned char option[TRIALS][3];
    double accuracy[TRIALS], reward[TRIALS], age[TRIALS];
};

/* clang-format off */
static const struct left good = {
    .trials = TRIALS, .decisions = 3,
    .names  = "b1.kernel\0\0\0" "b9.extra\0\0\0\0" "b1.conv\0\0\0\0\0",
    .labels = "k3 k5\0\0\0\0\0\0\0" "a b\0\0\0\0\0\0\0\0\0" "mb6 conv sep",
    .states = "done\0\0\0\0\0\0\0\0" "cached\0\0\0\0\0\0" "done\0\0\0\0\0\0\0\0"
              "diverged\0\0\0\0" "done\0\0\0\0\0\0\0\0",
    .task = "0123",
    .option = {{1, 0, 0}, {1, 0, 0}, {0, 1, 2}, {0, 0, 0}, {0, 0, 1}},
    .accuracy = {0.5, 0.5, 0.75, (double)NAN, 0.25},
    .reward = {1, 1, 2, (double)NAN, 3},
    .age = {4, 4, (double)INFINITY, 9, 1},
};
/* clang-format on */

static void put(struct h5 *h, const char *path, enum h5_type type, size_t rows,
                size_t columns, size_t width, const void *values)
{
    struct h5_array a = {.path = path,
                         .type = type,
                         .rank = columns > 0 ? 2 : 1,
                         .dims = {rows, columns},
                         .width = width};

    assert_int_equal(h5_write(h, &a, values), ERR_NONE);
}

static void leave(const struct left *l)
{
    struct h5 *h = h5_new();

    put(h, "/decisions/name", H5_TEXT, l->decisions, 0, WIDTH, l->names);
    put(h, "/decisions/labels", H5_TEXT, l->decisions, 0, WIDTH, l->labels);
    put(h, "/trials/state", H5_TEXT, l->trials, 0, WIDTH, l->states);
    put(h, "/trials_options", H5_UINT8, l->trials, 3, 0, l->option);
    put(h, "/trials/accuracy", H5_DOUBLE, l->trials, 0, 0, l->accuracy);
    put(h, "/trials/reward", H5_DOUBLE, l->trials, 0, 0, l->reward);
    put(h, "/trials/age", H5_DOUBLE, l->trials, 0, 0, l->age);
    assert_int_equal(h5_write_text(h, "/run/task", l->task, ""), ERR_NONE);
    assert_int_equal(store_publish_h5(files_path("a"), h), ERR_NONE);
    h5_close(h);
}

static enum err read_left(struct transfer *t, struct conf **conf)
{
    struct space s;

    open_space(&s);
    *conf = settings_new();
    files_set(*conf, &transfer_section, "from", files_path("a"));
    return transfer_open(t, *conf, &s, "0123");
}

static void end(struct transfer *t, struct conf *conf)
{
    transfer_close(t);
    conf_free(conf);
}

/* By name and label, in whatever order; repeats and failures left out. */
static void test_fits(void **state)
{
    struct transfer t;
    struct conf *conf;

    (void)state;
    leave(&good);
    assert_int_equal(read_left(&t, &conf), ERR_NONE);
    assert_int_equal(t.count, 1);
    assert_true(t.runs[0].same);
    assert_int_equal(t.runs[0].count, 2);
    assert_int_equal(t.runs[0].arch[0].count, 2);
    assert_int_equal(t.runs[0].arch[0].option[0], 2); /* mb6 */
    assert_int_equal(t.runs[0].arch[0].option[1], 1); /* k5 */
    assert_int_equal(t.runs[0].arch[1].option[0], 0); /* sep */
    assert_int_equal(t.runs[0].arch[1].option[1], 0);
    assert_true(t.runs[0].accuracy[1] == 0.75 && t.runs[0].reward[1] == 2);
    assert_true(t.runs[0].age[0] == 4 && t.runs[0].age[1] == 0);
    assert_int_equal(t.runs[0].strange, 1); /* conv */
    assert_string_equal(t.runs[0].missing, "");
    assert_string_equal(t.runs[0].ignored, "b9.extra");
    end(&t, conf);
}

static void test_other_task(void **state)
{
    struct left other = good;
    struct transfer t;
    struct conf *conf;

    (void)state;
    other.task = "4567";
    leave(&other);
    assert_int_equal(read_left(&t, &conf), ERR_NONE);
    assert_false(t.runs[0].same);
    end(&t, conf);
}

static void test_missing_decision(void **state)
{
    struct left other = good;
    struct transfer t;
    struct conf *conf;

    (void)state;
    other.names = "b1.kernel\0\0\0"
                  "b9.extra\0\0\0\0"
                  "b2.conv\0\0\0\0\0";
    leave(&other);
    assert_int_equal(read_left(&t, &conf), ERR_NONE);
    assert_int_equal(t.runs[0].count, 0);
    assert_string_equal(t.runs[0].missing, "b1.conv");
    assert_string_equal(t.runs[0].ignored, "b9.extra, b2.conv");
    end(&t, conf);
}

/* Options beyond any list of labels. */
static void test_wild_option(void **state)
{
    struct left other = good;
    struct transfer t;
    struct conf *conf;

    (void)state;
    other.option[0][0] = 255;
    other.option[2][2] = 3;
    leave(&other);
    assert_int_equal(read_left(&t, &conf), ERR_NONE);
    assert_int_equal(t.runs[0].count, 0);
    assert_int_equal(t.runs[0].strange, 3);
    end(&t, conf);
}

static void test_nothing_yet(void **state)
{
    struct left other = good;
    struct transfer t;
    struct conf *conf;

    (void)state;
    other.trials = 0;
    leave(&other);
    assert_int_equal(read_left(&t, &conf), ERR_NONE);
    assert_int_equal(t.runs[0].count, 0);
    end(&t, conf);
}

static void assert_refused(enum err wanted, const char *message)
{
    struct transfer t;
    struct conf *conf;

    assert_int_equal(read_left(&t, &conf), wanted);
    if (!strstr(err_message(), message))
        fail_msg("\"%s\" is not in: %s", message, err_message());
    err_clear();
    end(&t, conf);
}

static void test_broken(void **state)
{
    struct left other = good;

    (void)state;
    files_make("a", NULL);
    assert_refused(ERR_IO, "cannot be read");
    files_make("a", "00");
    assert_refused(ERR_DATA, "not an HDF5 file");
    other.decisions = 2;
    leave(&other);
    assert_refused(ERR_DATA, "/trials_options");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fits),
        cmocka_unit_test(test_other_task),
        cmocka_unit_test(test_missing_decision),
        cmocka_unit_test(test_wild_option),
        cmocka_unit_test(test_nothing_yet),
        cmocka_unit_test(test_broken),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, files_start, files_end);
}
