/* SPDX-License-Identifier: MIT */
/* All of an image set lives in one block of memory that a node shares:
 *
 *   struct data | files | parts: int[n] | labels: int[n] | images
 *
 * Rank 0 fills it; the others copy the struct and find the rest from it. */
#include "eval/data.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/comm.h"
#include "base/gz.h"
#include "base/log.h"
#include "base/mem.h"
#include "eval/data_format.h"
#include "eval/split.h"

static const struct data_format *const formats[] = {
    &data_idx, &data_cifar10, &data_cifar100, &data_h5, &data_synthetic,
};

static const struct data_format *format_of(const struct data_conf *o)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(formats[i]->name, o->format.s) == 0)
            return formats[i];
    return NULL;
}

static void check_data(struct conf *conf, const void *values)
{
    const struct data_conf *o = values;
    const struct data_format *f = format_of(o);

    CHECK(f != NULL);
    if (o->files.count < f->files_min || o->files.count > f->files_max)
        conf_complain(conf, &data_section, "files",
                      "format %s wants %s, but %d are given", f->name,
                      f->files_help, o->files.count);
}

CONF_ROWS(data_rows, struct data_conf, DATA_SETTINGS)
const struct conf_section data_section = {
    .name = "data",
    .help = "Images to train on and to validate with",
    .bytes = sizeof(struct data_conf),
    .count = CONF_COUNT(data_rows),
    .rows = data_rows,
    .check = check_data,
};

/* On rank 0 while it reads. */
struct reader {
    struct data_source source;
    const struct data_format *format;
    struct data_shape shape;
    struct data_file *file; /* [source.conf->files.count] */
};

/* Where the parts of the block start. */
struct layout {
    size_t files, parts, labels, images, bytes;
};

enum err data_set_shape(struct data_shape *shape, const uint64_t dims[4],
                        const char *path)
{
    if (dims[0] == 0)
        return ERR(ERR_DATA, "%s: holds no images", path);
    if (dims[0] > INT_MAX || dims[1] < 1 || dims[1] > DATA_CHANNELS_MAX ||
        dims[2] < 1 || dims[2] > DATA_SIDE_MAX || dims[3] < 1 ||
        dims[3] > DATA_SIDE_MAX)
        return ERR(ERR_DATA,
                   "%s: claims %llu images of shape [%llu, %llu, %llu]; at "
                   "most %d of [%d, %d, %d] are allowed",
                   path, (unsigned long long)dims[0],
                   (unsigned long long)dims[1], (unsigned long long)dims[2],
                   (unsigned long long)dims[3], INT_MAX, DATA_CHANNELS_MAX,
                   DATA_SIDE_MAX, DATA_SIDE_MAX);
    shape->n = (int)dims[0];
    shape->c = (int)dims[1];
    shape->h = (int)dims[2];
    shape->w = (int)dims[3];
    return ERR_NONE;
}

size_t data_image_values(const struct data_shape *shape)
{
    return (size_t)shape->c * (size_t)shape->h * (size_t)shape->w;
}

size_t data_values(const struct data_shape *shape)
{
    return (size_t)shape->n * data_image_values(shape);
}

static struct layout layout_of(const struct data *d)
{
    size_t n = (size_t)d->n;
    size_t values = n * (size_t)d->c * (size_t)d->h * (size_t)d->w;
    struct layout l;

    l.files = arena_piece(sizeof *d);
    l.parts =
        l.files + arena_piece((size_t)d->files * sizeof(struct data_file));
    l.labels = l.parts + arena_piece(n * sizeof(int));
    l.images = l.labels + arena_piece(n * sizeof(int));
    l.bytes = l.images + values * (d->type == DATA_FLOAT ? sizeof(float) : 1);
    return l;
}

/* Find the parts of the block. */
static void attach(struct data *d)
{
    struct layout l = layout_of(d);
    char *base = d->memory;

    d->file = (const void *)(base + l.files);
    d->train = (const void *)(base + l.parts);
    d->validation = d->train + d->trains;
    d->labels = (const void *)(base + l.labels);
    d->images = base + l.images;
}

static enum err check_augmentation(const struct data_conf *o,
                                   const struct data_shape *shape)
{
    int side = shape->h < shape->w ? shape->h : shape->w;

    if (o->shift >= side)
        return ERR(ERR_INPUT, "data.shift = %d moves images of %d x %d away",
                   o->shift, shape->h, shape->w);
    if (o->cutout >= side)
        return ERR(ERR_INPUT, "data.cutout = %d paints over images of %d x %d",
                   o->cutout, shape->h, shape->w);
    return ERR_NONE;
}

static enum err check_memory(const struct data *d)
{
    double have =
        (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    double need = (double)layout_of(d).bytes;

    if (need < have)
        return ERR_NONE;
    return ERR(ERR_MEMORY,
               "%d images of shape [%d, %d, %d] take %.1f GB, the node has "
               "%.1f GB",
               d->n, d->c, d->h, d->w, 1e-9 * need, 1e-9 * have);
}

/* What can be known before memory is taken. */
static enum err look(struct reader *r, struct data *d)
{
    const struct data_conf *o = r->source.conf;

    for (int i = 0; i < o->files.count; i++) {
        r->file[i].path = o->files.value[i];
        TRY(gz_checksum(o->files.value[i].s, &r->file[i].crc,
                        &r->file[i].bytes));
    }
    TRY(r->format->look(&r->source, &r->shape));
    TRY(check_augmentation(o, &r->shape));
    d->n = r->shape.n;
    d->c = r->shape.c;
    d->h = r->shape.h;
    d->w = r->shape.w;
    d->type = r->shape.type;
    d->files = o->files.count;
    d->shift = o->shift;
    d->flip = o->flip;
    d->cutout = o->cutout;
    memcpy(d->names, r->shape.names, sizeof d->names);
    return check_memory(d);
}

/* The file with the labels. */
static const char *place_of(const struct reader *r)
{
    int files = r->source.conf->files.count;

    return files > 0 ? r->file[files - 1].path.s : r->format->name;
}

static enum err check_finite(const struct reader *r, const float *images)
{
    size_t values = data_values(&r->shape);

    if (r->shape.type != DATA_FLOAT)
        return ERR_NONE;
    for (size_t i = 0; i < values; i++)
        if (!isfinite(images[i]))
            return ERR(ERR_DATA,
                       "%s: image %zu holds a value that is not finite",
                       place_of(r), i / data_image_values(&r->shape));
    return ERR_NONE;
}

static enum err find_classes(const struct reader *r, struct data *d)
{
    int largest = 0, absent = 0;
    int *count;

    for (int i = 0; i < d->n; i++)
        largest = d->labels[i] > largest ? d->labels[i] : largest;
    d->classes = r->shape.classes > 0 ? r->shape.classes : largest + 1;
    if (d->classes < 2)
        return ERR(ERR_DATA,
                   "%s: all %d images have label 0; at least two "
                   "classes are needed",
                   place_of(r), d->n);
    count = MEM_NEW(int, d->classes);
    for (int i = 0; i < d->n; i++)
        count[d->labels[i]]++;
    for (int k = 0; k < d->classes; k++)
        absent += count[k] == 0;
    mem_free(count);
    if (absent > 0)
        log_warn("%s: %d of %d classes have no image", place_of(r), absent,
                 d->classes);
    return ERR_NONE;
}

static void check_names(const struct reader *r, struct data *d)
{
    int names = d->names[0] != '\0';

    for (const char *p = d->names; *p; p++)
        names += *p == ',';
    if (names == 0 || names == d->classes)
        return;
    log_warn("%s: %d class names for %d classes: not used", place_of(r), names,
             d->classes);
    d->names[0] = '\0';
}

static void split(const struct data_source *s, struct data *d, int *parts)
{
    const struct split o = {.validation = s->conf->validation,
                            .train_limit = s->conf->train_limit,
                            .validation_limit = s->conf->validation_limit};
    struct split_sizes sizes =
        split_make(parts, d->labels, d->n, d->classes, &o, s->seed);

    d->trains = sizes.train;
    d->validations = sizes.validation;
}

/* Fill the block. */
static enum err fill(const struct reader *r, struct data *d)
{
    struct layout l = layout_of(d);
    char *base = d->memory;

    TRY(r->format->read(&r->source, &r->shape, base + l.images,
                        (int *)(void *)(base + l.labels)));
    TRY(check_finite(r, (const float *)(void *)(base + l.images)));
    attach(d);
    TRY(find_classes(r, d));
    check_names(r, d);
    split(&r->source, d, (int *)(void *)(base + l.parts));
    attach(d);
    data_measure(d);
    if (d->files > 0)
        memcpy(base + l.files, r->file, (size_t)d->files * sizeof *r->file);
    memcpy(base, d, sizeof *d);
    return ERR_NONE;
}

static enum err agree(struct comm *node, enum err e)
{
    return node ? comm_agree(node, e) : e;
}

static void take_memory(struct data *d, struct comm *node, bool first)
{
    size_t bytes = first ? layout_of(d).bytes : 0;

    if (node)
        d->shared = comm_shared_new(node, bytes, &d->memory);
    else
        d->memory = MEM_NEW(char, bytes);
}

/* See what rank 0 wrote. */
static void follow(struct data *d, bool first)
{
    void *memory = d->memory;
    struct comm_shared *shared = d->shared;

    if (shared)
        comm_shared_ready(shared);
    if (!first)
        *d = *(const struct data *)memory;
    d->memory = memory;
    d->shared = shared;
    attach(d);
}

static enum err open_all(struct data *d, struct reader *r, struct comm *node)
{
    bool first = !node || comm_rank(node) == 0;

    TRY(agree(node, first ? look(r, d) : ERR_NONE));
    take_memory(d, node, first);
    TRY(agree(node, first ? fill(r, d) : ERR_NONE));
    follow(d, first);
    return ERR_NONE;
}

enum err data_open(struct data **d, struct comm *node, const struct conf *conf,
                   uint64_t seed)
{
    struct reader r = {
        .source = {.conf = conf_of(conf, &data_section),
                   .synthetic = conf_of(conf, &synthetic_section),
                   .seed = seed}};
    enum err e;

    r.format = format_of(r.source.conf);
    CHECK(r.format != NULL);
    r.file = MEM_NEW(struct data_file, r.source.conf->files.count);
    r.source.file = r.file;
    *d = MEM_NEW(struct data, 1);
    e = open_all(*d, &r, node);
    mem_free(r.file);
    if (e != ERR_NONE) {
        data_close(*d);
        *d = NULL;
    }
    return e;
}

void data_close(struct data *d)
{
    if (!d)
        return;
    if (d->shared)
        comm_shared_free(d->shared);
    else
        mem_free(d->memory);
    mem_free(d);
}

void data_class_name(const struct data *d, int label, char name[DATA_NAME_MAX])
{
    const char *p = d->names;

    for (int k = 0; k < label && *p; p++)
        k += *p == ',';
    if (*p == '\0')
        (void)snprintf(name, DATA_NAME_MAX, "%d", label);
    else
        (void)snprintf(name, DATA_NAME_MAX, "%.*s", (int)strcspn(p, ","), p);
}

void data_print(const struct data *d)
{
    log_print(
        "data       %d images of %d x %d x %d (%s), %d classes; %d train, %d "
        "validate\n",
        d->n, d->c, d->h, d->w, d->type == DATA_UINT8 ? "uint8" : "float32",
        d->classes, d->trains, d->validations);
    for (int c = 0; c < d->c; c++)
        log_print("           channel %d: mean %.4f, std %.4f\n", c,
                  (double)d->mean[c], (double)d->std[c]);
    for (int i = 0; i < d->files; i++)
        log_print("           %s: %lld bytes, CRC-32 %08x\n", d->file[i].path.s,
                  (long long)d->file[i].bytes, (unsigned)d->file[i].crc);
}
