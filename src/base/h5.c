/* SPDX-License-Identifier: MIT */
/* HDF5's handles are closed as soon as their one use is over. */
#include "base/h5.h"

#include <hdf5.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

struct h5 {
    hid_t file;
    char name[256];
};

enum { COMPRESS_FROM = 4096, CHUNK_BYTES = 65536, GZIP_LEVEL = 2 };

static void quiet(void)
{
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

/* Readable by HDF5 1.8, and without locks: a reader never stops the run. */
static hid_t access_properties(void)
{
    hid_t p = H5Pcreate(H5P_FILE_ACCESS);

    (void)H5Pset_libver_bounds(p, H5F_LIBVER_EARLIEST, H5F_LIBVER_V18);
#if H5_VERSION_GE(1, 10, 7)
    (void)H5Pset_file_locking(p, false, true);
#endif
    return p;
}

static struct h5 *wrap(hid_t file, const char *name)
{
    struct h5 *h = MEM_NEW(struct h5, 1);

    h->file = file;
    (void)snprintf(h->name, sizeof h->name, "%s", name);
    return h;
}

struct h5 *h5_new(void)
{
    hid_t access, file;

    quiet();
    access = access_properties();
    CHECK(H5Pset_fapl_core(access, 1 << 20, false) >= 0);
    file = H5Fcreate("memory", H5F_ACC_TRUNC, H5P_DEFAULT, access);
    (void)H5Pclose(access);
    CHECK(file >= 0);
    return wrap(file, "file in memory");
}

enum err h5_open(struct h5 **h, const char *path)
{
    hid_t access, file;
    FILE *readable = fopen(path, "rb");

    if (!readable)
        return ERR(ERR_IO, "%s: cannot be read: no such file, or no permission",
                   path);
    (void)fclose(readable);
    quiet();
    access = access_properties();
    file = H5Fopen(path, H5F_ACC_RDONLY, access);
    (void)H5Pclose(access);
    if (file < 0)
        return ERR(ERR_DATA, "%s: not an HDF5 file, or damaged", path);
    *h = wrap(file, path);
    return ERR_NONE;
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

/* Type in files (little endian everywhere) and in memory; text apart. */
static hid_t type_of(enum h5_type type, size_t width, bool in_file)
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

static size_t bytes_of(enum h5_type type, size_t width)
{
    static const size_t bytes[] = {[H5_INT8] = 1,  [H5_UINT8] = 1,
                                   [H5_INT32] = 4, [H5_INT64] = 8,
                                   [H5_FLOAT] = 4, [H5_DOUBLE] = 8};

    return type == H5_TEXT ? width : bytes[type];
}

/* Chunks of about CHUNK_BYTES along the slowest dimension. */
static void compress(hid_t create, const struct h5_array *a,
                     const hsize_t *dims)
{
    hsize_t chunk[H5_RANK_MAX];
    size_t row = bytes_of(a->type, a->width);

    for (int i = 1; i < a->rank; i++)
        row *= a->dims[i];
    if (a->rank == 0 || row == 0 || row * a->dims[0] < COMPRESS_FROM)
        return;
    memcpy(chunk, dims, sizeof chunk);
    chunk[0] = row >= CHUNK_BYTES ? 1 : CHUNK_BYTES / row;
    if (chunk[0] > dims[0])
        chunk[0] = dims[0];
    (void)H5Pset_chunk(create, a->rank, chunk);
    (void)H5Pset_shuffle(create);
    (void)H5Pset_deflate(create, GZIP_LEVEL);
}

static hid_t create_dataset(struct h5 *h, const struct h5_array *a)
{
    hsize_t dims[H5_RANK_MAX] = {0};
    hid_t links = H5Pcreate(H5P_LINK_CREATE);
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    hid_t type = type_of(a->type, a->width, true);
    hid_t space, data;

    for (int i = 0; i < a->rank; i++)
        dims[i] = a->dims[i];
    space = a->rank == 0 ? H5Screate(H5S_SCALAR)
                         : H5Screate_simple(a->rank, dims, NULL);
    (void)H5Pset_create_intermediate_group(links, 1);
    compress(create, a, dims);
    data = H5Dcreate2(h->file, a->path, type, space, links, create,
                      H5P_DEFAULT);
    (void)H5Sclose(space);
    (void)H5Tclose(type);
    (void)H5Pclose(create);
    (void)H5Pclose(links);
    return data;
}

enum err h5_write(struct h5 *h, const struct h5_array *a, const void *values)
{
    hid_t data = create_dataset(h, a);
    hid_t type = type_of(a->type, a->width, false);
    herr_t failed = -1;

    if (data >= 0) {
        failed = H5Dwrite(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
        (void)H5Dclose(data);
    }
    (void)H5Tclose(type);
    if (failed < 0)
        return ERR(ERR_IO, "HDF5 cannot write %s", a->path);
    if (a->units)
        TRY(h5_set_attribute(h, a->path, "units", a->units));
    if (a->description)
        TRY(h5_set_attribute(h, a->path, "description", a->description));
    return ERR_NONE;
}

enum err h5_write_text(struct h5 *h, const char *path, const char *text,
                       const char *description)
{
    struct h5_array a = {.path = path,
                         .type = H5_TEXT,
                         .width = strlen(text) + 1,
                         .description = description};

    return h5_write(h, &a, text);
}

enum err h5_set_attribute(struct h5 *h, const char *path, const char *name,
                          const char *text)
{
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t type = type_of(H5_TEXT, strlen(text) + 1, true);
    hid_t attribute =
        H5Acreate_by_name(h->file, path, name, type, space, H5P_DEFAULT,
                          H5P_DEFAULT, H5P_DEFAULT);
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
        if (H5Lexists(h->file, part, H5P_DEFAULT) <= 0)
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

static enum err read_shape(struct h5 *h, hid_t data, struct h5_array *a)
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
        return ERR(ERR_DATA, "%s: %s holds neither numbers nor fixed-length "
                             "strings",
                   h->name, a->path);
    a->type = (enum h5_type)ours;
    a->rank = rank;
    for (int i = 0; i < rank; i++)
        a->dims[i] = (size_t)dims[i];
    return ERR_NONE;
}

enum err h5_shape(struct h5 *h, const char *path, struct h5_array *a)
{
    hid_t data;
    enum err e;

    TRY(open_dataset(h, path, &data));
    *a = (struct h5_array){.path = path};
    e = read_shape(h, data, a);
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

enum err h5_read_rows(struct h5 *h, const char *path, enum h5_type type,
                      void *values, size_t first, size_t rows, size_t count)
{
    struct h5_array a;
    hsize_t start[H5_RANK_MAX] = {0}, size[H5_RANK_MAX] = {0};
    hid_t data, memory_type, space, memory;
    herr_t failed;

    TRY(h5_shape(h, path, &a));
    TRY(fits(h, &a, type, first, rows, count));
    TRY(open_dataset(h, path, &data));
    for (int i = 0; i < a.rank; i++)
        size[i] = a.dims[i];
    start[0] = first;
    size[0] = rows;
    space = H5Dget_space(data);
    memory = a.rank > 0 ? H5Screate_simple(a.rank, size, NULL)
                        : H5Screate(H5S_SCALAR);
    if (a.rank > 0)
        (void)H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, size,
                                  NULL);
    memory_type = type_of(type, a.width, false);
    failed = H5Dread(data, memory_type, memory, space, H5P_DEFAULT, values);
    (void)H5Tclose(memory_type);
    (void)H5Sclose(memory);
    (void)H5Sclose(space);
    (void)H5Dclose(data);
    if (failed < 0)
        return ERR(ERR_DATA, "%s: %s cannot be read: damaged, or compressed by "
                             "a filter that HDF5 lacks here",
                   h->name, path);
    return ERR_NONE;
}

enum err h5_read(struct h5 *h, const char *path, enum h5_type type,
                 void *values, size_t count)
{
    struct h5_array a;

    TRY(h5_shape(h, path, &a));
    return h5_read_rows(h, path, type, values, 0, a.rank > 0 ? a.dims[0] : 1,
                        count);
}

static bool read_attribute(hid_t attribute, char *text, size_t size)
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
bool h5_attribute(struct h5 *h, const char *path, const char *name, char *text,
                  size_t size)
{
    hid_t attribute, space;
    bool done = false;

    if (strcmp(path, "/") != 0 && !h5_has(h, path))
        return false;
    if (H5Aexists_by_name(h->file, path, name, H5P_DEFAULT) <= 0)
        return false;
    attribute =
        H5Aopen_by_name(h->file, path, name, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0)
        return false;
    space = H5Aget_space(attribute);
    if (H5Sget_simple_extent_npoints(space) == 1)
        done = read_attribute(attribute, text, size);
    (void)H5Sclose(space);
    (void)H5Aclose(attribute);
    return done;
}

const char *h5_version(void)
{
    static char text[32];
    unsigned major = 0, minor = 0, release = 0;

    (void)H5get_libversion(&major, &minor, &release);
    (void)snprintf(text, sizeof text, "%u.%u.%u", major, minor, release);
    return text;
}
