/* SPDX-License-Identifier: MIT */
/* The factorised space of MnasNet (Tan et al., CVPR 2019): blocks in a row, each
 * a stack of equal layers; six decisions a block, 432 choices.  Widths, strides
 * and depths that the decisions are relative to are settings; the defaults are
 * MobileNetV2's, for 224 x 224 images. */
#include <stdio.h>
#include <string.h>

#include "space/kinds.h"

enum { DECISIONS = 6, BLOCKS_MAX = SPACE_DECISIONS_MAX / DECISIONS };

/* clang-format off */
#define MNAS_SETTINGS(X)                                                       \
    X(INT, stem, "32", 1, 4096, "channels",                                    \
      "Width of the first convolution, 3 x 3")                                 \
    X(INT, stem_stride, "2", 1, 2, "", "Its stride")                           \
    X(INTS, widths, "16 24 32 64 96 160 320", 1, 4096, "channels",             \
      "Width of each block, before its filter multiplier; the number of items " \
      "is the number of blocks")                                               \
    X(INTS, strides, "1 2 2 2 1 2 1", 1, 2, "",                                \
      "Stride of the first layer of each block")                               \
    X(INTS, depths, "1 2 3 4 3 3 1", 1, 8, "layers",                           \
      "Layers of each block, before one is added or taken away")               \
    X(INT, divisor, "8", 1, 64, "channels",                                    \
      "Widths are rounded to a multiple of this")                              \
    X(INT, head, "1280", 0, 8192, "channels",                                  \
      "Width of the 1 x 1 convolution before the classifier; 0 leaves it out") \
    X(CHOICE, activation, "relu6", 0, 0, "relu|relu6|hswish|swish",            \
      "Activation of all layers")                                              \
    X(CHOICE, gate, "hsigmoid", 0, 0, "hsigmoid|sigmoid",                      \
      "Last activation of squeeze-excite, the factor of a channel")
/* clang-format on */

struct mnas_conf {
    MNAS_SETTINGS(CONF_FIELD)
};

CONF_ROWS(rows, struct mnas_conf, MNAS_SETTINGS)

static void check(struct conf *conf, const void *values)
{
    const struct mnas_conf *c = values;
    int blocks = c->widths.count, layers = 2;

    if (blocks < 1 || blocks > BLOCKS_MAX)
        conf_complain(conf, &mnas_section, "widths",
                      "%d blocks are not allowed; 1..%d", blocks, BLOCKS_MAX);
    if (c->strides.count != blocks)
        conf_complain(conf, &mnas_section, "strides",
                      "%d items, but mnas.widths has %d; one for each block",
                      c->strides.count, blocks);
    if (c->depths.count != blocks)
        conf_complain(conf, &mnas_section, "depths",
                      "%d items, but mnas.widths has %d; one for each block",
                      c->depths.count, blocks);
    for (int i = 0; i < c->depths.count; i++)
        layers += c->depths.value[i] + 1;
    if (layers > SPACE_LAYERS_MAX)
        conf_complain(conf, &mnas_section, "depths",
                      "up to %d layers in all; at most %d are allowed", layers,
                      SPACE_LAYERS_MAX);
}

const struct conf_section mnas_section = {
    .name = "mnas",
    .help = "Space of MnasNet: for each block convolution, kernel, "
            "squeeze-excite, skip, width and depth.",
    .bytes = sizeof(struct mnas_conf),
    .count = CONF_COUNT(rows),
    .rows = rows,
    .check = check,
};

/* clang-format off */
enum { CONV, KERNEL, SE, SKIP, FILTERS, LAYERS };
static const char *const conv_labels[]    = {"conv", "sep", "mb3", "mb6"};
static const char *const kernel_labels[]  = {"k3", "k5"};
static const char *const se_labels[]      = {"se0", "se25"};
static const char *const skip_labels[]    = {"none", "id", "pool"};
static const char *const filters_labels[] = {"w75", "w100", "w125"};
static const char *const layers_labels[]  = {"n+0", "n+1", "n-1"};

static const struct {
    const char *name;
    int options;
    const char *const *labels;
    const char *after;
} table[DECISIONS] = {
    [CONV]    = {"conv",    4, conv_labels,    "_"},
    [KERNEL]  = {"kernel",  2, kernel_labels,  "_"},
    [SE]      = {"se",      2, se_labels,      "_"},
    [SKIP]    = {"skip",    3, skip_labels,    "_"},
    [FILTERS] = {"filters", 3, filters_labels, "_"},
    [LAYERS]  = {"layers",  3, layers_labels,  "/"},
};
/* clang-format on */

/* A block of one layer cannot lose it. */
static int options(const struct mnas_conf *c, int block, int decision)
{
    bool single = decision == LAYERS && c->depths.value[block] == 1;

    return table[decision].options - (single ? 1 : 0);
}

static void open(struct space *s)
{
    const struct mnas_conf *c = s->conf;

    for (int b = 0; b < c->widths.count; b++)
        for (int d = 0; d < DECISIONS; d++) {
            bool last = b == c->widths.count - 1 && d == DECISIONS - 1;
            char name[32];

            (void)snprintf(name, sizeof name, "b%d.%s", b + 1, table[d].name);
            space_add(s, name, options(c, b, d), table[d].labels,
                      last ? "" : table[d].after);
        }
}

/* Nearest multiple of the divisor, at least one. */
static int width(const struct mnas_conf *c, int block, int multiplier)
{
    static const int percent[] = {75, 100, 125};
    int wanted = c->widths.value[block] * percent[multiplier];
    int unit = 100 * c->divisor;
    int n = (wanted + unit / 2) / unit;

    return (n > 0 ? n : 1) * c->divisor;
}

static enum activation activation(const struct mnas_conf *c)
{
    return strcmp(c->activation.s, "relu") == 0     ? ACT_RELU
           : strcmp(c->activation.s, "relu6") == 0  ? ACT_RELU6
           : strcmp(c->activation.s, "hswish") == 0 ? ACT_HSWISH
                                                    : ACT_SWISH;
}

static enum activation gate(const struct mnas_conf *c)
{
    return strcmp(c->gate.s, "sigmoid") == 0 ? ACT_SIGMOID : ACT_HSIGMOID;
}

static void add_block(const struct mnas_conf *c, int block,
                      const unsigned char *option, struct blueprint *b)
{
    /* clang-format off */
    static const enum layer_kind kind[] = {LAYER_CONV, LAYER_SEP,
                                           LAYER_MBCONV, LAYER_MBCONV};
    static const enum layer_skip skip[] = {SKIP_NONE, SKIP_IDENTITY,
                                           SKIP_POOL};
    static const int expand[] = {1, 1, 3, 6}, more[] = {0, 1, -1};
    /* clang-format on */
    int layers = c->depths.value[block] + more[option[LAYERS]];

    for (int i = 0; i < layers; i++)
        blueprint_add(b, (struct layer){
                             .kind = kind[option[CONV]],
                             .skip = skip[option[SKIP]],
                             .act = activation(c),
                             .block = block + 1,
                             .kernel = option[KERNEL] ? 5 : 3,
                             .stride = i == 0 ? c->strides.value[block] : 1,
                             .channels = width(c, block, option[FILTERS]),
                             .expand = expand[option[CONV]],
                             .se = option[SE] ? 25 : 0,
                             .gate = gate(c),
                         });
}

static void layers(const struct space *s, const struct arch *a,
                   struct blueprint *b)
{
    const struct mnas_conf *c = s->conf;
    int blocks = c->widths.count;

    blueprint_add(b, (struct layer){.kind = LAYER_CONV,
                                    .act = activation(c),
                                    .kernel = 3,
                                    .stride = c->stem_stride,
                                    .channels = c->stem});
    for (int i = 0; i < blocks; i++)
        add_block(c, i, a->option + DECISIONS * i, b);
    if (c->head > 0)
        blueprint_add(b, (struct layer){.kind = LAYER_CONV,
                                        .act = activation(c),
                                        .block = blocks + 1,
                                        .kernel = 1,
                                        .stride = 1,
                                        .channels = c->head});
}

const struct space_kind space_mnas = {
    .name = "mnas",
    .help = "MnasNet: blocks with six decisions each",
    .section = &mnas_section,
    .open = open,
    .layers = layers,
};
