/* SPDX-License-Identifier: MIT */
#include "eval/pool_file.h"

#include <stdio.h>

#include "base/mem.h"
#include "pool_format.h"

static enum err write_tensor(struct h5 *h, const struct h5_array *a, float *w,
                             size_t at)
{
    return h5_write(h, a, w + at);
}

static enum err write_column(struct h5 *h, const struct pool *p,
                             const char *name, const char *description,
                             const int64_t *x)
{
    char path[POOL_PATH_MAX];

    (void)snprintf(path, sizeof path, "/entries/%s", name);
    return h5_write(h,
                    &(struct h5_array){.path = path,
                                       .type = H5_INT64,
                                       .rank = 1,
                                       .dims = {(size_t)p->count},
                                       .units = "1",
                                       .description = description},
                    x);
}

static enum err write_reals(struct h5 *h, const struct pool *p,
                            const char *path, const char *units,
                            const char *description, const double *x)
{
    return h5_write(h,
                    &(struct h5_array){.path = path,
                                       .type = H5_DOUBLE,
                                       .rank = 1,
                                       .dims = {(size_t)p->count},
                                       .units = units,
                                       .description = description},
                    x);
}

static enum err write_keys(struct h5 *h, const struct pool *p, int64_t *x)
{
    const struct pool_column *c;

    for (int k = 0; (c = pool_column_at(k)) != NULL; k++) {
        for (int i = 0; i < p->count; i++)
            x[i] = *pool_field(&p->list[i].block, c);
        TRY(write_column(h, p, c->name, c->description, x));
    }
    for (int i = 0; i < p->count; i++)
        x[i] = p->list[i].block.classifier;
    TRY(write_column(h, p, "classifier", "1: the classifier, 0: layers", x));
    for (int i = 0; i < p->count; i++)
        x[i] = p->list[i].updates;
    return write_column(h, p, "updates", "children that it learned from", x);
}

static enum err write_history(struct h5 *h, const struct pool *p, double *x)
{
    for (int i = 0; i < p->count; i++)
        x[i] = p->list[i].age;
    return write_reals(h, p, "/entries/age", "epochs",
                       "how long the weights were trained", x);
}

static enum err write_names(struct h5 *h, const struct pool *p)
{
    char *names = MEM_NEW(char, p->count *BLOCK_TEXT_MAX);
    enum err e;

    for (int i = 0; i < p->count; i++)
        block_text(names + (ptrdiff_t)i * BLOCK_TEXT_MAX, &p->list[i].block);
    e = h5_write(h,
                 &(struct h5_array){.path = "/entries/name",
                                    .type = H5_TEXT,
                                    .rank = 1,
                                    .dims = {(size_t)p->count},
                                    .width = BLOCK_TEXT_MAX,
                                    .units = "",
                                    .description = "the block in words"},
                 names);
    mem_free(names);
    return e;
}

enum err pool_write(struct h5 *h, const struct pool *p)
{
    int64_t *x = MEM_NEW(int64_t, p->count);
    double *y = MEM_NEW(double, p->count);
    enum err e = write_keys(h, p, x);

    if (e == ERR_NONE)
        e = write_history(h, p, y);
    mem_free(x);
    mem_free(y);
    TRY(e);
    TRY(write_names(h, p));
    for (int i = 0; i < p->count; i++)
        TRY(pool_visit_block(h, i, &p->list[i].block, p->list[i].w,
                             write_tensor));
    TRY(h5_set_attribute(h, "/", "format", POOL_FORMAT));
    TRY(h5_set_attribute(h, "/", "format_version", POOL_VERSION));
    return h5_write_text(
        h, "/README",
        "Blocks of trained networks, left by an architecture search.\n"
        "/entries has a row for each, /blocks/N the tensors of row N.\n"
        "To start a search with them: pool = { enabled = true; from = "
        "\"this file\"; };\n",
        "how to read this file");
}
