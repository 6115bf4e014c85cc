/* SPDX-License-Identifier: MIT */
/* Input files and --set: round trip, includes, and every way to be wrong. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/conf.h"
#include "base/mem.h"
#include "input_files.h"
#include "run/input.h"

static void test_values(void **state)
{
    struct conf *conf = read_as("\xef\xbb\xbf# a comment, 99999999999 \"\n"
                                "ppo : {\r\n"
                                "  batch = 0x10L, any = -2147483648\n"
                                "  rate = 1; limit = 5000000000 // 7\n"
                                "  greedy = TRUE /* 8\n 9 */\n"
                                "  update = \"pl\" \"ain\";\n"
                                "  name = \"99999999999 \\\"#\\\\ \\x41\";\n"
                                "  layers = ( 1, 2L, 0x3 );\n"
                                "  files = [ ];\n"
                                "};");
    const struct all_conf *c = conf_of(conf, &ppo);

    (void)state;
    assert_int_equal(conf_errors(conf), 0);
    assert_int_equal(c->batch, 16);
    assert_int_equal(c->any, INT32_MIN);
    assert_true(c->rate == 1 && c->limit == 5e9 && c->greedy);
    assert_string_equal(c->update.s, "plain");
    assert_string_equal(c->name.s, "99999999999 \"#\\ A");
    assert_int_equal(c->layers.count, 3);
    assert_int_equal(c->layers.value[2], 3);
    assert_int_equal(c->files.count, 0);
    assert_true(conf_is_set(conf, &ppo, "files"));
    assert_false(conf_is_set(conf, &search, "trials"));
    conf_free(conf);
    assert_int_equal(mem_live(), 0);
}

static void test_reals(void **state)
{
    static const struct {
        const char *text;
        double x;
    } reals[] = {
        {"1e-05", 1e-5},
        {".5", 0.5},
        {"-5.", -5},
        {"+2.5e3", 2500},
        {"1E2", 100},
        {"-0.0", -0.0},
        {"9223372036854775807", 9223372036854775807.0},
        {"99999999999999999999", 1e20},
        {"-99999999999999999999", -1e20},
        {"0xffffffff", 4294967295.0},
        {"0xFFFFFFFFFFFFFFFFFF", 4722366482869645213695.0},
        {"4294967296LL", 4294967296.0},
        {"1e999", HUGE_VAL},
        {"-1e999", -HUGE_VAL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++) {
        char text[128];
        struct conf *conf;

        (void)snprintf(text, sizeof text, "ppo={limit=%s;};", reals[i].text);
        conf = read_as(text);
        assert_int_equal(conf_errors(conf), 0);
        assert_true(((const struct all_conf *)conf_of(conf, &ppo))->limit ==
                    reals[i].x);
        conf_free(conf);
    }
    assert_int_equal(mem_live(), 0);
}

static void set_row(struct conf *conf, const char *name, const char *text)
{
    conf_set(conf, &ppo, conf_find_row(&ppo, name), text, "test", 1);
}

static void round_trip(struct conf *conf, bool commented)
{
    char *first = conf_print(conf, commented), *second;
    struct conf *again = read_as(first);

    assert_int_equal(conf_errors(again), 0);
    assert_memory_equal(conf_of(conf, &ppo), conf_of(again, &ppo),
                        sizeof(struct all_conf));
    second = conf_print(again, commented);
    assert_string_equal(first, second);
    mem_free(first);
    mem_free(second);
    conf_free(again);
}

static void test_round_trip(void **state)
{
    static const char *const reals[] = {
        "0",
        "-0.0",
        "1",
        "1e-05",
        "0.30000000000000004",
        "1e300",
        "5e-324",
        "inf",
        "-inf",
        "1.7976931348623157e308",
        "123456789012345678",
        "100",
    };
    struct conf *conf = make();

    (void)state;
    round_trip(conf, false);
    round_trip(conf, true);
    set_row(conf, "any", "-2147483648");
    set_row(conf, "greedy", "true");
    set_row(conf, "update", "plain");
    set_row(conf, "name", "\\\"#//\\x41\\n'${}; @include \"x\"\xc3\xa4");
    set_row(conf, "layers", "1 2 3 64");
    set_row(conf, "files", "a b\n\"\\\n[ 1, 2 ]\n/* no comment");
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++) {
        set_row(conf, "limit", reals[i]);
        round_trip(conf, false);
        round_trip(conf, true);
    }
    set_row(conf, "layers", "");
    set_row(conf, "files", "");
    set_row(conf, "name", "");
    round_trip(conf, false);
    round_trip(conf, true);
    assert_int_equal(conf_errors(conf), 0);
    conf_free(conf);
    assert_int_equal(mem_live(), 0);
}

static void test_many(void **state)
{
    struct conf *conf = read_as("ppo = {\n"
                                "  batch = 0;\n"
                                "  rate = \"x\";\n"
                                "  nmae = \"x\";\n"
                                "  greedy = true;\n"
                                "  layers = 1;\n"
                                "};\n"
                                "saerch = {\n"
                                "  trials = 1000;\n"
                                "};\n"
                                "search = {\n"
                                "  trials = 1000;\n"
                                "};\n");
    const struct all_conf *c = conf_of(conf, &ppo);

    (void)state;
    assert_int_equal(conf_errors(conf), 6);
    expect(conf, 0, "in.cfg:2: ppo.batch: 0 is not allowed" BATCH);
    expect(conf, 1, "in.cfg:3: ppo.rate: a text is given" RATE);
    expect(conf, 2,
           "in.cfg:4: ppo.nmae: no such setting; did you mean \"name\"?");
    expect(conf, 3,
           "in.cfg:6: ppo.layers: an integer is given, not a list in "
           "[ ]" LAYERS);
    expect(conf, 4,
           "in.cfg:8: saerch: no such section; did you mean \"search\"?");
    expect(conf, 5,
           "in.cfg:12: search.trials: 1000 is not allowed; an integer of "
           "0..100 trials (default 7)");
    assert_true(c->greedy && c->batch == 16);
    conf_free(conf);
    assert_int_equal(mem_live(), 0);
}

static void test_include(void **state)
{
    struct conf *conf = make();
    const struct all_conf *c = conf_of(conf, &ppo);
    char folder[512], text[1024];

    (void)state;
    (void)mkdir("sub", 0777);
    (void)mkdir("sub/deep", 0777);
    write_text("sub/main.cfg", "ppo = {\n"
                               "@include \"deep/a.cfg\" @include \"b.cfg\" any="
                               "4;\n"
                               "  rate = 7;\n"
                               "};\n"
                               "/*\n@include \"none.cfg\"\n*/\n");
    write_text("sub/deep/a.cfg", "\nbatch = 0;\n@include \"c.cfg\"\n");
    write_text("sub/deep/c.cfg", "greedy = true;\nname = 1;");
    write_text("sub/b.cfg", "update = \"plain\";");
    assert_int_equal(input_read(conf, "sub/main.cfg"), ERR_NONE);
    expect(conf, 0, "sub/deep/a.cfg:2: ppo.batch: 0 is not allowed" BATCH);
    expect(conf, 1, "sub/deep/c.cfg:2: ppo.name: an integer is given" NAME);
    expect(conf, 2, "sub/main.cfg:3: ppo.rate: 7 is not allowed" RATE);
    assert_int_equal(conf_errors(conf), 3);
    assert_true(c->greedy && c->any == 4);
    assert_string_equal(c->update.s, "plain");
    conf_free(conf);

    write_text("sub/b.cfg", "\n\nupdate = = 3;");
    conf = read_as("ppo={\n@include \"sub/b.cfg\"\n};\n");
    expect(conf, 0, "sub/b.cfg:3: syntax error");
    conf_free(conf);

    write_text("sub/b.cfg", "update = \"clip\";\n\"x\n");
    conf = read_as("ppo={\n@include \"sub/b.cfg\"\n};\n");
    expect(conf, 0, "sub/b.cfg:2: the text that starts here does not end");
    conf_free(conf);

    assert_non_null(getcwd(folder, sizeof folder));
    write_text("sub/b.cfg", "batch = 3;\n");
    (void)snprintf(text, sizeof text, "ppo={\n@include \"%s/sub/b.cfg\"\n};\n",
                   folder);
    conf = read_as(text);
    assert_int_equal(conf_errors(conf), 0);
    assert_int_equal(((const struct all_conf *)conf_of(conf, &ppo))->batch, 3);
    conf_free(conf);
    assert_int_equal(mem_live(), 0);
}

static void fails(const char *path, const char *error)
{
    struct conf *conf = make();

    err_clear();
    assert_int_equal(input_read(conf, path), ERR_INPUT);
    assert_string_equal(err_message(), error);
    expect(conf, 0, error);
    assert_int_equal(conf_errors(conf), 1);
    conf_free(conf);
}

static void test_unreadable(void **state)
{
    char *large = MEM_NEW(char, (1 << 20) + 2);

    (void)state;
    fails("none.cfg", "none.cfg: No such file or directory");
    fails("/", "/: is a folder");
    fails("/dev/zero", "/dev/zero: is not a regular file");
    write_bytes("nul.cfg", "ppo={};\nppo\0={};", 16);
    fails("nul.cfg", "nul.cfg:2: is not a text file");
    memset(large, ' ', (1 << 20) + 1);
    write_text("large.cfg", large);
    fails("large.cfg", "large.cfg: is larger than 1 MiB");
    large[1 << 20] = '\0';
    write_text("large.cfg", large);
    write_text("more.cfg", "\n@include \"large.cfg\"\n");
    fails("more.cfg",
          "more.cfg:2: large.cfg: makes the input larger than 1 MiB");
    mem_free(large);
    if (geteuid() != 0) {
        write_text("secret.cfg", "ppo={};");
        assert_int_equal(chmod("secret.cfg", 0), 0);
        fails("secret.cfg", "secret.cfg: Permission denied");
        assert_int_equal(chmod("secret.cfg", 0600), 0);
    }
    assert_int_equal(mem_live(), 0);
}

static void set_option(struct conf *conf, const char *option)
{
    assert_int_equal(input_set(conf, option), ERR_NONE);
    assert_int_equal(conf_errors(conf), 0);
}

static void test_options(void **state)
{
    struct conf *conf = make();
    const struct all_conf *c = conf_of(conf, &ppo);

    (void)state;
    set_option(conf, "ppo.batch=0x20");
    assert_int_equal(c->batch, 32);
    set_option(conf, " ppo . batch\t= 33 ; ");
    assert_int_equal(c->batch, 33);
    set_option(conf, "ppo.rate=1");
    set_option(conf, "ppo.limit=-1e-3");
    assert_true(c->rate == 1 && c->limit == -1e-3);
    set_option(conf, "ppo.greedy=true");
    assert_true(c->greedy);
    set_option(conf, "ppo.update=plain");
    assert_string_equal(c->update.s, "plain");
    set_option(conf, "ppo.update=\"clip\"");
    assert_string_equal(c->update.s, "clip");
    set_option(conf, "ppo.name=/a b/c=d.h5");
    assert_string_equal(c->name.s, "/a b/c=d.h5");
    set_option(conf, "ppo.name=\"a \\\"b\\\" \"");
    assert_string_equal(c->name.s, "a \"b\" ");
    set_option(conf, "ppo.name=");
    assert_string_equal(c->name.s, "");
    set_option(conf, "ppo.layers=[1, 2, 3]");
    assert_int_equal(c->layers.count, 3);
    set_option(conf, "ppo.files=(\"x\", \"y z\")");
    assert_string_equal(c->files.value[1].s, "y z");
    set_option(conf, "ppo.files=z.h5");
    assert_int_equal(c->files.count, 1);
    assert_string_equal(c->files.value[0].s, "z.h5");
    set_option(conf, "ppo.files=[]");
    assert_int_equal(c->files.count, 0);
    assert_true(conf_is_set(conf, &ppo, "files"));
    conf_complain(conf, &ppo, "files", "none");
    expect(conf, 0, "--set: ppo.files: none");
    conf_free(conf);
    assert_int_equal(mem_live(), 0);
}

/* What input_report writes to stderr. */
static void report(const struct conf *conf, enum err expected, char *text,
                   size_t size)
{
    int saved = dup(STDERR_FILENO);
    FILE *file;
    size_t n;

    err_clear();
    assert_non_null(freopen("report.txt", "w", stderr));
    assert_int_equal(input_report(conf), expected);
    (void)fflush(stderr);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    (void)close(saved);
    file = fopen("report.txt", "r");
    assert_non_null(file);
    n = fread(text, 1, size - 1, file);
    text[n] = '\0';
    (void)fclose(file);
}

static void test_report(void **state)
{
    struct conf *conf = make();
    char text[1024];

    (void)state;
    report(conf, ERR_NONE, text, sizeof text);
    assert_string_equal(text, "");
    conf_complain_at(conf, "a", 1, "%s", "one");
    report(conf, ERR_INPUT, text, sizeof text);
    assert_string_equal(text, "a:1: one\n");
    conf_complain_at(conf, "a", 2, "%s", "two");
    report(conf, ERR_INPUT, text, sizeof text);
    assert_string_equal(text, "a:1: one\na:2: two\n");
    assert_string_equal(err_message(), "2 errors in the input");
    conf_free(conf);
    assert_int_equal(mem_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),     cmocka_unit_test(test_reals),
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_many),
        cmocka_unit_test(test_include),    cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_options),    cmocka_unit_test(test_report),
    };

    return cmocka_run_group_tests(tests, enter_folder, remove_folder);
}
