/* SPDX-License-Identifier: MIT */
/* The results of an earlier run, as transfer.from reads them, and as the tools
 * do. */
#include <string.h>

#include "fuzz.h"
#include "h5tree.h"
#include "ledger.h"
#include "run/settings.h"
#include "search/transfer.h"

enum { TRIALS = 4, WIDTH = 10 };

static void put(struct h5tree *t, const char *path, enum h5_type type,
                size_t rows, size_t columns, const void *values)
{
    struct h5_array a = {.path = path,
                         .type = type,
                         .rank = columns > 0 ? 2 : 1,
                         .dims = {rows, columns},
                         .width = WIDTH};

    h5tree_add(t, &a, values);
}

static void plant(struct h5tree *t)
{
    static const char names[] = "b1.kernel\0b1.conv\0\0\0b9.extra\0";
    static const char labels[] = "k3 k5\0\0\0\0\0conv sep\0\0a b\0\0\0\0\0\0";
    static const char states[] = "done\0\0\0\0\0\0cached\0\0\0\0"
                                 "diverged\0\0done\0\0\0\0\0";
    static const unsigned char options[TRIALS][3] = {
        {0}, {1, 1, 0}, {0, 0, 1}, {1, 0, 0}};
    static const double accuracy[TRIALS] = {0.5, 0.5, 0, 0.75};
    static const int64_t twin[TRIALS] = {-1, 0, -1, -1};
    const struct h5_array task = {
        .path = "/run/task", .type = H5_TEXT, .width = 4};

    put(t, "/decisions/name", H5_TEXT, 3, 0, names);
    put(t, "/decisions/labels", H5_TEXT, 3, 0, labels);
    put(t, "/trials/state", H5_TEXT, TRIALS, 0, states);
    put(t, "/trials_options", H5_UINT8, TRIALS, 3, options);
    put(t, "/trials/accuracy", H5_DOUBLE, TRIALS, 0, accuracy);
    put(t, "/trials/reward", H5_DOUBLE, TRIALS, 0, accuracy);
    put(t, "/trials/age", H5_DOUBLE, TRIALS, 0, accuracy);
    put(t, "/trials/epochs", H5_DOUBLE, TRIALS, 0, accuracy);
    put(t, "/trials/scratch_epochs", H5_DOUBLE, TRIALS, 0, accuracy);
    put(t, "/trials/seconds", H5_DOUBLE, TRIALS, 0, accuracy);
    put(t, "/trials/twin", H5_INT64, TRIALS, 0, twin);
    h5tree_add(t, &task, "0123");
}

static void open_space(struct space *s)
{
    static const char *const conv[] = {"conv", "sep"};
    static const char *const kernel[] = {"k3", "k5"};

    *s = (struct space){.count = 0};
    space_add(s, "b1.conv", 2, conv, "_");
    space_add(s, "b1.kernel", 2, kernel, "");
}

static enum err read_earlier(const char *path)
{
    struct conf *conf = settings_new();
    struct transfer t;
    struct space s;
    enum err e;

    open_space(&s);
    fuzz_set(conf, &transfer_section, "from", path);
    e = transfer_open(&t, conf, &s, "0123");
    for (int i = 0; e == ERR_NONE && i < t.runs[0].count; i++)
        for (int k = 0; k < s.count; k++)
            FUZZ_CHECK(t.runs[0].arch[i].option[k] < s.decisions[k].options);
    transfer_close(&t);
    conf_free(conf);
    return e;
}

static enum err read_ledger(const char *path)
{
    struct ledger l;
    enum err e = ledger_read(&l, path);

    ledger_free(&l);
    return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = h5tree_file(plant, data, size);

    fuzz_begin();
    fuzz_end(read_earlier(path), path);
    fuzz_end(read_ledger(path), path);
    return 0;
}
