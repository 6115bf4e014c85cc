/* SPDX-License-Identifier: MIT */
/* Settings: defaults, values that fit and that do not, printing, near names. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/conf.h"
#include "base/conf_value.h"
#include "base/mem.h"
#include "conf_sections.h"

static void test_defaults(void **state)
{
    struct conf *conf = make();
    const struct ppo_conf *ppo = conf_of(conf, &ppo_section);
    const struct file_conf *file = conf_of(conf, &file_section);

    (void)state;
    assert_int_equal(ppo->batch, 16);
    assert_true(ppo->rate == 1e-5 && isinf(ppo->limit) && !ppo->greedy);
    assert_string_equal(ppo->update.s, "clip");
    assert_int_equal(ppo->layers.count, 2);
    assert_int_equal(ppo->layers.value[1], 16);
    assert_int_equal(ppo->none.count, 0);
    assert_string_equal(file->name.s, "run");
    assert_int_equal(file->files.count, 2);
    assert_string_equal(file->files.value[0].s, "a");
    assert_string_equal(file->files.value[1].s, "b c");
    assert_int_equal(conf_errors(conf), 0);
    conf_free(conf);
    assert_int_equal(mem_live(), 0);
}

static void test_set(void **state)
{
    struct conf *conf = make();
    const struct ppo_conf *ppo = conf_of(conf, &ppo_section);
    const struct file_conf *file = conf_of(conf, &file_section);

    (void)state;
    assert_false(conf_is_set(conf, &ppo_section, "batch"));
    set(conf, &ppo_section, "batch", "4096");
    set(conf, &ppo_section, "batch", "+32");
    set(conf, &ppo_section, "rate", "1");
    set(conf, &ppo_section, "limit", "1e300");
    set(conf, &ppo_section, "greedy", "true");
    set(conf, &ppo_section, "update", "plain");
    set(conf, &ppo_section, "layers", "1 2 64");
    set(conf, &ppo_section, "none", "-2147483648 2147483647");
    set(conf, &file_section, "files", "one\ntwo, three\n\xc3\xa4");
    assert_int_equal(conf_errors(conf), 0);
    assert_int_equal(ppo->batch, 32);
    assert_true(ppo->rate == 1 && ppo->limit == 1e300 && ppo->greedy);
    assert_string_equal(ppo->update.s, "plain");
    assert_int_equal(ppo->layers.count, 3);
    assert_int_equal(ppo->none.value[0], INT32_MIN);
    assert_string_equal(file->files.value[1].s, "two, three");
    assert_true(conf_is_set(conf, &ppo_section, "batch"));
    assert_false(conf_is_set(conf, &file_section, "name"));
    set(conf, &ppo_section, "layers", "");
    assert_int_equal(ppo->layers.count, 0);
    conf_free(conf);
    assert_int_equal(mem_live(), 0);
}

static void test_check(void **state)
{
    struct conf *conf = make();

    (void)state;
    set(conf, &ppo_section, "batch", "3");
    conf_set(conf, &ppo_section, conf_find_row(&ppo_section, "greedy"), "true",
             "--set", 0);
    conf_check(conf);
    assert_int_equal(conf_errors(conf), 2);
    assert_string_equal(conf_error(conf, 0), "in.cfg:7: ppo.batch: 3 is odd");
    assert_string_equal(conf_error(conf, 1),
                        "default: ppo.rate: no use if greedy");
    conf_set(conf, &ppo_section, conf_find_row(&ppo_section, "rate"), "0.5",
             "--set", 0);
    conf_check(conf);
    assert_string_equal(conf_error(conf, 3),
                        "--set: ppo.rate: no use if greedy");
    conf_free(conf);
    assert_int_equal(mem_live(), 0);
}

static void test_many_errors(void **state)
{
    struct conf *conf = make();

    (void)state;
    for (int i = 1; i <= 100; i++)
        conf_complain_at(conf, "f", i, "%s", "no");
    assert_int_equal(conf_errors(conf), 100);
    assert_string_equal(conf_error(conf, 0), "f:1: no");
    assert_string_equal(conf_error(conf, 99), "f:100: no");
    conf_complain_at(conf, "f", 0, "%s", "no");
    assert_string_equal(conf_error(conf, 100), "f: no");
    conf_free(conf);
    assert_int_equal(mem_live(), 0);
}

static void near_is(const struct conf *conf, const struct conf_section *s,
                    const char *name, const char *expected)
{
    const char *found = conf_nearest(conf, s, name);

    if (expected)
        assert_string_equal(found, expected);
    else
        assert_null(found);
}

static void test_nearest(void **state)
{
    struct conf *conf = make();
    char letters[200] = "";

    (void)state;
    memset(letters, 'b', sizeof letters - 1);
    near_is(conf, NULL, "pppo", "ppo");
    near_is(conf, NULL, "opp", NULL);
    near_is(conf, NULL, "pop", "ppo");
    near_is(conf, NULL, "PPO", "ppo");
    near_is(conf, NULL, "flie", "file");
    near_is(conf, NULL, "", NULL);
    near_is(conf, NULL, "random", NULL);
    near_is(conf, &ppo_section, "bacth", "batch");
    near_is(conf, &ppo_section, "Batches", "batch");
    near_is(conf, &ppo_section, "layer", "layers");
    near_is(conf, &ppo_section, "files", NULL);
    near_is(conf, &file_section, "file", "files");
    near_is(conf, &ppo_section, letters, NULL);
    conf_free(conf);
    assert_int_equal(mem_live(), 0);
}

static void test_unknown(void **state)
{
    struct conf *conf = make();

    (void)state;
    conf_unknown(conf, NULL, "pppo", "f", 1);
    conf_unknown(conf, NULL, "random", "f", 2);
    conf_unknown(conf, NULL, "rate", "f", 3);
    conf_unknown(conf, &ppo_section, "bach", "f", 4);
    conf_unknown(conf, &ppo_section, "files", "f", 5);
    conf_unknown(conf, &ppo_section, "x", "f", 6);
    assert_string_equal(conf_error(conf, 0),
                        "f:1: pppo: no such section; did you mean \"ppo\"?");
    assert_string_equal(conf_error(conf, 1), "f:2: random: no such section");
    assert_string_equal(
        conf_error(conf, 2),
        "f:3: rate: no such section; did you mean \"ppo.rate\"?");
    assert_string_equal(
        conf_error(conf, 3),
        "f:4: ppo.bach: no such setting; did you mean \"batch\"?");
    assert_string_equal(
        conf_error(conf, 4),
        "f:5: ppo.files: no such setting; did you mean \"file.files\"?");
    assert_string_equal(conf_error(conf, 5), "f:6: ppo.x: no such setting");
    conf_free(conf);
    assert_int_equal(mem_live(), 0);
}

static const char compact[] = "ppo = {\n"
                              "    batch = 16;\n"
                              "    rate = 1e-05;\n"
                              "    limit = 1e999;\n"
                              "    greedy = false;\n"
                              "    update = \"clip\";\n"
                              "    layers = [ 8, 16 ];\n"
                              "    none = [ ];\n"
                              "};\n"
                              "file = {\n"
                              "    name = \"a\\\"\\\\\";\n"
                              "    note = \"\";\n"
                              "    files = [ \"a\", \"b c\" ];\n"
                              "};\n";

static void test_print(void **state)
{
    struct conf *conf = make();
    char *text;

    (void)state;
    set(conf, &file_section, "name", "a\"\\");
    text = conf_print(conf, false);
    assert_string_equal(text, compact);
    mem_free(text);
    text = conf_print(conf, true);
    assert_non_null(strstr(text, "# Proximal policy optimisation.\nppo = {\n"
                                 "    # A round.\n"
                                 "    # An integer of 1..4096 architectures "
                                 "(default 16).\n"
                                 "    batch = 16;\n\n"
                                 "    # Step.\n"));
    assert_non_null(strstr(text, "    # Name of the run. Ends here.\n"));
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 80);
    mem_free(text);
    conf_free(conf);
    assert_int_equal(mem_live(), 0);
}

static void prints_as(double x, const char *expected)
{
    static const struct conf_row row = {.type = CONF_REAL};
    struct conf_draft draft;
    char *text;

    conf_draft_open(&draft);
    conf_value_print(draft.stream, &row, &x);
    text = conf_draft_take(&draft);
    assert_string_equal(text, expected);
    assert_true(strtod(text, NULL) == x);
    mem_free(text);
}

static void test_reals(void **state)
{
    (void)state;
    prints_as(0, "0.0");
    prints_as(-0.0, "-0.0");
    prints_as(1, "1.0");
    prints_as(0.1, "0.1");
    prints_as(1e-5, "1e-05");
    prints_as(1e20, "1e+20");
    prints_as(100, "100.0");
    prints_as(1.0 / 3, "0.3333333333333333");
    prints_as(0.1 + 0.2, "0.30000000000000004");
    prints_as(4.9406564584124654e-324, "4.94065645841247e-324");
    prints_as(HUGE_VAL, "1e999");
}

static void test_quote(void **state)
{
    (void)state;
    assert_string_equal(conf_quote("").s, "\"\"");
    assert_string_equal(conf_quote("a\033b").s, "\"a?b\"");
    assert_int_equal(strlen(conf_quote(compact).s), 63);
    assert_non_null(strstr(conf_quote(compact).s, "...\""));
}

static void test_free_nothing(void **state)
{
    (void)state;
    conf_free(NULL);
    assert_int_equal(mem_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_set),
        cmocka_unit_test(test_check),    cmocka_unit_test(test_many_errors),
        cmocka_unit_test(test_nearest),  cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_print),    cmocka_unit_test(test_reals),
        cmocka_unit_test(test_quote),    cmocka_unit_test(test_free_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
