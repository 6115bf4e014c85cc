/* SPDX-License-Identifier: MIT */
#include "base/state.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/h5.h"
#include "base/mem.h"

struct state {
    struct h5 *h;
    bool loads;
    const char *file; /* that is loaded */
    enum err e;
    size_t group; /* length of the path of the group we are in */
    char path[256];
};

static struct state *new (struct h5 *h, bool loads)
{
    struct state *s = MEM_NEW(struct state, 1);

    s->h = h;
    s->loads = loads;
    return s;
}

struct state *state_save(struct h5 *h)
{
    h5_set_plain(h, true);
    return new (h, false);
}

struct state *state_load(struct h5 *h, const char *file)
{
    struct state *s = new (h, true);

    s->file = file;
    return s;
}

enum err state_end(struct state *s)
{
    enum err e = s->e;

    mem_free(s);
    return e;
}

bool state_ok(const struct state *s)
{
    return s->e == ERR_NONE;
}

bool state_loads(const struct state *s)
{
    return s->loads && state_ok(s);
}

/* The path of something in this group. */
static const char *path_of(struct state *s, const char *name)
{
    size_t left = sizeof s->path - s->group;
    int n = snprintf(s->path + s->group, left, "/%s", name);

    CHECK(n > 0 && (size_t)n < left);
    return s->path;
}

void state_enter(struct state *s, const char *name)
{
    s->group = strlen(path_of(s, name));
}

void state_leave(struct state *s)
{
    s->path[s->group] = '\0';
    s->group = (size_t)(strrchr(s->path, '/') - s->path);
}

void state_need(struct state *s, bool holds, const char *what)
{
    s->path[s->group] = '\0';
    if (state_loads(s) && !holds)
        s->e = ERR(ERR_DATA, "%s: %s: %s", s->file,
                   s->group > 0 ? s->path : "/", what);
}

/* n values, in either direction. */
static void array(struct state *s, const char *name, enum h5_type type, void *x,
                  size_t n)
{
    struct h5_array a = {
        .path = path_of(s, name), .type = type, .rank = 1, .dims = {n}};

    if (s->e != ERR_NONE || n == 0)
        return;
    s->e = s->loads ? h5_read(s->h, a.path, type, x, n) : h5_write(s->h, &a, x);
}

void state_count(struct state *s, const char *name, int64_t *x, int64_t least,
                 int64_t most)
{
    int64_t value = *x;

    array(s, name, H5_INT64, &value, 1);
    if (s->e != ERR_NONE || !s->loads)
        return;
    if (value < least || value > most)
        s->e = ERR(ERR_DATA,
                   "%s: %s: %" PRId64 "; %" PRId64 "..%" PRId64 " are allowed",
                   s->file, s->path, value, least, most);
    else
        *x = value;
}

void state_int(struct state *s, const char *name, int *x, int least, int most)
{
    int64_t value = *x;

    state_count(s, name, &value, least, most);
    *x = (int)value;
}

void state_floats(struct state *s, const char *name, float *x, size_t n,
                  float least, float most)
{
    array(s, name, H5_FLOAT, x, n);
    for (size_t i = 0; i < n && state_loads(s); i++)
        if (!(x[i] >= least && x[i] <= most))
            s->e = ERR(ERR_DATA, "%s: %s: %g; %g..%g are allowed", s->file,
                       s->path, (double)x[i], (double)least, (double)most);
}

void state_any_doubles(struct state *s, const char *name, double *x, size_t n)
{
    array(s, name, H5_DOUBLE, x, n);
}

void state_doubles(struct state *s, const char *name, double *x, size_t n)
{
    array(s, name, H5_DOUBLE, x, n);
    for (size_t i = 0; i < n && state_loads(s); i++)
        if (!isfinite(x[i]))
            s->e = ERR(ERR_DATA, "%s: %s: is not finite", s->file, s->path);
}

/* To fields of `width` bytes in structs of `size` bytes, or from them. */
static void scatter(void *x, const void *column, size_t n, size_t width,
                    size_t size)
{
    for (size_t i = 0; i < n; i++)
        memcpy((char *)x + i * size, (const char *)column + i * width, width);
}

static void gather(void *column, const void *x, size_t n, size_t width,
                   size_t size)
{
    for (size_t i = 0; i < n; i++)
        memcpy((char *)column + i * width, (const char *)x + i * size, width);
}

static void column_of_8(struct state *s, const char *name, enum h5_type type,
                        void *x, size_t n, size_t size)
{
    char *column = MEM_NEW(char, 8 * n);

    gather(column, x, n, 8, size);
    array(s, name, type, column, n);
    if (state_loads(s))
        scatter(x, column, n, 8, size);
    mem_free(column);
}

void state_reals_in(struct state *s, const char *name, double *x, size_t n,
                    size_t size)
{
    column_of_8(s, name, H5_DOUBLE, x, n, size);
}

void state_counts_in(struct state *s, const char *name, int64_t *x, size_t n,
                     size_t size)
{
    column_of_8(s, name, H5_INT64, x, n, size);
}

void state_bools_in(struct state *s, const char *name, bool *x, size_t n,
                    size_t size)
{
    unsigned char *byte = MEM_NEW(unsigned char, n);

    gather(byte, x, n, 1, size);
    array(s, name, H5_UINT8, byte, n);
    for (size_t i = 0; i < n && state_loads(s); i++)
        if (byte[i] > 1)
            s->e = ERR(ERR_DATA, "%s: %s: is neither true nor false", s->file,
                       s->path);
    if (state_loads(s))
        scatter(x, byte, n, 1, size);
    mem_free(byte);
}

void state_raw(struct state *s, const char *name, void *x, size_t n)
{
    array(s, name, H5_UINT8, x, n);
}

void state_bytes(struct state *s, const char *name, void **bytes, size_t *size)
{
    int64_t n = (int64_t)*size;
    struct h5_array found = {.dims = {0}};

    state_enter(s, name);
    state_count(s, "size", &n, 0, INT64_MAX);
    if (state_loads(s) && n > 0)
        s->e = h5_shape(s->h, path_of(s, "bytes"), &found);
    state_need(s, found.dims[0] == (size_t)n, "not as many bytes as it says");
    if (state_loads(s) && n > 0)
        *bytes = MEM_NEW(char, n);
    if (state_loads(s))
        *size = (size_t)n;
    state_raw(s, "bytes", *bytes, (size_t)n);
    state_leave(s);
}

void state_same(struct state *s, const char *name, const char *text)
{
    size_t n = strlen(text) + 1;
    char *found = MEM_NEW(char, n);

    memcpy(found, text, n);
    state_raw(s, name, found, n);
    if (state_loads(s) && memcmp(found, text, n) != 0)
        s->e = ERR(ERR_DATA, "%s: %s: is another", s->file, s->path);
    mem_free(found);
}

/* Rows of the list, of which there is an array in the file. */
static void list_part(struct state *s, const struct state_list *l, char *rows,
                      int64_t first, int64_t n)
{
    struct h5_array a = {.path = path_of(s, l->name),
                         .type = H5_UINT8,
                         .rank = 2,
                         .dims = {(size_t)l->rows, l->row}};

    if (!s->loads)
        s->e = l->get(l->self, first, n, rows);
    if (s->e == ERR_NONE)
        s->e = s->loads
                   ? h5_read_rows(s->h, a.path, a.type, rows, (size_t)first,
                                  (size_t)n, (size_t)n * l->row)
                   : h5_write_rows(s->h, &a, rows, (size_t)first, (size_t)n);
    for (int64_t i = 0; i < n && state_loads(s); i++)
        if (!l->put(l->self, first + i, rows + (size_t)i * l->row))
            s->e = ERR(ERR_DATA, "%s: %s: row %" PRId64 " cannot be right",
                       s->file, s->path, first + i);
}

static void list_make(struct state *s, const struct state_list *l)
{
    struct h5_array a = {.path = path_of(s, l->name),
                         .type = H5_UINT8,
                         .rank = 2,
                         .dims = {(size_t)l->rows, l->row}};
    struct h5_array found;

    if (!s->loads) {
        h5_set_plain(s->h, false);
        s->e = h5_make(s->h, &a);
        h5_set_plain(s->h, true);
        return;
    }
    s->e = h5_shape(s->h, a.path, &found);
    if (s->e == ERR_NONE && (found.rank != 2 || found.dims[0] != a.dims[0] ||
                             found.dims[1] != a.dims[1]))
        s->e = ERR(ERR_DATA, "%s: %s: has not the shape that is expected",
                   s->file, s->path);
}

void state_list(struct state *s, const struct state_list *l)
{
    int64_t part = l->rows < H5_PART ? l->rows : H5_PART;
    char *rows;

    if (s->e != ERR_NONE || l->rows == 0)
        return;
    rows = MEM_NEW(char, (size_t)part * l->row);
    list_make(s, l);
    for (int64_t at = 0; at < l->rows && s->e == ERR_NONE; at += part)
        list_part(s, l, rows, at, l->rows - at < part ? l->rows - at : part);
    mem_free(rows);
}
