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

#include "base/gz.h"
#include "base/mem.h"
#include "data_files.h"
#include "run/journal.h"

enum { TRIALS = 9 };

static const char settings[] = "a.b = 1\nc.d = \"x\"\n";

/* Trial i comes with its first i bytes. */
static char luggage[] = "some bytes";

static struct task task_of(int64_t id)
{
    return (struct task){
        .id = id, .arch = {.count = 3, .option = {(unsigned char)id, 1, 2}}};
}

static struct journal *must_open(struct journal_found *found)
{
    struct journal *j = NULL;

    assert_int_equal(
        journal_open(&j, files_path("a"), settings, JOURNAL_RESTART, found),
        ERR_NONE);
    return j;
}

/* What was found; -1: it is refused. */
static int64_t results_of(enum journal_way way)
{
    struct journal_found found;
    struct journal *j = NULL;
    enum err e = journal_open(&j, files_path("a"), settings, way, &found);

    journal_close(j);
    err_clear();
    return e == ERR_NONE ? found.results : -1;
}

/* Trials first..TRIALS - 1, the last first, as they may come in. */
static void write_down(int64_t first)
{
    struct journal_found found;
    struct journal *j = must_open(&found);

    for (int64_t id = TRIALS - 1; id >= first; id--) {
        struct task t = task_of(id);
        struct result r = {.id = id, .accuracy = 0.5 + (double)id};
        struct luggage text = {luggage, (size_t)id};

        assert_int_equal(journal_append(j, &t, &r, &text), ERR_NONE);
    }
    journal_close(j);
}

static int64_t count_found(const struct journal *j)
{
    int64_t count = 0;

    for (int64_t id = 0; id < TRIALS; id++) {
        struct task t = task_of(id);
        struct luggage left;
        struct result r;

        if (!journal_find(j, &t, &r, &left))
            continue;
        assert_true(r.id == id && r.accuracy == 0.5 + (double)id);
        assert_int_equal(left.size, id);
        assert_memory_equal(left.bytes, luggage, left.size);
        mem_free(left.bytes);
        count++;
    }
    return count;
}

static void test_found_again(void **state)
{
    struct journal_found found;
    struct journal *j;
    struct task other = task_of(2);
    struct luggage left;
    struct result r;

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
    assert_int_equal(found.results, TRIALS);
    assert_int_equal(count_found(j), TRIALS);
    other.arch.option[2] = 0;
    assert_false(journal_find(j, &other, &r, &left));
    journal_close(j);
}

/* Append a result with a page of luggage or more, filled with its number. */
static void append_large(struct journal *j, int64_t id, double accuracy)
{
    enum { LARGE = 20000 };
    struct task t = task_of(id);
    struct result r = {.id = id, .accuracy = accuracy};
    struct luggage l = {MEM_NEW(char, LARGE), LARGE};

    memset(l.bytes, (int)id + 1, LARGE);
    assert_int_equal(journal_append(j, &t, &r, &l), ERR_NONE);
    mem_free(l.bytes);
}

/* Its accuracy; -1: it is not found. */
static double accuracy_of(const struct journal *j, int64_t id)
{
    struct task t = task_of(id);
    struct luggage left;
    struct result r;

    if (!journal_find(j, &t, &r, &left))
        return -1;
    assert_int_equal(((char *)left.bytes)[left.size - 1], id + 1);
    mem_free(left.bytes);
    return r.accuracy;
}

/* What is forgotten is not found; what is appended once more is. */
static void test_forgotten(void **state)
{
    struct journal_found found;
    struct journal *j;

    (void)state;
    files_make("a", NULL);
    j = must_open(&found);
    for (int64_t id = 0; id < 4; id++)
        append_large(j, id, 0.5);
    journal_forget(j, 2);
    journal_close(j);
    j = must_open(&found);
    if (accuracy_of(j, 0) > 0) {
        journal_close(j);
        skip(); /* the file system keeps what it has */
    }
    assert_int_equal(found.results, 4);
    assert_int_equal(found.damaged, 0);
    assert_true(accuracy_of(j, 1) < 0);
    assert_true(accuracy_of(j, 2) == 0.5 && accuracy_of(j, 3) == 0.5);
    append_large(j, 1, 0.75);
    journal_forget(j, 3);
    append_large(j, 0, 0.25);
    journal_close(j);
    j = must_open(&found);
    assert_true(accuracy_of(j, 0) == 0.25 && accuracy_of(j, 1) < 0 &&
                accuracy_of(j, 2) < 0 && accuracy_of(j, 3) == 0.5);
    journal_close(j);
}

/* Bytes of a journal without results: head and copy. */
static size_t bare_size(void)
{
    static unsigned char bytes[FILE_MAX];
    struct journal_found found;
    struct journal *j = NULL;
    size_t size;

    files_make("bare", NULL);
    assert_int_equal(
        journal_open(&j, files_path("bare"), settings, JOURNAL_RESTART, &found),
        ERR_NONE);
    journal_close(j);
    size = files_read("bare", bytes);
    files_make("bare", NULL);
    return size;
}

static void assert_refused(const char *now, enum err wanted,
                           const char *message)
{
    struct journal_found found;
    struct journal *j = NULL;

    assert_int_equal(
        journal_open(&j, files_path("a"), now, JOURNAL_RESTART, &found),
        wanted);
    assert_null(j);
    if (!strstr(err_message(), message))
        fail_msg("\"%s\" is not in: %s", message, err_message());
    err_clear();
}

/* A head of the next version, its checksum being right. */
static void make_newer(unsigned char *head)
{
    uint32_t crc;

    head[8]++;
    crc = gz_crc(head, 24);
    memcpy(head + 28, &crc, sizeof crc);
}

static void test_refused(void **state)
{
    static unsigned char bytes[FILE_MAX];
    size_t n;

    (void)state;
    files_make("a", NULL);
    write_down(0);
    assert_refused("a.b = 2\nc.d = \"x\"\n", ERR_INPUT,
                   "other settings: a.b = 2 (was 1)");
    assert_refused("a.b = 1\ne.f = 2\n", ERR_INPUT,
                   "other settings: e.f = 2 (was not there), c.d = \"x\" (is "
                   "not any more)");
    n = files_read("a", bytes);
    for (size_t copy = 0; copy < 2; copy++)
        make_newer(bytes + copy * bare_size() / 2);
    files_write("a", bytes, n);
    assert_refused(settings, ERR_INPUT, "another version");
    memset(bytes, 'x', n);
    files_write("a", bytes, n);
    assert_refused(settings, ERR_INPUT, "not a journal");
    files_make("a", NULL);
    files_make("a", "/");
    assert_refused(settings, ERR_IO, "cannot open");
    files_make("a", NULL);
}

static void test_anew(void **state)
{
    (void)state;
    files_make("a", NULL);
    assert_int_equal(results_of(JOURNAL_NEW), 0);
    assert_int_equal(results_of(JOURNAL_NEW), 0);
    write_down(TRIALS - 1);
    assert_int_equal(results_of(JOURNAL_NEW), -1);
    assert_int_equal(results_of(JOURNAL_RESTART), 1);
    assert_int_equal(results_of(JOURNAL_FORCE), 0);
    assert_int_equal(results_of(JOURNAL_RESTART), 0);
    files_make("a", "01 02 03");
    assert_int_equal(results_of(JOURNAL_NEW), -1);
    assert_int_equal(results_of(JOURNAL_FORCE), 0);
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
    write_down(TRIALS - 1);
    j = must_open(&found);
    child = fork();
    if (child == 0) {
        struct journal *other = NULL;

        _exit(journal_open(&other, files_path("a"), settings, JOURNAL_FORCE,
                           &found) == ERR_IO &&
                      strstr(err_message(), "another run")
                  ? 0
                  : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    journal_close(j);
    assert_int_equal(results_of(JOURNAL_RESTART), 1);
}

/* What is left of n bytes: how many trials are found, and that it goes on from
 * there. */
static int64_t found_in(const unsigned char *bytes, size_t n, bool go_on)
{
    struct journal_found found;
    struct journal *j;
    int64_t count;

    files_write("a", bytes, n);
    j = must_open(&found);
    count = count_found(j);
    journal_close(j);
    if (!go_on)
        return count;
    write_down(0);
    j = must_open(&found);
    assert_int_equal(count_found(j), TRIALS);
    journal_close(j);
    return count;
}

/* Bytes of the head alone, and with all trials. */
static size_t sizes(unsigned char *bytes, size_t *head)
{
    files_make("a", NULL);
    write_down(TRIALS);
    *head = files_read("a", bytes);
    write_down(0);
    return files_read("a", bytes);
}

/* Cut anywhere: no less is found the more is left, and all in the end. */
static void test_cut(void **state)
{
    static unsigned char bytes[FILE_MAX];
    size_t head, n = sizes(bytes, &head);
    int64_t last = 0;

    (void)state;
    for (size_t cut = 0; cut <= n; cut++) {
        int64_t count = cut % 13 == 0 || cut == n
                            ? found_in(bytes, cut, cut % 5 == 0)
                            : last;

        assert_true(count == last || count == last + 1);
        last = count;
    }
    assert_int_equal(last, TRIALS);
}

/* A byte changed anywhere: that trial alone is lost, unless it fills a gap; none
 * if it is in the head, which is there twice, nor if a sector of that is gone. */
static void test_damaged(void **state)
{
    static unsigned char bytes[FILE_MAX], whole[FILE_MAX];
    size_t head, n = sizes(bytes, &head);
    enum { SECTOR = 512 };
    int lost = 0, tried = 0;

    (void)state;
    for (size_t i = 0; i < head; i++) {
        bytes[i] ^= 0x10;
        assert_int_equal(found_in(bytes, n, i % 5 == 0), TRIALS);
        bytes[i] ^= 0x10;
    }
    memcpy(whole, bytes, n);
    for (size_t i = 0; i + SECTOR <= head; i += 7) {
        memset(bytes + i, 0, SECTOR);
        assert_int_equal(found_in(bytes, n, false), TRIALS);
        memcpy(bytes + i, whole + i, SECTOR);
    }
    for (size_t i = head; i < n; i += 11, tried++) {
        int64_t count;

        bytes[i] ^= 0x10;
        count = found_in(bytes, n, i % 5 == 0);
        assert_true(count == TRIALS - 1 || count == TRIALS);
        lost += count == TRIALS - 1;
        bytes[i] ^= 0x10;
    }
    assert_true(lost > tried * 9 / 10 && lost <= tried);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found_again), cmocka_unit_test(test_forgotten),
        cmocka_unit_test(test_refused),     cmocka_unit_test(test_anew),
        cmocka_unit_test(test_one_writer),  cmocka_unit_test(test_cut),
        cmocka_unit_test(test_damaged),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, files_start, files_end);
}
