/* SPDX-License-Identifier: MIT */
/* Cost of all architectures of NAS-Bench-Macro, and the table evaluator. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/h5.h"
#include "base/mem.h"
#include "data_files.h"
#include "eval/child.h"
#include "eval/evaluators.h"
#include "run/settings.h"
#include "run/store.h"
#include "space/kinds.h"

enum { ALL = 6561, LAYERS = 8 };

static struct conf *macro_conf(void)
{
    struct conf *conf = settings_new();

    files_set(conf, &space_section, "kind", "macro");
    files_set(conf, &eval_section, "kind", "table");
    return conf;
}

/* The i-th architecture, base 3, first layer most significant. */
static struct arch code(int i)
{
    struct arch a = {.count = LAYERS};

    for (int k = LAYERS; k-- > 0; i /= 3)
        a.option[k] = (unsigned char)(i % 3);
    return a;
}

struct count {
    int64_t params, macs;
};

/* A convolution with its norm: c_in c_out k k / groups weights. */
static void conv(struct count *n, int64_t weights, int64_t c_out, int64_t side)
{
    n->params += weights + 2 * c_out;
    n->macs += weights * side * side;
}

/* Written from the benchmark's description, apart from the program. */
static struct count by_hand(const struct arch *a)
{
    static const int depth[] = {2, 3, 3}, width[] = {64, 128, 256};
    struct count n = {0, 0};
    int64_t c = 32, side = 32;
    int layer = 0;

    conv(&n, 27 * c, c, side);
    for (int stage = 0; stage < 3; stage++)
        for (int i = 0; i < depth[stage]; i++) {
            int op = a->option[layer++];
            int64_t t = op == 1 ? 3 : 6, k = op == 1 ? 3 : 5, to = width[stage];
            int64_t out = i == 0 ? side / 2 : side;

            if (op == 0 && i == 0)
                conv(&n, c * to, to, out);
            if (op > 0) {
                conv(&n, c * t * c, t * c, side);
                conv(&n, t * c * k * k, t * c, out);
                conv(&n, t * c * to, to, out);
            }
            c = to;
            side = out;
        }
    conv(&n, c * 1280, 1280, side);
    n.params += 1280 * 10 + 10;
    n.macs += 1280 * 10;
    return n;
}

static struct graph_cost cost_of(const struct space *s, const struct arch *a)
{
    struct blueprint b;

    space_blueprint(s, a, 3, 32, 32, 10, &b);
    return child_cost(&b, 1);
}

static void test_cost_by_hand(void **state)
{
    struct conf *conf = macro_conf();
    struct space s;

    (void)state;
    space_open(&s, conf);
    for (int i = 0; i < ALL; i++) {
        struct arch a = code(i);
        struct graph_cost cost = cost_of(&s, &a);
        struct count n = by_hand(&a);

        assert_int_equal(cost.params, n.params);
        assert_int_equal(cost.macs, n.macs);
    }
    conf_free(conf);
    assert_int_equal(mem_live(), 0);
}

/* The published table, where FNAS_BENCH_MACRO names its folder. */
static bool published(char *file, size_t size)
{
    const char *folder = getenv("FNAS_BENCH_MACRO");

    (void)snprintf(file, size, "%s/nas-bench-macro.h5", folder ? folder : "");
    return folder && access(file, R_OK) == 0;
}

static enum err look_up(void *table, const struct task *t, struct result *r)
{
    const struct luggage with = {0};
    struct luggage left = {0};

    return eval_table.run(table, t, &with, r, &left);
}

static void test_cost_published(void **state)
{
    struct conf *conf = macro_conf();
    struct space s;
    struct eval_place nowhere = {NULL, NULL, NULL, NULL};
    char file[1024];
    void *table;
    int equal = 0;

    (void)state;
    assert_true(published(file, sizeof file));
    files_set(conf, &table_section, "file", file);
    space_open(&s, conf);
    assert_int_equal(eval_table.open(&table, &nowhere, &s, conf, 1), ERR_NONE);
    for (int i = 0; i < ALL; i++) {
        struct task t = {.id = i, .arch = code(i)};
        struct graph_cost cost = cost_of(&s, &t.arch);
        struct result r = {.id = i};

        assert_int_equal(look_up(table, &t, &r), ERR_NONE);
        assert_int_equal(r.state, TRIAL_DONE);
        assert_true(r.accuracy > 0.1 && r.accuracy < 0.94);
        equal += r.params == cost.params && r.macs == cost.macs;
    }
    print_message("%d of %d rows equal in parameters and MACs\n", equal, ALL);
    assert_int_equal(equal, ALL);
    eval_table.close(table);
    conf_free(conf);
    assert_int_equal(mem_live(), 0);
}

static const char name[] = "a";

/* A table of the architectures 0..n-1 of a space with two layers, 9 in all. */
struct table {
    size_t n, columns, seeds;
    unsigned char arch[9][2];
    float accuracy[9], by_seed[9][2];
    const char *units;
};

static struct table good(void)
{
    struct table t = {.n = 9, .columns = 2, .seeds = 2, .units = "percent"};

    for (int i = 0; i < 9; i++) {
        t.arch[i][0] = (unsigned char)(i / 3);
        t.arch[i][1] = (unsigned char)(i % 3);
        t.accuracy[i] = 50.0f + (float)i;
        t.by_seed[i][0] = t.accuracy[i] - 1;
        t.by_seed[i][1] = t.accuracy[i] + 1;
    }
    return t;
}

static void write_table(const struct table *t)
{
    struct h5 *h = h5_new();
    struct h5_array arch = {"/arch", H5_UINT8, 2, {t->n, t->columns}, 0, 0, 0};
    struct h5_array mean = {"/accuracy", H5_FLOAT, 1, {t->n}, 0, t->units, 0};
    struct h5_array seed = {
        "/accuracy_seed", H5_FLOAT, 2, {t->n, t->seeds}, 0, 0, 0};

    assert_int_equal(h5_write(h, &arch, t->arch), ERR_NONE);
    assert_int_equal(h5_write(h, &mean, t->accuracy), ERR_NONE);
    if (t->seeds > 0)
        assert_int_equal(h5_write(h, &seed, t->by_seed), ERR_NONE);
    assert_int_equal(store_publish_h5(files_path(name), h), ERR_NONE);
    h5_close(h);
}

/* Open it for a space of two layers; the evaluator, or NULL with a message. */
static void *open_table(struct conf **conf, struct space *s, const char *draw)
{
    struct eval_place nowhere = {NULL, NULL, NULL, NULL};
    void *table = NULL;

    *conf = macro_conf();
    files_set(*conf, &macro_section, "widths", "16");
    files_set(*conf, &macro_section, "depths", "2");
    files_set(*conf, &table_section, "file", files_path(name));
    files_set(*conf, &table_section, "accuracy", draw);
    space_open(s, *conf);
    if (eval_table.open(&table, &nowhere, s, *conf, 1) != ERR_NONE)
        return NULL;
    return table;
}

static struct arch pair(int i)
{
    return (struct arch){2, {(unsigned char)(i / 3), (unsigned char)(i % 3)}};
}

static void test_look_up(void **state)
{
    struct table t = good();
    struct conf *conf;
    struct space s;
    void *table;

    (void)state;
    t.n = 8;
    write_table(&t);
    table = open_table(&conf, &s, "mean");
    assert_non_null(table);
    for (int i = 0; i < 9; i++) {
        struct task task = {.id = i, .arch = pair(i)};
        struct result r = {.id = i};

        assert_int_equal(look_up(table, &task, &r), ERR_NONE);
        assert_int_equal(r.state, i < 8 ? TRIAL_DONE : TRIAL_REFUSED);
        if (i < 8)
            assert_true(fabs(r.accuracy - (0.5 + 0.01 * i)) < 1e-6);
        else
            assert_true(isnan(r.accuracy) && r.reason[0] != '\0');
    }
    eval_table.close(table);
    conf_free(conf);
    assert_int_equal(mem_live(), 0);
}

/* Each recorded seed is drawn about half the time, the same by each task. */
static void test_draw(void **state)
{
    struct table t = good();
    struct conf *conf;
    struct space s;
    void *table;
    int high = 0;

    (void)state;
    write_table(&t);
    table = open_table(&conf, &s, "seed");
    assert_non_null(table);
    for (int i = 0; i < 400; i++) {
        struct task task = {.id = i, .arch = {2, {0, 0}}};
        struct result a = {.id = i}, b = {.id = i};

        assert_int_equal(look_up(table, &task, &a), ERR_NONE);
        assert_int_equal(look_up(table, &task, &b), ERR_NONE);
        assert_true(a.accuracy == b.accuracy);
        assert_true(fabs(fabs(a.accuracy - 0.5) - 0.01) < 1e-6);
        high += a.accuracy > 0.5;
    }
    assert_in_range(high, 150, 250);
    eval_table.close(table);
    conf_free(conf);
    assert_int_equal(mem_live(), 0);
}

static void refused(const struct table *t, const char *draw, const char *why)
{
    struct conf *conf;
    struct space s;

    write_table(t);
    assert_null(open_table(&conf, &s, draw));
    assert_non_null(strstr(err_message(), files_path(name)));
    if (!strstr(err_message(), why))
        fail_msg("\"%s\" does not say \"%s\"", err_message(), why);
    err_clear();
    conf_free(conf);
    assert_int_equal(mem_live(), 0);
}

static void test_bad_tables(void **state)
{
    struct table t = good();

    (void)state;
    t.columns = 1;
    refused(&t, "mean", "columns");
    t = good();
    t.n = 0;
    refused(&t, "mean", "rows");
    t = good();
    t.arch[4][1] = 3;
    refused(&t, "mean", "row 4: option 3");
    t = good();
    t.arch[4][1] = 2;
    refused(&t, "mean", "same architecture");
    t = good();
    t.accuracy[2] = NAN;
    refused(&t, "mean", "not an accuracy");
    t = good();
    t.accuracy[2] = 101;
    refused(&t, "mean", "not an accuracy");
    t = good();
    t.units = "1";
    refused(&t, "mean", "not an accuracy");
    t = good();
    t.seeds = 0;
    refused(&t, "seed", "/accuracy_seed");
}

int main(void)
{
    const struct CMUnitTest here[] = {
        cmocka_unit_test(test_cost_by_hand),
        cmocka_unit_test(test_look_up),
        cmocka_unit_test(test_draw),
        cmocka_unit_test(test_bad_tables),
    };
    const struct CMUnitTest with_table[] = {
        here[0],
        here[1],
        here[2],
        here[3],
        cmocka_unit_test(test_cost_published),
    };
    char file[1024];

    if (published(file, sizeof file))
        return cmocka_run_group_tests(with_table, files_start, files_end);
    return cmocka_run_group_tests(here, files_start, files_end);
}
