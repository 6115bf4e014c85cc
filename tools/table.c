/* SPDX-License-Identifier: MIT */
/* NAS-Bench-Macro's JSON: {"01200112": {"test_acc": [percent, ...], "mean_acc":
 * percent, "std": ..., "params": n, "flops": n}, ...}.  Rows are sorted by
 * architecture. */
#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/h5.h"
#include "base/mem.h"
#include "run/store.h"
#include "verbs.h"

enum { DECISIONS_MAX = 64, SEEDS_MAX = 64 };

/* The table in columns. */
struct columns {
    size_t n, decisions, seeds;
    unsigned char *arch;
    float *mean, *by_seed;
    int64_t *params, *macs;
};

static void columns_new(struct columns *c)
{
    c->arch = MEM_NEW(unsigned char, c->n * c->decisions);
    c->mean = MEM_NEW(float, c->n);
    c->by_seed = MEM_NEW(float, c->n * c->seeds);
    c->params = MEM_NEW(int64_t, c->n);
    c->macs = MEM_NEW(int64_t, c->n);
}

static void columns_free(struct columns *c)
{
    mem_free(c->arch);
    mem_free(c->mean);
    mem_free(c->by_seed);
    mem_free(c->params);
    mem_free(c->macs);
}

static enum err read_code(const struct columns *c, size_t row, const char *code)
{
    if (strlen(code) != c->decisions)
        return ERR(ERR_DATA, "%s: %zu digits expected", code, c->decisions);
    for (size_t k = 0; k < c->decisions; k++) {
        if (code[k] < '0' || code[k] > '9')
            return ERR(ERR_DATA, "%s: not a row of digits", code);
        c->arch[row * c->decisions + k] = (unsigned char)(code[k] - '0');
    }
    return ERR_NONE;
}

static enum err read_row(const struct columns *c, size_t row, const char *code,
                         const json_t *entry)
{
    const json_t *seeds = json_object_get(entry, "test_acc");
    const json_t *mean = json_object_get(entry, "mean_acc");

    TRY(read_code(c, row, code));
    if (json_array_size(seeds) != c->seeds || !json_is_number(mean))
        return ERR(ERR_DATA, "%s: needs mean_acc, and test_acc with %zu values",
                   code, c->seeds);
    c->mean[row] = (float)json_number_value(mean);
    for (size_t k = 0; k < c->seeds; k++)
        c->by_seed[row * c->seeds + k] =
            (float)json_number_value(json_array_get(seeds, k));
    c->params[row] = json_integer_value(json_object_get(entry, "params"));
    c->macs[row] = json_integer_value(json_object_get(entry, "flops"));
    return ERR_NONE;
}

static int compare(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

/* The keys in order; the caller frees the list. */
static const char **sorted_keys(json_t *table)
{
    const char **keys = MEM_NEW(const char *, json_object_size(table));
    const char *key;
    json_t *entry;
    size_t n = 0;

    json_object_foreach(table, key, entry) keys[n++] = key;
    qsort(keys, n, sizeof keys[0], compare);
    return keys;
}

static enum err read_rows(struct columns *c, json_t *table)
{
    const char **keys = sorted_keys(table);
    const json_t *first = json_object_get(table, keys[0]);
    enum err e = ERR_NONE;

    c->n = json_object_size(table);
    c->decisions = strlen(keys[0]);
    c->seeds = json_array_size(json_object_get(first, "test_acc"));
    if (c->decisions < 1 || c->decisions > DECISIONS_MAX || c->seeds < 1 ||
        c->seeds > SEEDS_MAX)
        e = ERR(ERR_DATA,
                "%s: 1..%d digits and 1..%d values of test_acc are "
                "allowed",
                keys[0], DECISIONS_MAX, SEEDS_MAX);
    else
        columns_new(c);
    for (size_t i = 0; i < c->n && e == ERR_NONE; i++)
        e = read_row(c, i, keys[i], json_object_get(table, keys[i]));
    mem_free(keys);
    return e;
}

static enum err write_columns(struct h5 *h, const struct columns *c)
{
    const size_t n = c->n;

    TRY(h5_set_attribute(h, "/", "format", "fnas-table"));
    TRY(h5_write(h,
                 &(struct h5_array){"/arch",
                                    H5_UINT8,
                                    2,
                                    {n, c->decisions},
                                    0,
                                    "1",
                                    "option of each decision"},
                 c->arch));
    TRY(h5_write(h,
                 &(struct h5_array){"/accuracy",
                                    H5_FLOAT,
                                    1,
                                    {n},
                                    0,
                                    "percent",
                                    "mean over the recorded seeds"},
                 c->mean));
    TRY(h5_write(h,
                 &(struct h5_array){"/accuracy_seed",
                                    H5_FLOAT,
                                    2,
                                    {n, c->seeds},
                                    0,
                                    "percent",
                                    "accuracy of each recorded seed"},
                 c->by_seed));
    TRY(h5_write(h,
                 &(struct h5_array){
                     "/params", H5_INT64, 1, {n}, 0, "1", "learned parameters"},
                 c->params));
    return h5_write(h,
                    &(struct h5_array){"/macs",
                                       H5_INT64,
                                       1,
                                       {n},
                                       0,
                                       "1",
                                       "multiply-accumulates of one image"},
                    c->macs);
}

static enum err publish(const struct columns *c, const char *path)
{
    struct h5 *h = h5_new();
    enum err e = write_columns(h, c);

    if (e == ERR_NONE)
        e = store_publish_h5(path, h);
    h5_close(h);
    return e;
}

static enum err convert(const char *from, const char *to)
{
    struct columns c = {0};
    json_error_t trouble;
    json_t *table = json_load_file(from, JSON_REJECT_DUPLICATES, &trouble);
    enum err e;

    if (!table)
        return ERR(ERR_DATA, "%s:%d: %s", from, trouble.line, trouble.text);
    if (json_object_size(table) == 0)
        e = ERR(ERR_DATA, "%s: not a table of architectures", from);
    else
        e = read_rows(&c, table);
    json_decref(table);
    if (e == ERR_NONE)
        e = publish(&c, to);
    if (e == ERR_NONE)
        printf("%s: %zu architectures of %zu decisions, %zu seeds\n", to, c.n,
               c.decisions, c.seeds);
    columns_free(&c);
    return e;
}

enum err verb_table(int argc, char **argv)
{
    if (argc != 2)
        return ERR(ERR_USAGE, "usage: fnas table IN.json OUT.h5");
    TRY(store_ready(argv[1], false));
    return convert(argv[0], argv[1]);
}
