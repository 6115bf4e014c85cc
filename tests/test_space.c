/* SPDX-License-Identifier: MIT */
/* Spaces: text of architectures, mutation, blueprints, cost. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "eval/child.h"
#include "run/settings.h"
#include "space/kinds.h"

static struct conf *conf_for(const char *kind)
{
    struct conf *conf = settings_new();

    conf_set(conf, &space_section, conf_find_row(&space_section, "kind"), kind,
             "test", 1);
    assert_int_equal(conf_errors(conf), 0);
    return conf;
}

static void each_kind(void (*f)(const struct space *s))
{
    for (int i = 0; space_kind_at(i); i++) {
        struct conf *conf = conf_for(space_kind_at(i)->name);
        struct space s;

        space_open(&s, conf);
        f(&s);
        conf_free(conf);
    }
    assert_int_equal(mem_live(), 0);
}

static void round_trip(const struct space *s)
{
    struct rng r = rng_stream(1, RNG_TEST, 0);

    for (int i = 0; i < 500; i++) {
        struct arch a = space_random(s, &r), b;
        char text[SPACE_TEXT_MAX], again[SPACE_TEXT_MAX];

        space_format(s, &a, text);
        assert_int_equal(space_parse(s, text, &b), ERR_NONE);
        assert_true(space_has(s, &b) && arch_equal(&a, &b));
        assert_true(arch_hash(&a) == arch_hash(&b));
        space_format(s, &b, again);
        assert_string_equal(text, again);
    }
}

static void test_text(void **state)
{
    (void)state;
    each_kind(round_trip);
}

/* A text with a letter lost, changed or added is refused or means another
 * architecture; it never means the same one. */
static void damage(const struct space *s)
{
    struct rng r = rng_stream(2, RNG_TEST, 0);

    for (int i = 0; i < 300; i++) {
        struct arch a = space_random(s, &r), b;
        char text[SPACE_TEXT_MAX];
        size_t at;

        space_format(s, &a, text);
        at = (size_t)rng_below(&r, (int)strlen(text));
        if (i % 3 == 0)
            memmove(text + at, text + at + 1, strlen(text + at));
        else if (i % 3 == 1)
            text[at] = (char)(text[at] == '~' ? '#' : '~');
        else
            (void)strcat(text, "0");
        if (space_parse(s, text, &b) == ERR_NONE)
            assert_false(arch_equal(&a, &b));
        else
            assert_true(strlen(err_message()) > 0);
        err_clear();
    }
}

static void test_damaged_text(void **state)
{
    (void)state;
    each_kind(damage);
}

static void mutate(const struct space *s)
{
    struct rng r = rng_stream(3, RNG_TEST, 0);
    struct arch a = space_random(s, &r);
    int hits[SPACE_DECISIONS_MAX] = {0};

    for (int i = 0; i < 5000; i++) {
        struct arch b = space_mutate(s, &a, &r);
        int changed = 0;

        assert_true(space_has(s, &b));
        for (int k = 0; k < s->count; k++)
            if (a.option[k] != b.option[k]) {
                changed++;
                hits[k]++;
            }
        assert_int_equal(changed, 1);
    }
    for (int k = 0; k < s->count; k++)
        assert_true(hits[k] > 0 || s->decisions[k].options == 1);
}

static void test_mutate(void **state)
{
    (void)state;
    each_kind(mutate);
}

static void test_size(void **state)
{
    struct conf *conf = conf_for("macro");
    struct space s;

    (void)state;
    space_open(&s, conf);
    assert_true(space_size(&s) == 6561);
    conf_free(conf);
    conf = conf_for("mnas");
    space_open(&s, conf);
    assert_int_equal(s.count, 42);
    /* two of the seven blocks have one layer, which cannot be taken away */
    assert_true(fabs(space_size(&s) / pow(432, 7) * 2.25 - 1) < 1e-12);
    conf_free(conf);
}

static struct graph_cost cost_of(const struct space *s, const char *text, int c,
                                 int side, int classes)
{
    struct arch a;
    struct blueprint b;

    assert_int_equal(space_parse(s, text, &a), ERR_NONE);
    space_blueprint(s, &a, c, side, side, classes, &b);
    return child_cost(&b, 1);
}

/* Counted by hand from the layout of NAS-Bench-Macro. */
static void test_macro_identity(void **state)
{
    struct conf *conf = conf_for("macro");
    struct space s;
    struct graph_cost cost;

    (void)state;
    space_open(&s, conf);
    cost = cost_of(&s, "00000000", 3, 32, 10);
    assert_int_equal(cost.params, (27 * 32 + 64) + (32 * 64 + 128) +
                                      (64 * 128 + 256) + (128 * 256 + 512) +
                                      (256 * 1280 + 2560) + (1280 * 10 + 10));
    assert_int_equal(cost.macs, 27 * 32 * 1024 + 32 * 64 * 256 + 64 * 128 * 64 +
                                    128 * 256 * 16 + 256 * 1280 * 16 + 12800);
    conf_free(conf);
}

/* MnasNet's first block, mb3, squeeze-excite, two layers, by hand. */
static void test_mnas_block(void **state)
{
    struct conf *conf = conf_for("mnas");
    struct space s;
    int64_t macs, params;

    (void)state;
    conf_set(conf, &mnas_section, conf_find_row(&mnas_section, "widths"), "16",
             "test", 1);
    conf_set(conf, &mnas_section, conf_find_row(&mnas_section, "strides"), "2",
             "test", 1);
    conf_set(conf, &mnas_section, conf_find_row(&mnas_section, "depths"), "1",
             "test", 1);
    conf_set(conf, &mnas_section, conf_find_row(&mnas_section, "stem"), "8",
             "test", 1);
    conf_set(conf, &mnas_section, conf_find_row(&mnas_section, "stem_stride"),
             "1", "test", 1);
    conf_set(conf, &mnas_section, conf_find_row(&mnas_section, "head"), "0",
             "test", 1);
    conf_check(conf);
    assert_int_equal(conf_errors(conf), 0);
    space_open(&s, conf);
    params = 9 * 8 + 16;                               /* stem */
    params += 8 * 24 + 48 + 24 * 25 + 48;              /* expand, depthwise */
    params += 24 * 2 + 2 + 2 * 24 + 24 + 24 * 16 + 32; /* SE, project */
    params += 16 * 48 + 96 + 48 * 25 + 96;             /* second layer */
    params += 48 * 4 + 4 + 4 * 48 + 48 + 48 * 16 + 32;
    params += 16 * 10 + 10;
    macs = 9 * 8 * 64 + 8 * 24 * 64 + 24 * 25 * 16 + 2 * 24 * 2 + 24 * 16 * 16;
    macs += 16 * 48 * 16 + 48 * 25 * 16 + 2 * 48 * 4 + 48 * 16 * 16 + 160;
    assert_int_equal(cost_of(&s, "mb3_k5_se25_id_w100_n+1", 1, 8, 10).params,
                     params);
    assert_int_equal(cost_of(&s, "mb3_k5_se25_id_w100_n+1", 1, 8, 10).macs,
                     macs);
    conf_free(conf);
    assert_int_equal(mem_live(), 0);
}

/* The settings of mnas reach every layer. */
static void test_mnas_activations(void **state)
{
    /* clang-format off */
    static const struct {
        const char *activation, *gate;
        enum activation act, last;
    } cases[] = {
        {"relu",   "hsigmoid", ACT_RELU,   ACT_HSIGMOID},
        {"relu6",  "sigmoid",  ACT_RELU6,  ACT_SIGMOID},
        {"hswish", "hsigmoid", ACT_HSWISH, ACT_HSIGMOID},
        {"swish",  "sigmoid",  ACT_SWISH,  ACT_SIGMOID},
    };
    /* clang-format on */

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct conf *conf = conf_for("mnas");
        struct space s;
        struct blueprint b;
        struct arch a = {0};

        conf_set(conf, &mnas_section,
                 conf_find_row(&mnas_section, "activation"),
                 cases[i].activation, "test", 1);
        conf_set(conf, &mnas_section, conf_find_row(&mnas_section, "gate"),
                 cases[i].gate, "test", 1);
        space_open(&s, conf);
        a.count = s.count;
        space_blueprint(&s, &a, 3, 32, 32, 10, &b);
        for (int k = 0; k < b.count; k++)
            assert_int_equal(b.layers[k].act, cases[i].act);
        assert_int_equal(b.layers[1].gate, cases[i].last);
        conf_free(conf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_damaged_text),
        cmocka_unit_test(test_mutate),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_macro_identity),
        cmocka_unit_test(test_mnas_block),
        cmocka_unit_test(test_mnas_activations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
