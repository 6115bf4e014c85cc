/* SPDX-License-Identifier: MIT */
/* Reading; what a file claims is checked before it is believed. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/seal.h"
#include "h5_handle.h"

#define ALL SIZE_MAX /* rows */

enum err h5_open_as_is(struct h5 **h, const char *path, int64_t bytes)
{
    hid_t access = h5_access();
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, access);

    (void)H5Pclose(access);
    if (file < 0)
        return ERR(ERR_DATA, "%s: not an HDF5 file, or damaged", path);
    *h = h5_wrap(file, path);
    (*h)->bytes = bytes;
    return ERR_NONE;
}

enum err h5_open(struct h5 **h, const char *path)
{
    struct seal seal;

    TRY(seal_check(path, &seal));
    if (!seal.there)
        TRY(h5_guard(path, seal.bytes));
    return h5_open_as_is(h, path, seal.bytes);
}

/* A link to another file leads to what nobody looked at. */
static bool is_link_inside(struct h5 *h, const char *path)
{
    H5L_info_t link;

    return H5Lexists(h->file, path, H5P_DEFAULT) > 0 &&
           H5Lget_info(h->file, path, &link, H5P_DEFAULT) >= 0 &&
           (link.type == H5L_TYPE_HARD || link.type == H5L_TYPE_SOFT);
}

/* Every link on the way must exist, or H5Dopen complains of the wrong thing. */
bool h5_has(struct h5 *h, const char *path)
{
    char part[512];
    size_t n = strlen(path);
    H5O_info_t info;

    if (n >= sizeof part)
        return false;
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (!is_link_inside(h, part))
            return false;
    }
    return H5Oget_info_by_name(h->file, path, &info, H5P_DEFAULT) >= 0 &&
           info.type == H5O_TYPE_DATASET;
}

static enum err open_dataset(struct h5 *h, const char *path, hid_t *data)
{
    *data = h5_has(h, path) ? H5Dopen2(h->file, path, H5P_DEFAULT) : -1;
    if (*data < 0)
        return ERR(ERR_DATA, "%s: has no dataset %s", h->name, path);
    return ERR_NONE;
}

/* The narrowest of our types that holds every value; -1 if there is none. */
static int our_type(hid_t type)
{
    size_t size = H5Tget_size(type);

    switch (H5Tget_class(type)) {
    case H5T_INTEGER:
        if (size == 1)
            return H5Tget_sign(type) == H5T_SGN_NONE ? H5_UINT8 : H5_INT8;
        return size < 4 || (size == 4 && H5Tget_sign(type) != H5T_SGN_NONE)
                   ? H5_INT32
                   : H5_INT64;
    case H5T_FLOAT:
        return size <= 4 ? H5_FLOAT : H5_DOUBLE;
    case H5T_STRING:
        return H5Tis_variable_str(type) > 0 ? -1 : H5_TEXT;
    default:
        return -1;
    }
}

/* No compressed array is this many times smaller than its values: deflate
 * reaches 1032 at best. */
enum { RATIO_MAX = 2000 };

/* HDF5 reads what was never written as zeros, so a small file may claim much. */
static enum err check_claim(const struct h5 *h, const struct h5_array *a)
{
    double bytes = (double)h5_value_bytes(a->type, a->width);
    double memory =
        (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);

    for (int i = 0; i < a->rank; i++)
        bytes *= (double)a->dims[i];
    if (bytes > RATIO_MAX * (double)h->bytes)
        return ERR(ERR_DATA,
                   "%s: %s claims %.0f bytes of values, but the file has only "
                   "%lld: they were never written",
                   h->name, a->path, bytes, (long long)h->bytes);
    if (bytes > memory)
        return ERR(ERR_MEMORY, "%s: %s takes %.1f GB, the node has %.1f GB",
                   h->name, a->path, 1e-9 * bytes, 1e-9 * memory);
    return ERR_NONE;
}

enum err h5_shape_of(struct h5 *h, hid_t data, struct h5_array *a)
{
    hid_t space = H5Dget_space(data);
    hid_t type = H5Dget_type(data);
    hsize_t dims[H5S_MAX_RANK] = {0};
    int rank = H5Sget_simple_extent_dims(space, dims, NULL);
    int ours = our_type(type);

    a->width = ours == H5_TEXT ? H5Tget_size(type) : 0;
    (void)H5Sclose(space);
    (void)H5Tclose(type);
    if (rank < 0 || rank > H5_RANK_MAX)
        return ERR(ERR_DATA, "%s: %s has %d dimensions; 0..%d are allowed",
                   h->name, a->path, rank, H5_RANK_MAX);
    if (ours < 0)
        return ERR(ERR_DATA,
                   "%s: %s holds neither numbers nor fixed-length "
                   "strings",
                   h->name, a->path);
    a->type = (enum h5_type)ours;
    a->rank = rank;
    for (int i = 0; i < rank; i++)
        a->dims[i] = (size_t)dims[i];
    return check_claim(h, a);
}

enum err h5_shape(struct h5 *h, const char *path, struct h5_array *a)
{
    hid_t data;
    enum err e;

    TRY(open_dataset(h, path, &data));
    *a = (struct h5_array){.path = path};
    e = h5_shape_of(h, data, a);
    (void)H5Dclose(data);
    return e;
}

static size_t values_of(const struct h5_array *a)
{
    size_t n = 1;

    for (int i = 0; i < a->rank; i++)
        n *= a->dims[i];
    return n;
}

static bool is_text(enum h5_type type)
{
    return type == H5_TEXT;
}

/* Can the dataset be read as `type`, and do first and rows lie inside? */
static enum err fits(struct h5 *h, const struct h5_array *a, enum h5_type type,
                     size_t first, size_t rows, size_t count)
{
    size_t all = a->rank > 0 ? a->dims[0] : 1;
    size_t row = all > 0 ? values_of(a) / all : 0;

    if (is_text(type) != is_text(a->type))
        return ERR(ERR_DATA, "%s: %s is %s", h->name, a->path,
                   is_text(a->type) ? "text, not numbers"
                                    : "numbers, not text");
    if (first > all || rows > all - first || rows * row != count)
        return ERR(ERR_DATA, "%s: %s has %zu values where %zu are expected",
                   h->name, a->path, values_of(a), count);
    return ERR_NONE;
}

enum err h5_rows_of(struct h5 *h, hid_t data, const struct h5_array *a,
                    enum h5_type type, void *values, size_t first, size_t rows)
{
    hsize_t start[H5_RANK_MAX] = {first}, size[H5_RANK_MAX] = {0};
    hid_t memory_type = h5_type_of(type, a->width, false);
    hid_t space = H5Dget_space(data);
    hid_t memory = H5Screate(H5S_SCALAR);
    herr_t failed;

    for (int i = 0; i < a->rank; i++)
        size[i] = i > 0 ? a->dims[i] : rows;
    if (a->rank > 0) {
        (void)H5Sset_extent_simple(memory, a->rank, size, NULL);
        (void)H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, size,
                                  NULL);
    }
    failed = H5Dread(data, memory_type, memory, space, H5P_DEFAULT, values);
    (void)H5Tclose(memory_type);
    (void)H5Sclose(memory);
    (void)H5Sclose(space);
    if (failed < 0)
        return ERR(ERR_DATA,
                   "%s: %s cannot be read: damaged, or compressed by "
                   "a filter that HDF5 lacks here",
                   h->name, a->path);
    return ERR_NONE;
}

/* `rows` from `first` on, or all if rows is ALL. */
static enum err read_some(struct h5 *h, const char *path, enum h5_type type,
                          void *values, size_t first, size_t rows, size_t count)
{
    struct h5_array a = {.path = path};
    hid_t data;
    enum err e;

    TRY(open_dataset(h, path, &data));
    e = h5_shape_of(h, data, &a);
    if (rows == ALL)
        rows = a.rank > 0 ? a.dims[0] : 1;
    if (e == ERR_NONE)
        e = fits(h, &a, type, first, rows, count);
    if (e == ERR_NONE)
        e = h5_rows_of(h, data, &a, type, values, first, rows);
    (void)H5Dclose(data);
    return e;
}

enum err h5_read_rows(struct h5 *h, const char *path, enum h5_type type,
                      void *values, size_t first, size_t rows, size_t count)
{
    return read_some(h, path, type, values, first, rows, count);
}

enum err h5_read(struct h5 *h, const char *path, enum h5_type type,
                 void *values, size_t count)
{
    return read_some(h, path, type, values, 0, ALL, count);
}

static bool read_text(hid_t attribute, char *text, size_t size)
{
    hid_t type = H5Aget_type(attribute);
    bool variable = H5Tis_variable_str(type) > 0;
    size_t width = H5Tget_size(type);
    char *fixed = NULL;
    bool done = false;

    if (H5Tget_class(type) == H5T_STRING && variable) {
        if (H5Aread(attribute, type, &fixed) >= 0 && fixed) {
            (void)snprintf(text, size, "%s", fixed);
            (void)H5free_memory(fixed);
            done = true;
        }
    } else if (H5Tget_class(type) == H5T_STRING && width < 65536) {
        fixed = MEM_NEW(char, width + 1);
        done = H5Aread(attribute, type, fixed) >= 0;
        if (done)
            (void)snprintf(text, size, "%s", fixed);
        mem_free(fixed);
    }
    (void)H5Tclose(type);
    return done;
}

/* Scalars only: an array of strings would not fit the one string read. */
bool h5_text_of(hid_t attribute, char *text, size_t size)
{
    hid_t space = H5Aget_space(attribute);
    bool scalar = H5Sget_simple_extent_npoints(space) == 1;

    (void)H5Sclose(space);
    return scalar && read_text(attribute, text, size);
}

bool h5_attribute(struct h5 *h, const char *path, const char *name, char *text,
                  size_t size)
{
    hid_t attribute;
    bool done;

    if (strcmp(path, "/") != 0 && !h5_has(h, path))
        return false;
    if (H5Aexists_by_name(h->file, path, name, H5P_DEFAULT) <= 0)
        return false;
    attribute = H5Aopen_by_name(h->file, path, name, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0)
        return false;
    done = h5_text_of(attribute, text, size);
    (void)H5Aclose(attribute);
    return done;
}
