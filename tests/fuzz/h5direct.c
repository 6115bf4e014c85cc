/* SPDX-License-Identifier: MIT */
#include "h5direct.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ld --wrap=NAME makes NAME of others __wrap_NAME, and ours __real_NAME. */
#define DIRECT(type, name, arguments)                                          \
    type __real_##name arguments;                                              \
    type __wrap_##name arguments;                                              \
    type __wrap_##name arguments

static const char tree_name[] = "/edited/tree";
static const struct h5tree *tree;

const char *h5direct_name(const struct h5tree *t)
{
    tree = t;
    return tree_name;
}

/* Its handle is the tree. */
static bool is_tree(const struct h5 *h)
{
    return h && (const void *)h == (const void *)tree;
}

static const struct h5tree_node *find(const char *path)
{
    for (int i = 0; i < tree->count; i++)
        if (!tree->node[i].dropped && strcmp(tree->node[i].path, path) == 0)
            return &tree->node[i];
    return NULL;
}

DIRECT(enum err, h5_open, (struct h5 * *h, const char *path))
{
    if (strcmp(path, tree_name) != 0)
        return __real_h5_open(h, path);
    *h = (struct h5 *)(uintptr_t)tree;
    return ERR_NONE;
}

DIRECT(void, h5_close, (struct h5 * h))
{
    if (!is_tree(h))
        __real_h5_close(h);
}

DIRECT(bool, h5_has, (struct h5 * h, const char *path))
{
    return is_tree(h) ? find(path) != NULL : __real_h5_has(h, path);
}

DIRECT(enum err, h5_shape,
       (struct h5 * h, const char *path, struct h5_array *a))
{
    const struct h5tree_node *n;

    if (!is_tree(h))
        return __real_h5_shape(h, path, a);
    n = find(path);
    if (!n)
        return ERR(ERR_DATA, "%s: has no dataset %s", tree_name, path);
    *a = n->a;
    a->path = path;
    a->units = a->description = NULL;
    a->width = a->type == H5_TEXT ? a->width : 0;
    return ERR_NONE;
}

/* The i-th value; long double holds each exactly. */
static long double value_of(const struct h5tree_node *n, size_t i)
{
    union {
        int8_t i8;
        uint8_t u8;
        int32_t i32;
        int64_t i64;
        float f;
        double d;
    } x;
    size_t size = h5tree_value_bytes(&n->a);

    memcpy(&x, n->values + i * size, size);
    switch (n->a.type) {
    case H5_INT8:
        return x.i8;
    case H5_UINT8:
        return x.u8;
    case H5_INT32:
        return x.i32;
    case H5_INT64:
        return (long double)x.i64;
    case H5_FLOAT:
        return (long double)x.f;
    default:
        return (long double)x.d;
    }
}

/* What does not fit is the nearest that does. */
static int64_t whole(long double x, int64_t least, int64_t most)
{
    if (isnan(x))
        return 0;
    if (x <= (long double)least)
        return least;
    return x >= (long double)most ? most : (int64_t)x;
}

static void put(void *to, enum h5_type type, size_t i, long double x)
{
    switch (type) {
    case H5_INT8:
        ((int8_t *)to)[i] = (int8_t)whole(x, INT8_MIN, INT8_MAX);
        break;
    case H5_UINT8:
        ((uint8_t *)to)[i] = (uint8_t)whole(x, 0, UINT8_MAX);
        break;
    case H5_INT32:
        ((int32_t *)to)[i] = (int32_t)whole(x, INT32_MIN, INT32_MAX);
        break;
    case H5_INT64:
        ((int64_t *)to)[i] = whole(x, INT64_MIN, INT64_MAX);
        break;
    case H5_FLOAT:
        ((float *)to)[i] = (float)x;
        break;
    default:
        ((double *)to)[i] = (double)x;
    }
}

/* `count` values, all or from the `from`-th on. */
static enum err take(const char *path, enum h5_type type, void *values,
                     size_t from, size_t count, bool all)
{
    const struct h5tree_node *n = find(path);
    size_t size, have;

    if (!n)
        return ERR(ERR_DATA, "%s: has no dataset %s", tree_name, path);
    size = h5tree_value_bytes(&n->a);
    have = n->bytes / size;
    if ((type == H5_TEXT) != (n->a.type == H5_TEXT) || from > have ||
        count > have - from || (all && count != have))
        return ERR(ERR_DATA, "%s: %s is not %zu values of that type", tree_name,
                   path, count);
    if (type == n->a.type)
        memcpy(values, n->values + from * size, count * size);
    for (size_t i = 0; type != n->a.type && i < count; i++)
        put(values, type, i, value_of(n, from + i));
    return ERR_NONE;
}

DIRECT(enum err, h5_read,
       (struct h5 * h, const char *path, enum h5_type type, void *values,
        size_t count))
{
    return is_tree(h) ? take(path, type, values, 0, count, true)
                      : __real_h5_read(h, path, type, values, count);
}

/* Of `rows` rows, `count` values. */
DIRECT(enum err, h5_read_rows,
       (struct h5 * h, const char *path, enum h5_type type, void *values,
        size_t first, size_t rows, size_t count))
{
    return is_tree(h)
               ? take(path, type, values, first * (count / rows), count, false)
               : __real_h5_read_rows(h, path, type, values, first, rows, count);
}

/* Those of the file, and the units of arrays: more is not in a tree. */
DIRECT(bool, h5_attribute,
       (struct h5 * h, const char *path, const char *name, char *text,
        size_t size))
{
    const struct h5tree_node *n;
    const char *found = "";

    if (!is_tree(h))
        return __real_h5_attribute(h, path, name, text, size);
    n = find(path);
    if (strcmp(path, "/") == 0 && strcmp(name, "format") == 0)
        found = tree->format;
    if (strcmp(path, "/") == 0 && strcmp(name, "format_version") == 0)
        found = tree->version;
    if (n && strcmp(name, "units") == 0)
        found = n->units;
    if (found[0] == '\0')
        return false;
    (void)snprintf(text, size, "%.*s", H5TREE_TEXT, found);
    return true;
}
