/* SPDX-License-Identifier: MIT */
/* /health: the panel, and the shares of the options. */
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "results_parts.h"
#include "run/health.h"

struct texts {
    const char *path;
    size_t offset, width; /* of the field */
    const char *description;
};

/* A field that holds a text, of rows[n] of `size` bytes each. */
static enum err write_texts(struct h5 *h, const struct texts *t,
                            const void *rows, size_t size, size_t n)
{
    struct h5_array a = {.path = t->path,
                         .type = H5_TEXT,
                         .rank = 1,
                         .dims = {n},
                         .width = t->width,
                         .units = "",
                         .description = t->description};
    char *all = MEM_NEW(char, n * t->width);
    enum err e;

    for (size_t i = 0; i < n; i++)
        (void)strncpy(all + i * t->width,
                      (const char *)rows + i * size + t->offset, t->width - 1);
    e = h5_write(h, &a, all);
    mem_free(all);
    return e;
}

/* clang-format off */
#define ROW(field)    offsetof(struct health_row, field)
#define CHOICE(field) offsetof(struct choice, field)
static const struct texts row_texts[] = {
    {"/health/name", ROW(name), sizeof((struct health_row *)0)->name, "figure of the panel"},
    {"/health/text", ROW(text), sizeof((struct health_row *)0)->text, "what its value says"},
};
static const struct column row_columns[] = {
    {"/health/value", H5_DOUBLE, ROW(value), "1", "its value; NaN: there is none"},
};
static const struct texts choice_texts[] = {
    {"/health/choices/kind",   CHOICE(kind),   sizeof((struct choice *)0)->kind,   "kind of decision"},
    {"/health/choices/option", CHOICE(option), sizeof((struct choice *)0)->option, "option of that kind"},
};
static const struct column choice_columns[] = {
    {"/health/choices/share",   H5_DOUBLE, CHOICE(share),   "1", "how often it was chosen lately, over all decisions of its kind"},
    {"/health/choices/uniform", H5_DOUBLE, CHOICE(uniform), "1", "how often random draws would choose it"},
};
/* clang-format on */

static enum err write_columns(struct h5 *h, const struct column *c,
                              size_t count, const void *rows, size_t size,
                              size_t n)
{
    struct slice all = {.all = n, .rows = n, .list = rows};

    TRY(results_columns_make(h, c, count, n));
    return results_columns_write(h, c, count, &all, size);
}

static enum err write_health(struct h5 *h, const struct health *p)
{
    size_t rows = (size_t)p->rows, choices = (size_t)p->choices;

    for (int i = 0; i < 2; i++) {
        TRY(write_texts(h, &row_texts[i], p->row, sizeof p->row[0], rows));
        TRY(write_texts(h, &choice_texts[i], p->choice, sizeof p->choice[0],
                        choices));
    }
    TRY(write_columns(h, row_columns, 1, p->row, sizeof p->row[0], rows));
    return write_columns(h, choice_columns, 2, p->choice, sizeof p->choice[0],
                         choices);
}

enum err results_health(struct h5 *h, const struct driver *d)
{
    struct health panel;
    enum err e;

    health_measure(&panel, d);
    e = write_health(h, &panel);
    health_free(&panel);
    return e;
}
