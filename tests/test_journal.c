/* SPDX-License-Identifier: MIT */
/* The journal: what was appended is found again, what was damaged is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "data_files.h"
#include "run/journal.h"

enum { KEY = 42, TRIALS = 9 };

static struct task task_of(int64_t id)
{
    return (struct task){
        .id = id, .arch = {.count = 3, .option = {(unsigned char)id, 1, 2}}};
}

static struct journal *must_open(struct journal_found *found)
{
    struct journal *j = NULL;

    assert_int_equal(journal_open(&j, files_path("a"), KEY, found), ERR_NONE);
    return j;
}

/* Trials first..TRIALS - 1, the last first, as they may come in. */
static void write_down(int64_t first)
{
    struct journal_found found;
    struct journal *j = must_open(&found);

    for (int64_t id = TRIALS - 1; id >= first; id--) {
        struct task t = task_of(id);
        struct result r = {.id = id, .accuracy = 0.5 + (double)id};

        assert_int_equal(journal_append(j, &t, &r), ERR_NONE);
    }
    journal_close(j);
}

static int64_t count_found(const struct journal *j)
{
    int64_t count = 0;

    for (int64_t id = 0; id < TRIALS; id++) {
        struct task t = task_of(id);
        const struct result *r = journal_find(j, &t);

        if (r)
            assert_true(r->id == id && r->accuracy == 0.5 + (double)id);
        count += r != NULL;
    }
    return count;
}

static void test_found_again(void **state)
{
    struct journal_found found;
    struct journal *j;
    struct task other = task_of(2);

    (void)state;
    files_make("a", NULL);
    write_down(4);
    j = must_open(&found);
    assert_int_equal(found.results, TRIALS - 4);
    assert_int_equal(found.damaged, 0);
    assert_int_equal(count_found(j), TRIALS - 4);
    journal_close(j);
    write_down(0);
    j = must_open(&found);
    assert_int_equal(found.results, TRIALS + TRIALS - 4);
    assert_int_equal(count_found(j), TRIALS);
    other.arch.option[2] = 0;
    assert_null(journal_find(j, &other));
    journal_close(j);
}

static void assert_refused(uint64_t key, enum err wanted, const char *message)
{
    struct journal_found found;
    struct journal *j = NULL;

    assert_int_equal(journal_open(&j, files_path("a"), key, &found), wanted);
    assert_null(j);
    if (!strstr(err_message(), message))
        fail_msg("\"%s\" is not in: %s", message, err_message());
    err_clear();
}

static void test_refused(void **state)
{
    static unsigned char bytes[FILE_MAX];
    size_t n;

    (void)state;
    files_make("a", NULL);
    write_down(0);
    assert_refused(KEY + 1, ERR_INPUT, "other settings");
    n = files_read("a", bytes);
    bytes[8]++;
    files_write("a", bytes, n);
    assert_refused(KEY, ERR_INPUT, "another version");
    bytes[0]++;
    files_write("a", bytes, n);
    assert_refused(KEY, ERR_INPUT, "not a journal");
    files_make("a", NULL);
    files_make("a", "/");
    assert_refused(KEY, ERR_IO, "cannot open");
    files_make("a", NULL);
}

/* Locks hold between processes. */
static void test_one_writer(void **state)
{
    struct journal_found found;
    struct journal *j;
    int status;
    pid_t child;

    (void)state;
    files_make("a", NULL);
    j = must_open(&found);
    child = fork();
    if (child == 0) {
        struct journal *other = NULL;

        _exit(journal_open(&other, files_path("a"), KEY, &found) == ERR_IO &&
                      strstr(err_message(), "another run")
                  ? 0
                  : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    journal_close(j);
}

/* Cut anywhere: whole records are found, and it goes on from there. */
static void test_cut(void **state)
{
    static unsigned char bytes[FILE_MAX];
    size_t n, record, head;

    (void)state;
    files_make("a", NULL);
    write_down(TRIALS);
    head = files_read("a", bytes);
    write_down(0);
    n = files_read("a", bytes);
    record = (n - head) / TRIALS;
    for (size_t cut = 0; cut < n; cut += 13) {
        struct journal_found found;
        struct journal *j;
        size_t whole = cut < head ? 0 : (cut - head) / record;

        files_write("a", bytes, cut);
        j = must_open(&found);
        assert_int_equal(found.results, whole);
        assert_int_equal(count_found(j), whole);
        journal_close(j);
        if (cut % 5 != 0)
            continue;
        write_down(0);
        j = must_open(&found);
        assert_int_equal(count_found(j), TRIALS);
        journal_close(j);
    }
}

/* Any byte of a record changed: that one is passed over. */
static void test_damaged(void **state)
{
    static unsigned char bytes[FILE_MAX];
    size_t n, head;

    (void)state;
    files_make("a", NULL);
    write_down(TRIALS);
    head = files_read("a", bytes);
    write_down(0);
    n = files_read("a", bytes);
    for (size_t i = head; i < n; i += 11) {
        struct journal_found found;
        struct journal *j;

        bytes[i] ^= 0x10;
        files_write("a", bytes, n);
        j = must_open(&found);
        assert_int_equal(found.damaged, 1);
        assert_int_equal(count_found(j), TRIALS - 1);
        journal_close(j);
        bytes[i] ^= 0x10;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found_again), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_one_writer),  cmocka_unit_test(test_cut),
        cmocka_unit_test(test_damaged),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, files_start, files_end);
}
