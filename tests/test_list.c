/* SPDX-License-Identifier: MIT */
/* The method that proposes what the user lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "data_files.h"
#include "run/settings.h"
#include "search/search.h"
#include "space/space.h"

/* All settings, for a list of the space of NAS-Bench-Macro. */
static struct conf *conf_list(const char *archs)
{
    struct conf *conf = settings_new();

    files_set(conf, &space_section, "kind", "macro");
    files_set(conf, &search_section, "method", "list");
    files_set(conf, search_list.section, "archs", archs);
    conf_check(conf);
    return conf;
}

/* Each of the list once, in order; then no more, whatever was told. */
static void test_list(void **state)
{
    static const char *const archs[] = {"01201201", "00000000", "22222222"};
    struct conf *conf = conf_list("01201201\n00000000\n22222222");
    struct space space;
    struct task t = {.id = 0};
    void *list;

    (void)state;
    assert_int_equal(conf_errors(conf), 0);
    space_open(&space, conf);
    list = search_list.create(&(struct search_start){&space, conf, 1, NULL});
    for (; t.id < 3; t.id++) {
        char text[SPACE_TEXT_MAX];

        assert_true(search_list.ask(list, &t));
        space_format(&space, &t.arch, text);
        assert_string_equal(text, archs[t.id]);
    }
    for (; t.id < 5; t.id++)
        assert_false(search_list.ask(list, &t));
    search_list.destroy(list);
    conf_free(conf);
}

static void assert_complaint(const char *archs, const char *wanted)
{
    struct conf *conf = conf_list(archs);

    assert_int_equal(conf_errors(conf), 1);
    assert_non_null(strstr(conf_error(conf, 0), wanted));
    conf_free(conf);
}

static void test_list_wrong(void **state)
{
    (void)state;
    assert_complaint("", "list.archs: no architecture; at least one");
    assert_complaint("00000000\n0000000", "list.archs: item 2: architecture");
    assert_complaint("01230000", "layer4 is expected: one of 0 1 2");
    assert_complaint("000000000", "the form is 00000000");
}

static int nothing_left(void **state)
{
    (void)state;
    return mem_live() == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_list_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, nothing_left);
}
