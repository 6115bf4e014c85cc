/* SPDX-License-Identifier: MIT */
#include "pool_format.h"

#include <stdio.h>
#include <string.h>

#define FIELD(name) offsetof(struct block, name)

/* What makes a block: all ints but one. */
static const struct pool_column columns[] = {
    /* clang-format off */
    {"stage",    FIELD(stage),         0, SPACE_LAYERS_MAX, "place in the network: 0 stem, 1.. blocks, head, classifier"},
    {"c_in",     FIELD(c_in),          1, 65536,            "channels read"},
    {"layers",   FIELD(layers),        1, BLOCK_LAYERS_MAX, "layers; those after the first have stride 1"},
    {"operator", FIELD(form.kind),     0, LAYER_NONE - 1,   "0 convolution, 1 separable, 2 inverted bottleneck"},
    {"skip",     FIELD(form.skip),     0, SKIP_POOL,        "0 none, 1 identity, 2 pooling"},
    {"act",      FIELD(form.act),      0, ACT_SWISH,        "activation: 0 none, 1 relu, 2 relu6, 3 hswish, 4 hsigmoid, 5 sigmoid, 6 swish"},
    {"kernel",   FIELD(form.kernel),   1, 31,               "kernel, odd"},
    {"stride",   FIELD(form.stride),   1, 2,                "stride of the first layer"},
    {"c_out",    FIELD(form.channels), 1, 65536,            "channels given; classes of a classifier"},
    {"expand",   FIELD(form.expand),   0, 64,               "expansion of an inverted bottleneck"},
    {"se",       FIELD(form.se),       0, 100,              "squeeze-excite, percent of the channels read; 0 none"},
    {"gate",     FIELD(form.gate),     0, ACT_SWISH,        "activation of its gate, as act"},
    /* clang-format on */
};

enum { COLUMNS = sizeof columns / sizeof columns[0] };

const struct pool_column *pool_column_at(int i)
{
    return i < COLUMNS ? &columns[i] : NULL;
}

int *pool_field(struct block *b, const struct pool_column *c)
{
    return (int *)(void *)((char *)b + c->at);
}

bool pool_block_valid(const struct block *b)
{
    const struct layer *f = &b->form;
    struct block copy = *b;
    unsigned char classifier;

    memcpy(&classifier, &b->classifier, 1);
    if (classifier > 1)
        return false;
    for (int i = 0; i < COLUMNS; i++) {
        int x = *pool_field(&copy, &columns[i]);

        if (x < columns[i].min || x > columns[i].max)
            return false;
    }
    return f->block == b->stage && f->kernel % 2 == 1 &&
           (!b->classifier || (f->kind == LAYER_CONV && f->kernel == 1 &&
                               b->layers == 1 && f->se == 0));
}

/* One tensor of a part: where in it, its name and shape. */
struct piece {
    const char *name;
    size_t at;
    int rank;
    size_t dims[4];
};

enum { PIECES_MAX = 4 };

static int norm_pieces(struct piece list[PIECES_MAX], const struct tensor *t)
{
    static const char *const names[] = {"gamma", "beta", "mean", "variance"};
    size_t n = (size_t)t->outs;

    for (int i = 0; i < PIECES_MAX; i++)
        list[i] = (struct piece){names[i], t->at + (size_t)i * n, 1, {n}};
    return PIECES_MAX;
}

static int pieces(struct piece list[PIECES_MAX], const struct tensor *t,
                  bool norm)
{
    size_t outs = (size_t)t->outs, k = (size_t)t->kernel;

    if (t->values == 0)
        return 0;
    if (norm)
        return norm_pieces(list, t);
    list[0] = (struct piece){"weight", t->at, 4, {outs, (size_t)t->ins, k, k}};
    list[1] = (struct piece){"bias", t->at + t->values - outs, 1, {outs}};
    return t->bias ? 2 : 1;
}

static enum err visit_part(struct h5 *h, const char *folder,
                           const struct tensor *t, enum part part, float *w,
                           pool_visit *what)
{
    struct piece list[PIECES_MAX];
    int n = pieces(list, t, part_norm(part));

    for (int i = 0; i < n; i++) {
        char path[POOL_PATH_MAX];
        struct h5_array a = {
            .path = path,
            .type = H5_FLOAT,
            .rank = list[i].rank,
            .units = "1",
            .description = list[i].rank == 4 ? "weights [out][in][row][column]"
                                             : "one for each channel given"};

        memcpy(a.dims, list[i].dims, sizeof list[i].dims);
        (void)snprintf(path, sizeof path, "%s/%s/%s", folder, part_text(part),
                       list[i].name);
        TRY(what(h, &a, w, list[i].at));
    }
    return ERR_NONE;
}

enum err pool_visit_block(struct h5 *h, int row, const struct block *b,
                          float *w, pool_visit *what)
{
    struct tensor part[PARTS];
    char folder[POOL_PATH_MAX / 2];

    for (int i = 0; i < b->layers; i++) {
        block_tensors(part, b, i);
        (void)snprintf(folder, sizeof folder, "/blocks/%d/layer%d", row, i);
        for (int k = 0; k < PARTS; k++)
            TRY(visit_part(h, folder, &part[k], (enum part)k, w, what));
    }
    return ERR_NONE;
}
