/* SPDX-License-Identifier: MIT */
/* A benchmark table, and look-ups in it. */
#include <string.h>

#include "eval/evaluators.h"
#include "fuzz.h"
#include "h5tree.h"
#include "run/settings.h"
#include "space/kinds.h"

enum { ROWS = 5, LAYERS = 8, SEEDS = 3 };

static void put(struct h5tree *t, const char *path, enum h5_type type,
                size_t columns, const void *values)
{
    struct h5_array a = {.path = path,
                         .type = type,
                         .rank = columns > 0 ? 2 : 1,
                         .dims = {ROWS, columns}};

    h5tree_add(t, &a, values);
}

static void plant(struct h5tree *t)
{
    static const unsigned char arch[ROWS][LAYERS] = {
        {0}, {1}, {2, 2}, {0, 1, 2}, {2, 1, 0, 0, 0, 0, 0, 1}};
    static const float accuracy[ROWS] = {0.5f, 0.25f, 0.75f, 1, 0};
    static const float seeds[ROWS][SEEDS] = {{0.5f, 0.5f, 0.5f}, {0.25f}};
    static const int64_t counts[ROWS] = {1, 2, 3, 4, 5};

    put(t, "/arch", H5_UINT8, LAYERS, arch);
    put(t, "/accuracy", H5_FLOAT, 0, accuracy);
    put(t, "/accuracy_seed", H5_FLOAT, SEEDS, seeds);
    put(t, "/params", H5_INT64, 0, counts);
    put(t, "/flops", H5_INT64, 0, counts);
}

static void look_up(void *table, int count)
{
    struct task t = {.arch = {.count = count}};
    const struct luggage nothing = {NULL, 0};
    struct luggage left = nothing;
    struct result r = {.id = 0};

    for (t.id = 0; t.id < ROWS; t.id++) {
        t.arch.option[0] = (unsigned char)(t.id % 3);
        FUZZ_CHECK(eval_table.run(table, &t, &nothing, &r, &left) == ERR_NONE);
        FUZZ_CHECK(r.state == TRIAL_REFUSED ||
                   (r.accuracy >= 0 && r.accuracy <= 1));
    }
    (void)eval_table.digest(table);
}

static enum err read_table(const char *path, unsigned how)
{
    const struct eval_place nowhere = {NULL, NULL, NULL, NULL};
    struct conf *conf = settings_new();
    struct space space;
    void *table;
    enum err e;

    fuzz_set(conf, &space_section, "kind", "macro");
    fuzz_set(conf, &eval_section, "kind", "table");
    fuzz_set(conf, &table_section, "file", path);
    if (how % 3 == 1)
        fuzz_set(conf, &table_section, "accuracy", "seed");
    if (how % 3 == 2)
        fuzz_set(conf, &table_section, "recorded", "2");
    space_open(&space, conf);
    e = eval_table.open(&table, &nowhere, &space, conf, 1);
    if (e == ERR_NONE) {
        look_up(table, space.count);
        eval_table.close(table);
    }
    conf_free(conf);
    return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path;

    if (size < 1)
        return 0;
    path = h5tree_file(plant, data + 1, size - 1);
    fuzz_begin();
    fuzz_end(read_table(path, data[0]), path);
    return 0;
}
