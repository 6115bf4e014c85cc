/* SPDX-License-Identifier: MIT */
/* CIFAR binary: records without header, of one label byte (CIFAR-100: two,
 * coarse then fine) and 3 x 32 x 32 bytes, red, green, blue.
 * Source: Krizhevsky, The CIFAR-10 and CIFAR-100 datasets. */
#include <stdio.h>
#include <string.h>

#include "base/gz.h"
#include "eval/data_format.h"

enum {
    CHANNELS = 3,
    SIDE = 32,
    IMAGE = CHANNELS * SIDE * SIDE,
    LABELS_MAX = 2
};

/* One of the two kinds. */
struct cifar {
    int label_bytes; /* the last of them is used */
    int classes;
    const char *names;
};

static const struct cifar cifar10 = {
    1, 10, "airplane,automobile,bird,cat,deer,dog,frog,horse,ship,truck"};

static const struct cifar cifar100 = {
    2, 100,
    "apple,aquarium_fish,baby,bear,beaver,bed,bee,beetle,bicycle,bottle,"
    "bowl,boy,bridge,bus,butterfly,camel,can,castle,caterpillar,cattle,"
    "chair,chimpanzee,clock,cloud,cockroach,couch,crab,crocodile,cup,"
    "dinosaur,dolphin,elephant,flatfish,forest,fox,girl,hamster,house,"
    "kangaroo,keyboard,lamp,lawn_mower,leopard,lion,lizard,lobster,man,"
    "maple_tree,motorcycle,mountain,mouse,mushroom,oak_tree,orange,orchid,"
    "otter,palm_tree,pear,pickup_truck,pine_tree,plain,plate,poppy,"
    "porcupine,possum,rabbit,raccoon,ray,road,rocket,rose,sea,seal,shark,"
    "shrew,skunk,skyscraper,snail,snake,spider,squirrel,streetcar,"
    "sunflower,sweet_pepper,table,tank,telephone,television,tiger,tractor,"
    "train,trout,tulip,turtle,wardrobe,whale,willow_tree,wolf,woman,worm"};

static enum err count_records(const char *path, const struct cifar *k,
                              uint64_t *records)
{
    uint64_t record = (uint64_t)(k->label_bytes + IMAGE), bytes = 0;
    struct gz *g = NULL;
    enum err e;

    TRY(gz_open(&g, path));
    e = gz_skip(g, record * INT32_MAX, &bytes);
    gz_close(g);
    TRY(e);
    if (bytes == 0)
        return ERR(ERR_DATA, "%s: is empty", path);
    if (bytes % record != 0)
        return ERR(ERR_DATA,
                   "%s: has %llu bytes, not a multiple of the %llu of a "
                   "CIFAR-%d record: truncated, or another format",
                   path, (unsigned long long)bytes, (unsigned long long)record,
                   k->classes);
    *records = bytes / record;
    return ERR_NONE;
}

static enum err look(const struct data_source *s, const struct cifar *k,
                     struct data_shape *shape)
{
    uint64_t dims[4] = {0, CHANNELS, SIDE, SIDE};

    for (int i = 0; i < s->conf->files.count; i++) {
        uint64_t records = 0;

        TRY(count_records(s->conf->files.value[i].s, k, &records));
        dims[0] += records;
    }
    shape->type = DATA_UINT8;
    shape->classes = k->classes;
    (void)snprintf(shape->names, sizeof shape->names, "%s", k->names);
    return data_set_shape(shape, dims, s->conf->files.value[0].s);
}

/* Read the records of a file to images[*at] and on; `n` is the room. */
static enum err read_records(struct gz *g, const char *path,
                             const struct cifar *k, unsigned char *images,
                             int *labels, int n, int *at)
{
    unsigned char record[LABELS_MAX + IMAGE];
    size_t size = (size_t)(k->label_bytes + IMAGE), got;

    for (int i = 0;; i++, ++*at) {
        int label;

        TRY(gz_read(g, record, size, &got));
        if (got == 0)
            return ERR_NONE;
        if (got < size || *at == n)
            return ERR(ERR_DATA, "%s: changed while it was read", path);
        label = record[k->label_bytes - 1];
        if (label >= k->classes)
            return ERR(ERR_DATA,
                       "%s: record %d has label %d; 0..%d are allowed in "
                       "CIFAR-%d",
                       path, i, label, k->classes - 1, k->classes);
        labels[*at] = label;
        memcpy(images + (size_t)*at * IMAGE, record + k->label_bytes, IMAGE);
    }
}

static enum err read_files(const struct data_source *s, const struct cifar *k,
                           const struct data_shape *shape,
                           unsigned char *images, int *labels)
{
    const struct conf_texts *files = &s->conf->files;
    int at = 0;

    for (int i = 0; i < files->count; i++) {
        struct gz *g = NULL;
        enum err e;

        TRY(gz_open(&g, files->value[i].s));
        e = read_records(g, files->value[i].s, k, images, labels, shape->n,
                         &at);
        gz_close(g);
        TRY(e);
    }
    if (at < shape->n)
        return ERR(ERR_DATA, "%s: changed while it was read",
                   files->value[0].s);
    return ERR_NONE;
}

static enum err look_cifar10(const struct data_source *s,
                             struct data_shape *shape)
{
    return look(s, &cifar10, shape);
}

static enum err read_cifar10(const struct data_source *s,
                             const struct data_shape *shape, void *images,
                             int *labels)
{
    return read_files(s, &cifar10, shape, images, labels);
}

static enum err look_cifar100(const struct data_source *s,
                              struct data_shape *shape)
{
    return look(s, &cifar100, shape);
}

static enum err read_cifar100(const struct data_source *s,
                              const struct data_shape *shape, void *images,
                              int *labels)
{
    return read_files(s, &cifar100, shape, images, labels);
}

const struct data_format data_cifar10 = {
    .name = "cifar10",
    .files_help = "one or more binary files",
    .files_min = 1,
    .files_max = CONF_LIST_MAX,
    .look = look_cifar10,
    .read = read_cifar10,
};

const struct data_format data_cifar100 = {
    .name = "cifar100",
    .files_help = "one or more binary files",
    .files_min = 1,
    .files_max = CONF_LIST_MAX,
    .look = look_cifar100,
    .read = read_cifar100,
};
