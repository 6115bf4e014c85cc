/* SPDX-License-Identifier: MIT */
/* The evaluator that looks results up: a search in milliseconds.
 *
 * A benchmark table is an HDF5 file with one row for each architecture:
 *
 *     /arch           integers [n, decisions], options from 0
 *     /accuracy       floats [n]; attribute units "percent" or "1" (without
 *                     one: percent if any value exceeds 1)
 *     /accuracy_seed  floats [n, seeds], the same unit; optional
 *     /params, /macs  integers [n]; optional (/flops is read as /macs)
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/comm.h"
#include "base/h5.h"
#include "base/log.h"
#include "base/mem.h"
#include "eval/evaluators.h"

enum { ROWS_MAX = 50000000, SEEDS_MAX = 1000 };

/* clang-format off */
#define TABLE_SETTINGS(X)                                                      \
    X(TEXT, file, "", 0, 0, "",                                                \
      "Benchmark table, HDF5; needed for eval.kind = \"table\"")               \
    X(CHOICE, accuracy, "mean", 0, 0, "mean|seed",                             \
      "Answer with the mean accuracy, or with that of one recorded seed, "     \
      "drawn anew for each trial")                                             \
    X(INT, recorded, "0", 0, SEEDS_MAX, "",                                    \
      "Answer with this recorded seed, counted from 1, alone; 0: as accuracy " \
      "says")
/* clang-format on */

struct table_conf {
    TABLE_SETTINGS(CONF_FIELD)
};

CONF_ROWS(rows, struct table_conf, TABLE_SETTINGS)

static void check(struct conf *conf, const void *values)
{
    const struct table_conf *c = values;
    const struct eval_conf *e = conf_of(conf, &eval_section);

    if (c->recorded > 0 && strcmp(c->accuracy.s, "seed") == 0)
        conf_complain(conf, &table_section, "recorded",
                      "one seed, but table.accuracy = \"seed\" draws one for "
                      "each trial; leave out either");
    if (strcmp(e->kind.s, "table") == 0 && c->file.s[0] == '\0')
        conf_complain(conf, &table_section, "file",
                      "is empty; eval.kind = \"table\" needs the name of a "
                      "benchmark table");
}

const struct conf_section table_section = {
    .name = "table",
    .help = "Benchmark table (eval.kind = \"table\").",
    .bytes = sizeof(struct table_conf),
    .count = CONF_COUNT(rows),
    .rows = rows,
    .check = check,
};

/* Rows are found by the hash of their architecture. */
struct entry {
    uint64_t key;
    int row;
};

struct self {
    const struct space *space;
    const char *path;
    uint64_t seed;
    bool draw;
    int recorded; /* the seed, from 1, that answers; 0: the mean, or a draw */
    int n, seeds;
    unsigned char *arch;    /* [n][decisions] */
    struct entry *index;    /* [n] by key */
    float *accuracy;        /* [n], 0..1 */
    float *by_seed;         /* [n][seeds], 0..1; NULL if not there */
    int64_t *params, *macs; /* [n]; NULL if not there */
};

static void close(void *self)
{
    struct self *s = self;

    mem_free(s->arch);
    mem_free(s->index);
    mem_free(s->accuracy);
    mem_free(s->by_seed);
    mem_free(s->params);
    mem_free(s->macs);
    mem_free(s);
}

/* Dataset `path` must be [n, columns], or [n] if columns is 0. */
static enum err expect(struct h5 *h, const struct self *s, const char *path,
                       size_t columns)
{
    struct h5_array a;
    int rank = columns > 0 ? 2 : 1;

    TRY(h5_shape(h, path, &a));
    if (a.rank != rank || a.dims[0] != (size_t)s->n ||
        (rank == 2 && a.dims[1] != columns))
        return ERR(ERR_DATA, "%s: %s must have %d rows, as /arch has, and %s",
                   s->path, path, s->n,
                   rank == 2 ? "two dimensions" : "one dimension");
    return ERR_NONE;
}

static enum err read_arch(struct h5 *h, struct self *s)
{
    struct h5_array a;
    size_t columns = (size_t)s->space->count;

    TRY(h5_shape(h, "/arch", &a));
    if (a.rank != 2 || a.dims[1] != columns)
        return ERR(ERR_DATA,
                   "%s: /arch has %d dimensions and %zu columns; the %s space "
                   "needs 2 and %zu, one for each decision",
                   s->path, a.rank, a.rank > 1 ? a.dims[1] : 1,
                   s->space->kind->name, columns);
    if (a.dims[0] < 1 || a.dims[0] > ROWS_MAX)
        return ERR(ERR_DATA, "%s: /arch has %zu rows; 1..%d are allowed",
                   s->path, a.dims[0], ROWS_MAX);
    s->n = (int)a.dims[0];
    s->arch = MEM_NEW(unsigned char, a.dims[0] * columns);
    TRY(h5_read(h, "/arch", H5_UINT8, s->arch, a.dims[0] * columns));
    for (size_t i = 0; i < a.dims[0] * columns; i++)
        if (s->arch[i] >= s->space->decisions[i % columns].options)
            return ERR(ERR_DATA,
                       "%s: /arch, row %zu: option %d of %s; 0..%d are allowed",
                       s->path, i / columns, s->arch[i],
                       s->space->decisions[i % columns].name,
                       s->space->decisions[i % columns].options - 1);
    return ERR_NONE;
}

static bool in_percent(struct h5 *h, const struct self *s)
{
    char units[32];

    if (h5_attribute(h, "/accuracy", "units", units, sizeof units))
        return strcmp(units, "percent") == 0;
    for (int i = 0; i < s->n; i++)
        if (s->accuracy[i] > 1)
            return true;
    return false;
}

/* Bring n accuracies to 0..1. */
static enum err scale(const struct self *s, const char *path, float *x,
                      size_t n, bool percent)
{
    for (size_t i = 0; i < n; i++) {
        float value = percent ? x[i] / 100 : x[i];

        if (!(value >= 0 && value <= 1))
            return ERR(ERR_DATA, "%s: %s: %g is not an accuracy%s", s->path,
                       path, (double)x[i], percent ? " in percent" : "");
        x[i] = value;
    }
    return ERR_NONE;
}

static enum err choose_recorded(struct self *s)
{
    if (s->recorded > s->seeds)
        return ERR(ERR_DATA, "%s: has %d recorded seeds; table.recorded is %d",
                   s->path, s->seeds, s->recorded);
    for (int i = 0; i < s->n && s->recorded > 0; i++)
        s->accuracy[i] = s->by_seed[i * s->seeds + s->recorded - 1];
    return ERR_NONE;
}

static enum err read_accuracy(struct h5 *h, struct self *s)
{
    struct h5_array a;
    size_t n = (size_t)s->n;
    bool percent;

    TRY(expect(h, s, "/accuracy", 0));
    s->accuracy = MEM_NEW(float, n);
    TRY(h5_read(h, "/accuracy", H5_FLOAT, s->accuracy, n));
    percent = in_percent(h, s);
    TRY(scale(s, "/accuracy", s->accuracy, n, percent));
    if (!h5_has(h, "/accuracy_seed"))
        return s->draw || s->recorded > 0
                   ? ERR(ERR_DATA,
                         "%s: has no /accuracy_seed, which table.accuracy = "
                         "\"seed\" and table.recorded need",
                         s->path)
                   : ERR_NONE;
    TRY(h5_shape(h, "/accuracy_seed", &a));
    if (a.rank != 2 || a.dims[0] != n || a.dims[1] < 1 || a.dims[1] > SEEDS_MAX)
        return ERR(ERR_DATA, "%s: /accuracy_seed must be [%d, 1..%d]", s->path,
                   s->n, SEEDS_MAX);
    s->seeds = (int)a.dims[1];
    s->by_seed = MEM_NEW(float, n *a.dims[1]);
    TRY(h5_read(h, "/accuracy_seed", H5_FLOAT, s->by_seed, n * a.dims[1]));
    TRY(scale(s, "/accuracy_seed", s->by_seed, n * a.dims[1], percent));
    return choose_recorded(s);
}

/* An optional column of counts. */
static enum err read_counts(struct h5 *h, const struct self *s,
                            const char *path, int64_t **counts)
{
    if (!h5_has(h, path))
        return ERR_NONE;
    TRY(expect(h, s, path, 0));
    *counts = MEM_NEW(int64_t, s->n);
    return h5_read(h, path, H5_INT64, *counts, (size_t)s->n);
}

static struct arch arch_of(const struct self *s, int row)
{
    struct arch a = {.count = s->space->count};

    memcpy(a.option, s->arch + (size_t)row * (size_t)a.count, (size_t)a.count);
    return a;
}

static int compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    return (x->key > y->key) - (x->key < y->key);
}

static enum err index_rows(struct self *s)
{
    s->index = MEM_NEW(struct entry, s->n);
    for (int i = 0; i < s->n; i++) {
        struct arch a = arch_of(s, i);

        s->index[i] = (struct entry){arch_hash(&a), i};
    }
    qsort(s->index, (size_t)s->n, sizeof s->index[0], compare);
    for (int i = 1; i < s->n; i++)
        if (s->index[i - 1].key == s->index[i].key)
            return ERR(ERR_DATA,
                       "%s: /arch has the same architecture in rows %d and %d",
                       s->path, s->index[i - 1].row, s->index[i].row);
    return ERR_NONE;
}

/* Row of an architecture, -1 if it has none. */
static int find(const struct self *s, const struct arch *a)
{
    struct entry key = {.key = arch_hash(a)};
    const struct entry *e =
        bsearch(&key, s->index, (size_t)s->n, sizeof s->index[0], compare);
    struct arch found;

    if (!e)
        return -1;
    found = arch_of(s, e->row);
    return arch_equal(&found, a) ? e->row : -1;
}

static enum err read_table(struct self *s)
{
    struct h5 *h;
    enum err e;

    TRY(h5_open(&h, s->path));
    e = read_arch(h, s);
    if (e == ERR_NONE)
        e = read_accuracy(h, s);
    if (e == ERR_NONE)
        e = read_counts(h, s, "/params", &s->params);
    if (e == ERR_NONE)
        e = read_counts(h, s, h5_has(h, "/macs") ? "/macs" : "/flops",
                        &s->macs);
    h5_close(h);
    return e == ERR_NONE ? index_rows(s) : e;
}

static enum err open(void **self, const struct eval_place *place,
                     const struct space *space, const struct conf *conf,
                     uint64_t seed)
{
    const struct table_conf *c = conf_of(conf, &table_section);
    struct self *s = MEM_NEW(struct self, 1);
    enum err e;

    s->space = space;
    s->path = c->file.s;
    s->seed = seed;
    s->draw = strcmp(c->accuracy.s, "seed") == 0;
    s->recorded = c->recorded;
    e = read_table(s);
    if (place->world)
        e = comm_agree(place->world, e);
    if (e != ERR_NONE)
        close(s);
    else
        *self = s;
    return e;
}

static double look_up(const struct self *s, int row, int64_t task)
{
    struct rng r = rng_stream(s->seed, RNG_TABLE, (uint64_t)task);

    if (!s->draw)
        return (double)s->accuracy[row];
    return (double)s->by_seed[row * s->seeds + rng_below(&r, s->seeds)];
}

static enum err run(void *self, const struct task *t,
                    const struct luggage *with, struct result *r,
                    struct luggage *left)
{
    struct self *s = self;
    int row = find(s, &t->arch);

    (void)with;
    (void)left;
    r->loss = r->train_loss = r->latency = r->accuracy = (double)NAN;
    if (row < 0) {
        r->state = TRIAL_REFUSED;
        (void)snprintf(r->reason, sizeof r->reason, "not in the table");
        return ERR_NONE;
    }
    r->state = TRIAL_DONE;
    r->accuracy = look_up(s, row, t->id);
    r->params = s->params ? s->params[row] : 0;
    r->macs = s->macs ? s->macs[row] : 0;
    return ERR_NONE;
}

static void print(void *self)
{
    struct self *s = self;

    log_print("table      %s: %d architectures, %d recorded seeds, %s\n",
              s->path, s->n, s->seeds,
              s->draw           ? "one of them drawn for each trial"
              : s->recorded > 0 ? "one of them"
                                : "mean accuracy");
}

static uint64_t digest(const void *self)
{
    const struct self *s = self;
    size_t n = (size_t)s->n;
    uint64_t hash = rng_mix(0, s->draw);

    hash = rng_mix_bytes(hash, s->arch, n * (size_t)s->space->count);
    return rng_mix_bytes(hash, s->accuracy, n * sizeof s->accuracy[0]);
}

static enum err record(void *self, struct h5 *h)
{
    struct self *s = self;

    return h5_write_text(h, "/run/table", s->path, "benchmark table");
}

const struct eval eval_table = {
    .name = "table",
    .help = "looks the architecture up in a benchmark table",
    .open = open,
    .run = run,
    .print = print,
    .digest = digest,
    .record = record,
    .close = close,
};
