/* SPDX-License-Identifier: MIT */
/* HDF5's handles are closed as soon as their one use is over. */
#include "h5_handle.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { COMPRESS_FROM = 4096, CHUNK_BYTES = 65536, GZIP_LEVEL = 2 };

hid_t h5_access(void)
{
    hid_t p = H5Pcreate(H5P_FILE_ACCESS);

    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    (void)H5Pset_libver_bounds(p, H5F_LIBVER_EARLIEST, H5F_LIBVER_V18);
#if H5_VERSION_GE(1, 10, 7)
    (void)H5Pset_file_locking(p, false, true);
#endif
    return p;
}

struct h5 *h5_wrap(hid_t file, const char *name)
{
    struct h5 *h = MEM_NEW(struct h5, 1);

    h->file = file;
    (void)snprintf(h->name, sizeof h->name, "%s", name);
    return h;
}

struct h5 *h5_new(void)
{
    hid_t access = h5_access(), file;

    CHECK(H5Pset_fapl_core(access, 1 << 20, false) >= 0);
    file = H5Fcreate("memory", H5F_ACC_TRUNC, H5P_DEFAULT, access);
    (void)H5Pclose(access);
    CHECK(file >= 0);
    return h5_wrap(file, "file in memory");
}

void h5_close(struct h5 *h)
{
    if (h)
        (void)H5Fclose(h->file);
    mem_free(h);
}

enum err h5_image(struct h5 *h, void **bytes, size_t *size)
{
    ssize_t n;

    if (H5Fflush(h->file, H5F_SCOPE_GLOBAL) < 0)
        return ERR(ERR_IO, "HDF5 cannot flush a file in memory");
    n = H5Fget_file_image(h->file, NULL, 0);
    if (n <= 0)
        return ERR(ERR_IO, "HDF5 cannot give the image of a file");
    *bytes = MEM_NEW(char, n);
    *size = (size_t)n;
    if (H5Fget_file_image(h->file, *bytes, *size) != n) {
        mem_free(*bytes);
        return ERR(ERR_IO, "HDF5 cannot give the image of a file");
    }
    return ERR_NONE;
}

hid_t h5_type_of(enum h5_type type, size_t width, bool in_file)
{
    hid_t text;

    switch (type) {
    case H5_INT8:
        return H5Tcopy(in_file ? H5T_STD_I8LE : H5T_NATIVE_INT8);
    case H5_UINT8:
        return H5Tcopy(in_file ? H5T_STD_U8LE : H5T_NATIVE_UINT8);
    case H5_INT32:
        return H5Tcopy(in_file ? H5T_STD_I32LE : H5T_NATIVE_INT32);
    case H5_INT64:
        return H5Tcopy(in_file ? H5T_STD_I64LE : H5T_NATIVE_INT64);
    case H5_FLOAT:
        return H5Tcopy(in_file ? H5T_IEEE_F32LE : H5T_NATIVE_FLOAT);
    case H5_DOUBLE:
        return H5Tcopy(in_file ? H5T_IEEE_F64LE : H5T_NATIVE_DOUBLE);
    case H5_TEXT:
        break;
    }
    text = H5Tcopy(H5T_C_S1);
    (void)H5Tset_size(text, width > 0 ? width : 1);
    (void)H5Tset_strpad(text, H5T_STR_NULLPAD);
    return text;
}

size_t h5_value_bytes(enum h5_type type, size_t width)
{
    static const size_t bytes[] = {
        [H5_INT8] = 1,  [H5_UINT8] = 1, [H5_INT32] = 4,
        [H5_INT64] = 8, [H5_FLOAT] = 4, [H5_DOUBLE] = 8};

    return type == H5_TEXT ? width : bytes[type];
}

/* All, or the largest power of two of rows that is no more than CHUNK_BYTES and
 * H5_PART. */
static hsize_t chunk_rows(size_t row, hsize_t rows)
{
    hsize_t n = 1;

    if (rows <= H5_PART && rows * row <= CHUNK_BYTES)
        return rows;
    while (2 * n * row <= CHUNK_BYTES && 2 * n <= H5_PART)
        n *= 2;
    return n;
}

static void compress(const struct h5 *h, hid_t create, const struct h5_array *a,
                     const hsize_t *dims)
{
    hsize_t chunk[H5_RANK_MAX];
    size_t row = h5_value_bytes(a->type, a->width);

    for (int i = 1; i < a->rank; i++)
        row *= a->dims[i];
    if (h->plain || a->rank == 0 || row == 0 ||
        row * a->dims[0] < COMPRESS_FROM)
        return;
    memcpy(chunk, dims, sizeof chunk);
    chunk[0] = chunk_rows(row, dims[0]);
    (void)H5Pset_chunk(create, a->rank, chunk);
    (void)H5Pset_shuffle(create);
    (void)H5Pset_deflate(create, GZIP_LEVEL);
}

static hid_t create_dataset(struct h5 *h, const struct h5_array *a)
{
    hsize_t dims[H5_RANK_MAX] = {0};
    hid_t links = H5Pcreate(H5P_LINK_CREATE);
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    hid_t type = h5_type_of(a->type, a->width, true);
    hid_t space, data;

    for (int i = 0; i < a->rank; i++)
        dims[i] = a->dims[i];
    space = a->rank == 0 ? H5Screate(H5S_SCALAR)
                         : H5Screate_simple(a->rank, dims, NULL);
    (void)H5Pset_create_intermediate_group(links, 1);
    (void)H5Pset_obj_track_times(create, false);
    compress(h, create, a, dims);
    data =
        H5Dcreate2(h->file, a->path, type, space, links, create, H5P_DEFAULT);
    (void)H5Sclose(space);
    (void)H5Tclose(type);
    (void)H5Pclose(create);
    (void)H5Pclose(links);
    return data;
}

void h5_set_plain(struct h5 *h, bool plain)
{
    h->plain = plain;
}

enum err h5_make(struct h5 *h, const struct h5_array *a)
{
    hid_t data = create_dataset(h, a);

    if (data < 0)
        return ERR(ERR_IO, "HDF5 cannot make %s", a->path);
    (void)H5Dclose(data);
    if (a->units)
        TRY(h5_set_attribute(h, a->path, "units", a->units));
    if (a->description)
        TRY(h5_set_attribute(h, a->path, "description", a->description));
    return ERR_NONE;
}

/* Some rows of a dataset that has others; H5S_ALL: it has not. */
static hid_t rows_in_file(const struct h5_array *a, size_t first, size_t rows)
{
    hsize_t dims[H5_RANK_MAX] = {0}, from[H5_RANK_MAX] = {first};
    hid_t space;

    if (a->rank == 0 || rows == a->dims[0])
        return H5S_ALL;
    for (int i = 0; i < a->rank; i++)
        dims[i] = a->dims[i];
    space = H5Screate_simple(a->rank, dims, NULL);
    dims[0] = rows;
    (void)H5Sselect_hyperslab(space, H5S_SELECT_SET, from, NULL, dims, NULL);
    return space;
}

static hid_t rows_in_memory(const struct h5_array *a, size_t rows)
{
    hsize_t dims[H5_RANK_MAX] = {rows};

    if (a->rank == 0 || rows == a->dims[0])
        return H5S_ALL;
    for (int i = 1; i < a->rank; i++)
        dims[i] = a->dims[i];
    return H5Screate_simple(a->rank, dims, NULL);
}

enum err h5_write_rows(struct h5 *h, const struct h5_array *a,
                       const void *values, size_t first, size_t rows)
{
    hid_t type = h5_type_of(a->type, a->width, false);
    hid_t to = rows_in_file(a, first, rows), from = rows_in_memory(a, rows);
    hid_t data = H5Dopen2(h->file, a->path, H5P_DEFAULT);
    herr_t failed = -1;

    if (data >= 0) {
        failed = H5Dwrite(data, type, from, to, H5P_DEFAULT, values);
        (void)H5Dclose(data);
    }
    if (to != H5S_ALL)
        (void)H5Sclose(to);
    if (from != H5S_ALL)
        (void)H5Sclose(from);
    (void)H5Tclose(type);
    return failed < 0 ? ERR(ERR_IO, "HDF5 cannot write %s", a->path) : ERR_NONE;
}

enum err h5_write(struct h5 *h, const struct h5_array *a, const void *values)
{
    TRY(h5_make(h, a));
    return h5_write_rows(h, a, values, 0, a->dims[0]);
}

enum err h5_write_text(struct h5 *h, const char *path, const char *text,
                       const char *description)
{
    struct h5_array a = {.path = path,
                         .type = H5_TEXT,
                         .width = strlen(text),
                         .units = "",
                         .description = description};

    return h5_write(h, &a, text);
}

enum err h5_set_attribute(struct h5 *h, const char *path, const char *name,
                          const char *text)
{
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t type = h5_type_of(H5_TEXT, strlen(text) + 1, true);
    hid_t attribute = H5Acreate_by_name(h->file, path, name, type, space,
                                        H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    herr_t failed = -1;

    if (attribute >= 0) {
        failed = H5Awrite(attribute, type, text);
        (void)H5Aclose(attribute);
    }
    (void)H5Tclose(type);
    (void)H5Sclose(space);
    if (failed < 0)
        return ERR(ERR_IO, "HDF5 cannot write attribute %s of %s", name, path);
    return ERR_NONE;
}

const char *h5_version(void)
{
    static char text[32];
    unsigned major = 0, minor = 0, release = 0;

    (void)H5get_libversion(&major, &minor, &release);
    (void)snprintf(text, sizeof text, "%u.%u.%u", major, minor, release);
    return text;
}
