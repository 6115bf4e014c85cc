/* SPDX-License-Identifier: MIT */
/* A knowledge pool: read, fitted to a network, and asked for its blocks. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "eval/pool_file.h"
#include "fuzz.h"
#include "h5tree.h"

enum { ROWS = 2, MOST = 9 * 4 * 4 };

static const struct pool_conf conf = {.enabled = true, .round = 2, .limit = 1};

/* Row 0 is a 3 x 3 convolution of 2 to 4 channels, row 1 the classifier of its 4
 * to 3 classes. */
static const struct {
    const char *name;
    int64_t value[ROWS];
} columns[] = {
    {"stage", {0, 1}},      {"c_in", {2, 4}},    {"layers", {1, 1}},
    {"operator", {0, 0}},   {"skip", {0, 0}},    {"act", {1, 0}},
    {"kernel", {3, 1}},     {"stride", {1, 1}},  {"c_out", {4, 3}},
    {"expand", {0, 0}},     {"se", {0, 0}},      {"gate", {0, 0}},
    {"classifier", {0, 1}}, {"source", {5, -1}}, {"generation", {0, 0}}};

static const struct {
    const char *path;
    int rank;
    size_t dims[4];
} tensors[] = {
    {"/blocks/0/layer0/main/weight", 4, {4, 2, 3, 3}},
    {"/blocks/0/layer0/main_norm/gamma", 1, {4}},
    {"/blocks/0/layer0/main_norm/beta", 1, {4}},
    {"/blocks/0/layer0/main_norm/mean", 1, {4}},
    {"/blocks/0/layer0/main_norm/variance", 1, {4}},
    {"/blocks/1/layer0/main/weight", 4, {3, 4, 1, 1}},
    {"/blocks/1/layer0/main/bias", 1, {3}},
};

static void plant(struct h5tree *t)
{
    static const double age[ROWS] = {0.5, 1};
    static const float w[MOST] = {1, 0.5f};
    char path[H5TREE_PATH];

    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        (void)snprintf(path, sizeof path, "/entries/%s", columns[i].name);
        h5tree_add(t, &(struct h5_array){path, H5_INT64, 1, {ROWS}, 0, "", ""},
                   columns[i].value);
    }
    h5tree_add(
        t, &(struct h5_array){"/entries/age", H5_DOUBLE, 1, {ROWS}, 0, "", ""},
        age);
    for (size_t i = 0; i < sizeof tensors / sizeof tensors[0]; i++) {
        struct h5_array a = {
            .path = tensors[i].path, .type = H5_FLOAT, .rank = tensors[i].rank};

        memcpy(a.dims, tensors[i].dims, sizeof a.dims);
        h5tree_add(t, &a, w);
    }
    strcpy(t->format, "fnas-pool");
    strcpy(t->version, "2.0.0");
}

static void use(struct pool *p)
{
    struct blueprint b = {.channels = 2, .height = 4, .width = 4, .classes = 3};
    struct luggage l;

    blueprint_add(&b, (struct layer){.kind = LAYER_CONV,
                                     .act = ACT_RELU,
                                     .kernel = 3,
                                     .stride = 1,
                                     .channels = 4});
    l = pool_start(p, &b);
    mem_free(l.bytes);
    pool_fit(p, &b);
    l = pool_start(p, &b);
    mem_free(l.bytes);
}

static enum err read_pool(const char *path)
{
    struct pool *p = pool_new(&conf, 1);
    enum err e = pool_read(p, path);

    if (e == ERR_NONE) {
        FUZZ_CHECK(p->bytes <= p->limit);
        use(p);
    }
    pool_free(p);
    return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = h5tree_file(plant, data, size);

    fuzz_begin();
    fuzz_end(read_pool(path), path);
    return 0;
}
