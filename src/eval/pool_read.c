/* SPDX-License-Identifier: MIT */
/* Reading; what a file claims is checked before memory is taken for it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "eval/pool_file.h"
#include "pool_format.h"

enum { ENTRIES_MAX = 100000, BLOCK_VALUES_MAX = 1 << 28 };

/* A column of `rows` integers. */
static enum err read_column(struct h5 *h, const char *path, int64_t *x,
                            size_t rows)
{
    struct h5_array a;

    TRY(h5_shape(h, path, &a));
    if (a.rank != 1 || a.dims[0] != rows)
        return ERR(ERR_DATA,
                   "%s has %zu rows; %zu are expected, as many as "
                   "/entries/stage has",
                   path, a.rank > 0 ? a.dims[0] : 1, rows);
    return h5_read(h, path, H5_INT64, x, rows);
}

static enum err read_keys(struct h5 *h, const struct pool_column *c,
                          struct entry *list, int64_t *x, size_t rows)
{
    char path[POOL_PATH_MAX];

    (void)snprintf(path, sizeof path, "/entries/%s", c->name);
    TRY(read_column(h, path, x, rows));
    for (size_t i = 0; i < rows; i++) {
        if (x[i] < c->min || x[i] > c->max)
            return ERR(ERR_DATA, "%s, row %zu: %lld; %d..%d are allowed", path,
                       i, (long long)x[i], c->min, c->max);
        *pool_field(&list[i].block, c) = (int)x[i];
    }
    return ERR_NONE;
}

/* What the columns cannot say one by one. */
static enum err check_block(const struct pool *p, const struct block *b,
                            size_t row)
{
    size_t values;

    if (b->form.kernel % 2 == 0)
        return ERR(ERR_DATA, "/entries/kernel, row %zu: %d is not odd", row,
                   b->form.kernel);
    if (b->classifier && (b->form.kind != LAYER_CONV || b->form.kernel != 1 ||
                          b->layers != 1 || b->form.se != 0))
        return ERR(ERR_DATA,
                   "/entries/classifier, row %zu: is one, but not a "
                   "1 x 1 convolution",
                   row);
    values = block_values(b);
    if (values > BLOCK_VALUES_MAX || values * sizeof(float) > p->limit)
        return ERR(ERR_DATA,
                   "/blocks/%zu would take %.0f MiB; pool.limit allows %.0f",
                   row, (double)values * sizeof(float) / 0x1p20,
                   (double)p->limit / 0x1p20);
    return ERR_NONE;
}

/* Columns and their ranges; weights come later. */
static enum err read_columns(struct h5 *h, const struct pool *p,
                             struct entry *list, int64_t *x, size_t rows)
{
    const struct pool_column *c;

    for (int k = 0; (c = pool_column_at(k)) != NULL; k++)
        TRY(read_keys(h, c, list, x, rows));
    TRY(read_column(h, "/entries/classifier", x, rows));
    for (size_t i = 0; i < rows; i++) {
        list[i].block.classifier = x[i] != 0;
        list[i].block.form.block = list[i].block.stage;
        TRY(check_block(p, &list[i].block, i));
    }
    return ERR_NONE;
}

static enum err read_ages(struct h5 *h, struct entry *list, double *age,
                          size_t rows)
{
    TRY(h5_read(h, "/entries/age", H5_DOUBLE, age, rows));
    for (size_t i = 0; i < rows; i++) {
        if (!(age[i] >= 0 && age[i] <= 1e9))
            return ERR(ERR_DATA,
                       "/entries/age, row %zu: %g; 0..1e9 epochs are allowed",
                       i, age[i]);
        list[i].age = age[i];
    }
    return ERR_NONE;
}

static size_t values_of(const struct h5_array *a)
{
    size_t n = 1;

    for (int i = 0; i < a->rank; i++)
        n *= a->dims[i];
    return n;
}

static enum err read_tensor(struct h5 *h, const struct h5_array *a, float *w,
                            size_t at)
{
    size_t n = values_of(a);
    struct h5_array found;

    w += at;
    TRY(h5_shape(h, a->path, &found));
    if (found.rank != a->rank ||
        memcmp(found.dims, a->dims, sizeof a->dims[0] * (size_t)a->rank) != 0)
        return ERR(ERR_DATA, "%s has not the shape of its row in /entries",
                   a->path);
    TRY(h5_read(h, a->path, H5_FLOAT, w, n));
    for (size_t i = 0; i < n; i++)
        if (!isfinite(w[i]))
            return ERR(ERR_DATA, "%s has a value that is not finite", a->path);
    return ERR_NONE;
}

/* Is all there, before memory is taken? */
static enum err find_tensor(struct h5 *h, const struct h5_array *a, float *w,
                            size_t at)
{
    struct h5_array found;

    (void)w;
    (void)at;
    return h5_shape(h, a->path, &found);
}

/* Variances are of use only if no number below 0 is among them. */
static enum err check_variances(const struct block *b, const float *w,
                                size_t row)
{
    struct tensor part[PARTS];

    for (int i = 0; i < b->layers; i++) {
        block_tensors(part, b, i);
        for (int k = 0; k < PARTS; k++)
            for (int c = 0; part_norm((enum part)k) && c < part[k].outs; c++)
                if (w[part[k].at + (size_t)(3 * part[k].outs + c)] < 0)
                    return ERR(ERR_DATA,
                               "/blocks/%zu/layer%d/%s/variance: below 0", row,
                               i, part_text((enum part)k));
    }
    return ERR_NONE;
}

/* The weights of an entry, which is put into the pool. */
static enum err read_block(struct h5 *h, struct pool *p, struct entry e,
                           size_t row)
{
    enum err error;

    TRY(pool_visit_block(h, (int)row, &e.block, NULL, find_tensor));
    e.w = MEM_NEW(float, block_values(&e.block));
    error = pool_visit_block(h, (int)row, &e.block, e.w, read_tensor);
    if (error == ERR_NONE)
        error = check_variances(&e.block, e.w, row);
    if (error != ERR_NONE) {
        mem_free(e.w);
        return error;
    }
    pool_put(p, e);
    pool_shrink(p);
    return ERR_NONE;
}

static enum err read_rows(struct h5 *h, struct pool *p, size_t rows)
{
    struct entry *list = MEM_NEW(struct entry, rows);
    int64_t *x = MEM_NEW(int64_t, rows);
    double *age = MEM_NEW(double, rows);
    enum err e = read_columns(h, p, list, x, rows);

    if (e == ERR_NONE)
        e = read_ages(h, list, age, rows);
    for (size_t i = 0; i < rows && e == ERR_NONE; i++)
        e = read_block(h, p, list[i], i);
    mem_free(list);
    mem_free(x);
    mem_free(age);
    return e;
}

static enum err check_format(struct h5 *h)
{
    char format[32], version[32] = "1";

    if (!h5_attribute(h, "/", "format", format, sizeof format) ||
        strcmp(format, POOL_FORMAT) != 0)
        return ERR(ERR_DATA, "it is not a knowledge pool: the attribute format "
                             "is not " POOL_FORMAT);
    (void)h5_attribute(h, "/", "format_version", version, sizeof version);
    if (strtol(version, NULL, 10) != strtol(POOL_VERSION, NULL, 10))
        return ERR(ERR_DATA,
                   "it is a knowledge pool of format %s; this program reads "
                   "format " POOL_VERSION,
                   version);
    return ERR_NONE;
}

static enum err read_all(struct h5 *h, struct pool *p)
{
    struct h5_array a;

    TRY(check_format(h));
    TRY(h5_shape(h, "/entries/stage", &a));
    if (a.rank != 1 || a.dims[0] > ENTRIES_MAX)
        return ERR(ERR_DATA,
                   "/entries/stage has %d dimensions and %zu rows; 1 "
                   "and 0..%d are allowed",
                   a.rank, a.rank > 0 ? a.dims[0] : 1, ENTRIES_MAX);
    return read_rows(h, p, a.dims[0]);
}

enum err pool_read(struct pool *p, const char *path)
{
    struct h5 *h;
    enum err e;

    TRY(h5_open(&h, path));
    e = read_all(h, p);
    h5_close(h);
    if (e != ERR_NONE && !strstr(err_message(), path)) {
        char why[512];

        (void)snprintf(why, sizeof why, "%s", err_message());
        err_clear();
        return ERR(e, "%s: %s", path, why);
    }
    return e;
}

/* Why no child of the space starts from a block; NULL: some do. */
static const char *misfit(const struct block *e, const struct blueprint *b)
{
    int last = b->layers[b->count - 1].block + 1;

    if (e->classifier != (e->stage == last))
        return "the network has another number of blocks";
    if (e->classifier && e->form.channels != b->classes)
        return "the number of classes is another; classifiers start fresh";
    for (int i = 0; i < b->count; i++) {
        const struct layer *l = &b->layers[i];

        if (l->block != e->stage || l->kind == LAYER_NONE)
            continue;
        return l->stride == e->form.stride ? NULL
                                           : "the stride of the stage is "
                                             "another";
    }
    return e->stage < last || e->classifier ? NULL : "there is no such stage";
}

void pool_fit(struct pool *p, const struct blueprint *b)
{
    for (int i = p->count - 1; i >= 0; i--) {
        const struct block *e = &p->list[i].block;
        const char *why = misfit(e, b);
        char text[BLOCK_TEXT_MAX];

        block_text(text, e);
        if (why) {
            log_print("pool.from  not used: %s: %s\n", text, why);
            pool_drop(p, i);
        } else if (e->stage == 0 && e->c_in != b->channels) {
            log_print("pool.from  adapted to images of %d channels: %s\n",
                      b->channels, text);
        }
    }
}
