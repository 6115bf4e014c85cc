/* SPDX-License-Identifier: MIT */
/* IDX, the format of MNIST: two zero bytes, type of the values, number of
 * dimensions; the dimensions, 4 bytes each, big endian; the values, last
 * dimension fastest.
 * Source: LeCun, Cortes and Burges, The MNIST database. */
#include "base/gz.h"
#include "base/mem.h"
#include "eval/data_format.h"

enum { IDX_BYTE = 8, IDX_RANK_MAX = 4 };

struct idx {
    int rank;
    uint64_t dims[IDX_RANK_MAX];
};

static enum err read_all(struct gz *g, const char *path, void *bytes,
                         size_t size, const char *what)
{
    size_t got;

    TRY(gz_read(g, bytes, size, &got));
    if (got < size)
        return ERR(ERR_DATA, "%s: truncated: ends within its %s", path, what);
    return ERR_NONE;
}

static enum err check_magic(const unsigned char m[4], const char *path)
{
    if (m[0] != 0 || m[1] != 0)
        return ERR(ERR_DATA,
                   "%s: not an IDX file: starts with %02x %02x %02x %02x, not "
                   "with 00 00",
                   path, m[0], m[1], m[2], m[3]);
    if (m[2] != IDX_BYTE)
        return ERR(ERR_DATA,
                   "%s: holds values of IDX type 0x%02x; only unsigned bytes "
                   "(0x08) are read",
                   path, m[2]);
    if (m[3] < 1 || m[3] > IDX_RANK_MAX)
        return ERR(ERR_DATA,
                   "%s: has %d dimensions; labels have 1, images 3 or 4", path,
                   m[3]);
    return ERR_NONE;
}

static enum err read_header(struct gz *g, const char *path, struct idx *x)
{
    unsigned char m[4], d[4];
    size_t got;

    TRY(gz_read(g, m, sizeof m, &got));
    if (got == 0)
        return ERR(ERR_DATA, "%s: is empty", path);
    if (got < sizeof m)
        return ERR(ERR_DATA, "%s: truncated: ends within its header", path);
    TRY(check_magic(m, path));
    x->rank = m[3];
    for (int i = 0; i < x->rank; i++) {
        TRY(read_all(g, path, d, sizeof d, "header"));
        x->dims[i] = (uint64_t)d[0] << 24 | (uint64_t)d[1] << 16 |
                     (uint64_t)d[2] << 8 | (uint64_t)d[3];
    }
    return ERR_NONE;
}

/* Are there `size` bytes, and no more? */
static enum err check_rest(struct gz *g, const char *path, uint64_t size)
{
    uint64_t bytes;

    TRY(gz_skip(g, size, &bytes));
    if (bytes < size)
        return ERR(ERR_DATA,
                   "%s: truncated: holds %llu of the %llu values that its "
                   "header claims",
                   path, (unsigned long long)bytes, (unsigned long long)size);
    if (bytes > size)
        return ERR(ERR_DATA,
                   "%s: holds more than the %llu values that its header "
                   "claims",
                   path, (unsigned long long)size);
    return ERR_NONE;
}

static enum err look_images(struct gz *g, const char *path,
                            struct data_shape *shape)
{
    struct idx x;
    uint64_t dims[4];

    TRY(read_header(g, path, &x));
    if (x.rank == 1)
        return ERR(ERR_DATA,
                   "%s: holds labels where images are expected; the images "
                   "file comes first",
                   path);
    if (x.rank == 2)
        return ERR(ERR_DATA, "%s: has 2 dimensions; images have 3 or 4", path);
    dims[0] = x.dims[0];
    dims[1] = x.rank == 4 ? x.dims[1] : 1;
    dims[2] = x.dims[x.rank - 2];
    dims[3] = x.dims[x.rank - 1];
    shape->type = DATA_UINT8;
    TRY(data_set_shape(shape, dims, path));
    return check_rest(g, path, data_values(shape));
}

static enum err look_labels(struct gz *g, const char *path, const char *images,
                            int n)
{
    struct idx x;

    TRY(read_header(g, path, &x));
    if (x.rank >= 3)
        return ERR(ERR_DATA,
                   "%s: holds images where labels are expected; the labels "
                   "file comes second",
                   path);
    if (x.rank == 2)
        return ERR(ERR_DATA, "%s: has 2 dimensions; labels have 1", path);
    if (x.dims[0] != (uint64_t)n)
        return ERR(ERR_DATA, "%s: has %llu labels for the %d images of %s",
                   path, (unsigned long long)x.dims[0], n, images);
    return check_rest(g, path, x.dims[0]);
}

static enum err look_idx(const struct data_source *s, struct data_shape *shape)
{
    const char *images = s->conf->files.value[0].s;
    const char *labels = s->conf->files.value[1].s;
    struct gz *g = NULL;
    enum err e;

    TRY(gz_open(&g, images));
    e = look_images(g, images, shape);
    gz_close(g);
    TRY(e);
    TRY(gz_open(&g, labels));
    e = look_labels(g, labels, images, shape->n);
    gz_close(g);
    return e;
}

/* look() proved that they are there; damage may still show, or a change. */
static enum err read_values(const char *path, unsigned char *values,
                            size_t size)
{
    struct gz *g = NULL;
    struct idx x;
    enum err e;

    TRY(gz_open(&g, path));
    e = read_header(g, path, &x);
    if (e == ERR_NONE)
        e = read_all(g, path, values, size, "values");
    if (e == ERR_NONE)
        e = check_rest(g, path, 0);
    gz_close(g);
    return e;
}

static enum err read_idx(const struct data_source *s,
                         const struct data_shape *shape, void *images,
                         int *labels)
{
    size_t n = (size_t)shape->n;
    unsigned char *label;
    enum err e;

    TRY(read_values(s->conf->files.value[0].s, images, data_values(shape)));
    label = MEM_NEW(unsigned char, n);
    e = read_values(s->conf->files.value[1].s, label, n);
    for (size_t i = 0; i < n; i++)
        labels[i] = label[i];
    mem_free(label);
    return e;
}

const struct data_format data_idx = {
    .name = "idx",
    .files_help = "an images file and a labels file",
    .files_min = 2,
    .files_max = 2,
    .look = look_idx,
    .read = read_idx,
};
