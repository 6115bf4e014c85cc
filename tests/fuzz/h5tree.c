/* SPDX-License-Identifier: MIT */
#include "h5tree.h"

#include <hdf5.h>
#include <stdio.h>
#include <string.h>

#include "base/gz.h"
#include "base/mem.h"
#include "fuzz.h"
#include "h5direct.h"

enum { BYTES_MAX = 1 << 16, TYPES = H5_TEXT + 1 };

/* The fuzzer's bytes, one after the other; 0 behind the end. */
struct source {
    const unsigned char *at;
    size_t left;
};

static unsigned char next(struct source *s)
{
    if (s->left == 0)
        return 0;
    s->left--;
    return *s->at++;
}

size_t h5tree_value_bytes(const struct h5_array *a)
{
    static const size_t width[] = {
        [H5_INT8] = 1,  [H5_UINT8] = 1, [H5_INT32] = 4,
        [H5_INT64] = 8, [H5_FLOAT] = 4, [H5_DOUBLE] = 8};

    return a->type == H5_TEXT ? a->width : width[a->type];
}

static size_t bytes_of(const struct h5_array *a)
{
    size_t n = h5tree_value_bytes(a);

    for (int i = 0; i < a->rank; i++)
        n *= a->dims[i];
    return n;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* to[0..size-1] = from[0..n-1], repeated or cut, by copies that double. */
static void repeat(unsigned char *to, size_t size, const unsigned char *from,
                   size_t n)
{
    if (n == 0 || size == 0)
        return;
    memcpy(to, from, least(n, size));
    for (size_t done = n; done < size; done *= 2)
        memcpy(to + done, to, least(done, size - done));
}

/* Take a new form; the values are repeated, or cut. */
static void reform(struct h5tree_node *n, struct h5_array a)
{
    size_t bytes = bytes_of(&a);
    unsigned char *values;

    if (bytes > BYTES_MAX || (a.type == H5_TEXT && a.width == 0))
        return;
    values = MEM_NEW(unsigned char, bytes);
    repeat(values, bytes, n->values, n->bytes);
    mem_free(n->values);
    n->values = values;
    n->bytes = bytes;
    n->a = a;
}

void h5tree_add(struct h5tree *t, const struct h5_array *a, const void *values)
{
    struct h5tree_node *n = &t->node[t->count++];

    FUZZ_CHECK(t->count <= H5TREE_NODES);
    *n = (struct h5tree_node){.a = *a, .bytes = bytes_of(a)};
    (void)snprintf(n->path, sizeof n->path, "%s", a->path);
    n->values = MEM_NEW(unsigned char, n->bytes);
    memcpy(n->values, values, n->bytes);
}

static void retype(struct h5tree_node *n, struct source *s)
{
    struct h5_array a = n->a;

    a.type = (enum h5_type)(next(s) % TYPES);
    a.width = next(s);
    reform(n, a);
}

static void reshape(struct h5tree_node *n, struct source *s)
{
    struct h5_array a = n->a;
    int rank = next(s) % (H5_RANK_MAX + 1);

    for (int i = a.rank; i < rank; i++)
        a.dims[i] = next(s);
    a.rank = rank;
    reform(n, a);
}

static void resize(struct h5tree_node *n, struct source *s)
{
    struct h5_array a = n->a;
    int i = next(s) % H5_RANK_MAX;

    a.dims[i] = next(s);
    reform(n, a);
}

static void overwrite(struct h5tree_node *n, struct source *s)
{
    size_t at = (size_t)(next(s) << 8 | next(s)), count = next(s) % 9;

    for (size_t i = 0; i < count && n->bytes > 0; i++)
        n->values[(at + i) % n->bytes] = next(s);
}

static void set_value(struct h5tree_node *n, struct source *s)
{
    size_t at = next(s);
    int64_t whole = (signed char)next(s);
    double real = (double)whole / 8;

    if ((at + 1) * 8 > n->bytes)
        return;
    if (n->a.type == H5_INT64)
        memcpy(n->values + at * 8, &whole, 8);
    if (n->a.type == H5_DOUBLE)
        memcpy(n->values + at * 8, &real, 8);
}

static void read_text(char text[H5TREE_TEXT], struct source *s)
{
    int n = next(s) % H5TREE_TEXT;

    for (int i = 0; i < H5TREE_TEXT; i++)
        text[i] = i < n ? (char)next(s) : '\0';
}

static void rename_node(struct h5tree_node *n, struct source *s)
{
    size_t at = 1 + next(s) % (H5TREE_PATH - 2);

    if (at < strlen(n->path))
        n->path[at] = (char)next(s);
}

static void edit(struct h5tree *t, struct h5tree_node *n, struct source *s)
{
    switch (next(s) % 9) {
    case 0:
        n->dropped = !n->dropped;
        break;
    case 1:
        retype(n, s);
        break;
    case 2:
        reshape(n, s);
        break;
    case 3:
        resize(n, s);
        break;
    case 4:
        overwrite(n, s);
        break;
    case 5:
        set_value(n, s);
        break;
    case 6:
        rename_node(n, s);
        break;
    case 7:
        read_text(n->units, s);
        break;
    default:
        read_text(t->format, s);
    }
}

static void edit_all(struct h5tree *t, const unsigned char *bytes, size_t size)
{
    struct source s = {bytes, size};

    while (s.left > 0)
        edit(t, &t->node[next(&s) % t->count], &s);
}

/* Two of the same name, or one below the other, cannot both be written. */
static void write_node(struct h5 *h, const struct h5tree_node *n)
{
    struct h5_array a = n->a;
    enum err e;

    if (n->dropped)
        return;
    a.path = n->path;
    a.units = n->units[0] ? n->units : NULL;
    a.description = NULL;
    e = h5_write(h, &a, n->values);
    if (e != ERR_NONE)
        err_clear();
}

static void set_attribute(struct h5 *h, const char *name, const char *text)
{
    if (text[0])
        FUZZ_CHECK(h5_set_attribute(h, "/", name, text) == ERR_NONE);
}

static const char *file_of(const struct h5tree *t)
{
    struct h5 *h;
    const char *path;
    void *bytes;
    size_t size;

    /* Each open file takes a megabyte; sanitizers are slow to give it. */
    (void)H5set_free_list_limits(-1, -1, -1, -1, -1, -1);
    h = h5_new();
    for (int i = 0; i < t->count; i++)
        write_node(h, &t->node[i]);
    set_attribute(h, "format", t->format);
    set_attribute(h, "format_version", t->version);
    FUZZ_CHECK(h5_image(h, &bytes, &size) == ERR_NONE);
    h5_close(h);
    path = fuzz_sealed(0, bytes, size);
    mem_free(bytes);
    return path;
}

/* One in so many goes through HDF5, always the same ones. */
static bool through_hdf5(const unsigned char *bytes, size_t size)
{
    enum { ONE_IN = 512 };

    return gz_crc(bytes, size) % ONE_IN == 0;
}

const char *h5tree_file(void (*plant)(struct h5tree *),
                        const unsigned char *bytes, size_t size)
{
    static struct h5tree t;

    for (int i = 0; i < t.count; i++)
        mem_free(t.node[i].values);
    t = (struct h5tree){.count = 0};
    plant(&t);
    edit_all(&t, bytes, size);
    return through_hdf5(bytes, size) ? file_of(&t) : h5direct_name(&t);
}
