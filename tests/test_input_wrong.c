/* SPDX-License-Identifier: MIT */
/* Broken input files and options: each gives exactly one line, none a crash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/conf.h"
#include "base/mem.h"
#include "input_files.h"
#include "run/input.h"

/* clang-format off */
static const struct {
    const char *text, *error;
} broken[] = {
    {"ppo={\nbatch=0;};", "in.cfg:2: ppo.batch: 0 is not allowed" BATCH},
    {"\n\nppo={batch=4097;};",
     "in.cfg:3: ppo.batch: 4097 is not allowed" BATCH},
    {"ppo={batch=4294967312;};",
     "in.cfg:1: ppo.batch: 4294967312 is not allowed" BATCH},
    {"ppo={batch=0x100000010;};",
     "in.cfg:1: ppo.batch: 4294967312 is not allowed" BATCH},
    {"ppo={batch=99999999999999999999;};",
     "in.cfg:1: ppo.batch: a real number is given" BATCH},
    {"ppo={batch=16.0;};",
     "in.cfg:1: ppo.batch: a real number is given" BATCH},
    {"ppo={batch=\"16\";};", "in.cfg:1: ppo.batch: a text is given" BATCH},
    {"ppo={batch=true;};",
     "in.cfg:1: ppo.batch: a truth value is given" BATCH},
    {"ppo={batch=[16];};", "in.cfg:1: ppo.batch: a list is given" BATCH},
    {"ppo={batch=(16);};", "in.cfg:1: ppo.batch: a list is given" BATCH},
    {"ppo={batch={};};", "in.cfg:1: ppo.batch: a section is given" BATCH},
    {"ppo={batch={\nx=1;};};", "in.cfg:1: ppo.batch: a section is given" BATCH},
    {"ppo={rate=1.5;};", "in.cfg:1: ppo.rate: 1.5 is not allowed" RATE},
    {"ppo={rate=2;};", "in.cfg:1: ppo.rate: 2 is not allowed" RATE},
    {"ppo={rate=1e999;};", "in.cfg:1: ppo.rate: inf is not allowed" RATE},
    {"ppo={rate=-0.9;};", "in.cfg:1: ppo.rate: -0.9 is not allowed" RATE},
    {"ppo={rate=\"0.1\";};", "in.cfg:1: ppo.rate: a text is given" RATE},
    {"ppo={rate=nan;};", "in.cfg:1: syntax error"},
    {"ppo={greedy=1;};", "in.cfg:1: ppo.greedy: an integer is given" GREEDY},
    {"ppo={greedy=\"true\";};", "in.cfg:1: ppo.greedy: a text is given" GREEDY},
    {"ppo={greedy=yes;};", "in.cfg:1: syntax error"},
    {"ppo={update=\"klip\";};",
     "in.cfg:1: ppo.update: \"klip\" is not one of clip, plain; "
     "did you mean \"clip\"?"},
    {"ppo={update=\"x\";};",
     "in.cfg:1: ppo.update: \"x\" is not one of clip, plain"},
    {"ppo={update=1;};", "in.cfg:1: ppo.update: an integer is given" UPDATE},
    {"ppo={update=clip;};", "in.cfg:1: syntax error"},
    {"ppo={name=1;};", "in.cfg:1: ppo.name: an integer is given" NAME},
    {"ppo={name=\"a\nb\";};",
     "in.cfg:1: ppo.name: \"a?b\" has a control character" NAME},
    {"ppo={name=\"a\\tb\";};",
     "in.cfg:1: ppo.name: \"a?b\" has a control character" NAME},
    {"ppo={name=\"a\\x1b[0m\";};",
     "in.cfg:1: ppo.name: \"a?[0m\" has a control character" NAME},
    {"ppo={layers=1;};",
     "in.cfg:1: ppo.layers: an integer is given, not a list in [ ]" LAYERS},
    {"ppo={layers={};};", "in.cfg:1: ppo.layers: a section is given" LAYERS},
    {"ppo={layers=[1,\n65];};",
     "in.cfg:1: ppo.layers: item 2: 65 is not allowed" LAYERS},
    {"ppo={layers=[1.0];};",
     "in.cfg:1: ppo.layers: item 1 is a real number" LAYERS},
    {"ppo={layers=(1,\"2\");};",
     "in.cfg:1: ppo.layers: item 2 is a text" LAYERS},
    {"ppo={layers=(1,(2));};",
     "in.cfg:1: ppo.layers: item 2 is a list" LAYERS},
    {"ppo={layers=(1,{a=2;});};",
     "in.cfg:1: ppo.layers: item 2 is a section" LAYERS},
    {"ppo={layers=[1,true];};",
     "in.cfg:1: the items of a list in [ ] are not of one type"},
    {"ppo={layers=[1,2;};", "in.cfg:1: syntax error"},
    {"ppo={files=\"a\\nb\";};",
     "in.cfg:1: ppo.files: the text has a line break" FILES},
    {"ppo={files=[\"a\",\"\"];};",
     "in.cfg:1: ppo.files: item 2: the text is empty" FILES},
    {"ppo={files=[\"\"];};",
     "in.cfg:1: ppo.files: item 1: the text is empty" FILES},
    {"ppo={files=[\"a\\nb\"];};",
     "in.cfg:1: ppo.files: item 1: the text has a line break" FILES},
    {"ppo={files=[1];};", "in.cfg:1: ppo.files: item 1 is an integer" FILES},
    {"ppo={\n\nbach=1;};",
     "in.cfg:3: ppo.bach: no such setting; did you mean \"batch\"?"},
    {"ppo={trials=1;};",
     "in.cfg:1: ppo.trials: no such setting; did you mean \"search.trials\"?"},
    {"ppo={x=1;};", "in.cfg:1: ppo.x: no such setting"},
    {"\npppo={batch=1;};",
     "in.cfg:2: pppo: no such section; did you mean \"ppo\"?"},
    {"elsewhere={};", "in.cfg:1: elsewhere: no such section"},
    {"batch=1;",
     "in.cfg:1: batch: no such section; did you mean \"ppo.batch\"?"},
    {"ppo=1;",
     "in.cfg:1: ppo: an integer is given; a section, ppo = { ... }, is "
     "allowed"},
    {"ppo=(1);",
     "in.cfg:1: ppo: a list is given; a section, ppo = { ... }, is allowed"},
    {"ppo={batch=1;\nbatch=2;};", "in.cfg:2: " TWICE},
    {"ppo={};\n\nppo={};", "in.cfg:3: " TWICE},
    {"ppo={\nbatch=;\n};", "in.cfg:2: syntax error"},
    {"ppo={\nbatch 16;\n};", "in.cfg:2: syntax error"},
    {"ppo={\nbatch=16;\n", "in.cfg:2: syntax error"},
    {"};", "in.cfg:1: syntax error"},
    {"ppo={};\n}", "in.cfg:2: syntax error"},
    {"ppo.batch=1;", "in.cfg:1: syntax error"},
    {"ppo={_x=1;};", "in.cfg:1: syntax error"},
    {"ppo={batch=0x;};", "in.cfg:1: syntax error"},
    {"ppo={batch=1-2;};", "in.cfg:1: syntax error"},
    {"ppo={batch=--1;};", "in.cfg:1: syntax error"},
    {"ppo={batch=$(HOME);};", "in.cfg:1: syntax error"},
    {"[ppo]\nbatch=1\n", "in.cfg:1: syntax error"},
    {"\nppo={name=\"abc;\n};\n",
     "in.cfg:2: the text that starts here does not end"},
    {"ppo={};\n/* abc\n",
     "in.cfg:2: the comment that starts here does not end"},
    {"ppo={};\n@include \"none.cfg\"\n",
     "in.cfg:2: none.cfg: No such file or directory"},
    {"\n  @include\t\".\"\n", "in.cfg:2: .: is a folder"},
    {"@include \"x\n", "in.cfg:1: the name of the included file does not end"},
    {"@include x.cfg\n", "in.cfg:1: syntax error"},
    {"ppo={}; @include \"x.cfg\"\n", "in.cfg:1: syntax error"},
    {"\n@include \"in.cfg\"\n",
     "in.cfg:2: in.cfg: is included too deep; does it include itself?"},
    {"ppo={};\n\033", "in.cfg:2: is not a text file"},
    {"\177ELF", "in.cfg:1: is not a text file"},
    {"", "in.cfg: is empty"},
};
/* clang-format on */

static void test_broken(void **state)
{
    (void)state;
    assert_true(sizeof broken / sizeof broken[0] > 40);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct conf *conf = read_as(broken[i].text);

        expect(conf, 0, broken[i].error);
        assert_int_equal(conf_errors(conf), 1);
        conf_free(conf);
    }
    assert_int_equal(mem_live(), 0);
}

/* clang-format off */
static const struct {
    const char *option, *error;
} options[] = {
    {"ppo.batch=0", "--set: ppo.batch: 0 is not allowed" BATCH},
    {"ppo.batch=4294967312",
     "--set: ppo.batch: 4294967312 is not allowed" BATCH},
    {"ppo.batch=many", "--set: ppo.batch: \"many\" is not a value" BATCH},
    {"ppo.batch=", "--set: ppo.batch: no value is given" BATCH},
    {"ppo.batch=1.5", "--set: ppo.batch: a real number is given" BATCH},
    {"ppo.batch=1; x=2", "--set: ppo.batch: \"1; x=2\" is not a value" BATCH},
    {"ppo.batch=1\n@include \".\"",
     "--set: ppo.batch: a line break is given" BATCH},
    {"ppo.batch={}", "--set: ppo.batch: a section is given" BATCH},
    {"ppo.greedy=yes", "--set: ppo.greedy: \"yes\" is not a value" GREEDY},
    {"ppo.layers=1",
     "--set: ppo.layers: an integer is given, not a list in [ ]" LAYERS},
    {"ppo.layers=[1, 65]",
     "--set: ppo.layers: item 2: 65 is not allowed" LAYERS},
    {"ppo.update=klip",
     "--set: ppo.update: \"klip\" is not one of clip, plain; did you mean "
     "\"clip\"?"},
    {"ppo.name=\"open", "--set: ppo.name: \"\"open\" is not a value" NAME},
    {"ppo.bach=1", "--set: ppo.bach: no such setting; did you mean \"batch\"?"},
    {"pppo.batch=1", "--set: pppo: no such section; did you mean \"ppo\"?"},
    {"=", "--set: \"=\" is not section.key=value"},
    {"", "--set: \"\" is not section.key=value"},
    {"ppo.batch", "--set: \"ppo.batch\" is not section.key=value"},
    {"batch=1.5", "--set: \"batch=1.5\" is not section.key=value"},
};
/* clang-format on */

static void test_wrong_options(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        struct conf *conf = make();
        bool form = !strstr(options[i].error, "is not section.key");

        err_clear();
        assert_int_equal(input_set(conf, options[i].option),
                         form ? ERR_NONE : ERR_USAGE);
        expect(conf, 0, options[i].error);
        assert_int_equal(conf_errors(conf), 1);
        conf_free(conf);
    }
    assert_int_equal(mem_live(), 0);
}

/* Whatever is cut off or put in, nothing crashes. */
static void test_damaged(void **state)
{
    struct conf *conf = make();
    char *whole = conf_print(conf, false);
    static const char bytes[] = "\"{}[]()=;:,\\/*#@.-x0L\n\1";

    (void)state;
    conf_free(conf);
    for (size_t i = 0; whole[i]; i++) {
        char saved = whole[i];

        whole[i] = bytes[i % (sizeof bytes - 1)];
        conf_free(read_as(whole));
        whole[i] = '\0';
        conf_free(read_as(whole));
        whole[i] = saved;
    }
    mem_free(whole);
    assert_int_equal(mem_live(), 0);
}

static void test_nested(void **state)
{
    static const char open[] = "({[=\"";

    (void)state;
    for (size_t i = 0; i + 1 < sizeof open; i++) {
        char text[20000] = "ppo={layers=";
        struct conf *conf;

        memset(text + 12, open[i], sizeof text - 13);
        text[sizeof text - 1] = '\0';
        conf = read_as(text);
        assert_int_equal(conf_errors(conf), 1);
        conf_free(conf);
    }
    assert_int_equal(mem_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_nested),

        cmocka_unit_test(test_wrong_options),
    };

    return cmocka_run_group_tests(tests, enter_folder, remove_folder);
}
