/* SPDX-License-Identifier: MIT */
/* Values that do not fit: what is said, and that nothing changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/conf.h"
#include "base/mem.h"
#include "conf_sections.h"

#define AN_INTEGER "; an integer of 1..4096 architectures (default 16)"
#define A_RATE     "; a number of 0..1 (default 1e-05)"
#define WIDTHS                                                                 \
    "; a list of at most 64 integers of 1..64 units "                          \
    "(default 8 16)"
#define CHOICES "is not one of clip, plain, penalty"
#define NAME    "; a text of 1..8 characters (default \"run\")"
#define FILES                                                                  \
    "; a list of at most 64 texts of at most 1023 characters (default a, b c)"

/* clang-format off */
static const struct {
    const struct conf_section *section;
    const char *key, *text, *error;
} wrong[] = {
    {&ppo_section, "batch", "0", "0 is not allowed" AN_INTEGER},
    {&ppo_section, "batch", "4097", "4097 is not allowed" AN_INTEGER},
    {&ppo_section, "batch", "99999999999999999999",
     "99999999999999999999 is not allowed" AN_INTEGER},
    {&ppo_section, "batch", "12x", "\"12x\" is not an integer" AN_INTEGER},
    {&ppo_section, "batch", "1.0", "\"1.0\" is not an integer" AN_INTEGER},
    {&ppo_section, "batch", "", "\"\" is not an integer" AN_INTEGER},
    {&ppo_section, "batch", " 1", "\" 1\" is not an integer" AN_INTEGER},
    {&ppo_section, "rate", "1.5", "1.5 is not allowed" A_RATE},
    {&ppo_section, "rate", "nan", "nan is not allowed" A_RATE},
    {&ppo_section, "rate", "inf", "inf is not allowed" A_RATE},
    {&ppo_section, "rate", "1e999", "1e999 is not allowed" A_RATE},
    {&ppo_section, "rate", "0.5 ", "\"0.5 \" is not a number" A_RATE},
    {&ppo_section, "rate", "half", "\"half\" is not a number" A_RATE},
    {&ppo_section, "limit", "nan",
     "nan is not allowed; a number of at least 0 s (default 1e999)"},
    {&ppo_section, "limit", "-inf",
     "-inf is not allowed; a number of at least 0 s (default 1e999)"},
    {&ppo_section, "greedy", "yes",
     "\"yes\" is neither true nor false; true or false (default false)"},
    {&ppo_section, "update", "clop",
     "\"clop\" " CHOICES "; did you mean \"clip\"?"},
    {&ppo_section, "update", "xyz", "\"xyz\" " CHOICES},
    {&ppo_section, "update", "", "\"\" " CHOICES},
    {&ppo_section, "update", "clip|plain", "\"clip|plain\" " CHOICES},
    {&ppo_section, "layers", "1 65", "item 2: 65 is not allowed" WIDTHS},
    {&ppo_section, "layers", "1 x", "item 2: \"x\" is not an integer" WIDTHS},
    {&ppo_section, "none", "2147483648",
     "item 1: 2147483648 is not allowed; a list of at most 64 integers "
     "(default an empty list)"},
    {&file_section, "name", "", "the text is empty" NAME},
    {&file_section, "name", "123456789",
     "a text of 9 characters is not allowed" NAME},
    {&file_section, "name", "a\tb", "\"a?b\" has a control character" NAME},
    {&file_section, "name", "a\177", "\"a?\" has a control character" NAME},
    {&file_section, "files", "a\n\nb", "item 2: the text is empty" FILES},
    {&file_section, "files", "a\n", "item 2: the text is empty" FILES},
    {&file_section, "files", "a\tb",
     "item 1: \"a?b\" has a control character" FILES},
};
/* clang-format on */

static void test_wrong_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct conf *conf = make();
        char expected[256], *before = conf_print(conf, false), *after;

        set(conf, wrong[i].section, wrong[i].key, wrong[i].text);
        (void)snprintf(expected, sizeof expected, "in.cfg:7: %s.%s: %s",
                       wrong[i].section->name, wrong[i].key, wrong[i].error);
        assert_int_equal(conf_errors(conf), 1);
        assert_string_equal(conf_error(conf, 0), expected);
        assert_false(conf_is_set(conf, wrong[i].section, wrong[i].key));
        after = conf_print(conf, false);
        assert_string_equal(before, after);
        mem_free(before);
        mem_free(after);
        conf_free(conf);
    }
    assert_int_equal(mem_live(), 0);
}

static void test_sizes(void **state)
{
    struct conf *conf = make();
    const struct file_conf *file = conf_of(conf, &file_section);
    char text[CONF_TEXT_MAX + 1] = "";
    char list[2 * CONF_LIST_MAX + 2] = "";

    (void)state;
    memset(text, 'x', CONF_TEXT_MAX - 1);
    set(conf, &file_section, "note", text);
    assert_string_equal(file->note.s, text);
    text[CONF_TEXT_MAX - 1] = 'x';
    set(conf, &file_section, "note", text);
    assert_string_equal(conf_error(conf, 0),
                        "in.cfg:7: file.note: a text of 1024 characters is not "
                        "allowed; a text of at most 1023 characters (default "
                        "\"\")");
    for (int i = 0; i < CONF_LIST_MAX; i++)
        memcpy(list + 2 * i, "7 ", 3);
    list[2 * CONF_LIST_MAX - 1] = '\0';
    set(conf, &ppo_section, "layers", list);
    assert_int_equal(conf_errors(conf), 1);
    (void)strcat(list, " 7");
    set(conf, &ppo_section, "layers", list);
    assert_string_equal(conf_error(conf, 1),
                        "in.cfg:7: ppo.layers: a list of more than 64 items is "
                        "not allowed" WIDTHS);
    conf_free(conf);
    assert_int_equal(mem_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_values),
        cmocka_unit_test(test_sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
