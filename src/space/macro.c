/* SPDX-License-Identifier: MIT */
/* The space of NAS-Bench-Macro (Su et al., CVPR 2021): eight layers in stages
 * of 2, 3 and 3, each an identity or an inverted bottleneck.  The first layer of
 * a stage has stride 2; there the identity is a 1 x 1 convolution without
 * activation.  With the default settings, parameters and multiply-accumulates
 * are those of the benchmark. */
#include <stdio.h>

#include "space/kinds.h"

/* clang-format off */
#define MACRO_SETTINGS(X)                                                      \
    X(INT, stem, "32", 1, 4096, "channels",                                    \
      "Width of the first convolution, 3 x 3, stride 1")                       \
    X(INTS, widths, "64 128 256", 1, 4096, "channels", "Width of each stage")  \
    X(INTS, depths, "2 3 3", 1, 16, "layers", "Layers of each stage")          \
    X(INT, head, "1280", 1, 8192, "channels",                                  \
      "Width of the 1 x 1 convolution before the classifier")
/* clang-format on */

struct macro_conf {
    MACRO_SETTINGS(CONF_FIELD)
};

CONF_ROWS(rows, struct macro_conf, MACRO_SETTINGS)

static void check(struct conf *conf, const void *values)
{
    const struct macro_conf *c = values;
    int layers = 0;

    if (c->widths.count < 1)
        conf_complain(conf, &macro_section, "widths", "no stage; at least one");
    if (c->depths.count != c->widths.count)
        conf_complain(conf, &macro_section, "depths",
                      "%d items, but macro.widths has %d; one for each stage",
                      c->depths.count, c->widths.count);
    for (int i = 0; i < c->depths.count; i++)
        layers += c->depths.value[i];
    if (layers > SPACE_DECISIONS_MAX)
        conf_complain(conf, &macro_section, "depths",
                      "%d layers in all; at most %d are allowed", layers,
                      SPACE_DECISIONS_MAX);
}

const struct conf_section macro_section = {
    .name = "macro",
    .help =
        "Space of NAS-Bench-Macro: identity (0), MBConv 3 with kernel 3 (1) "
        "or MBConv 6 with kernel 5 (2) for each layer.",
    .bytes = sizeof(struct macro_conf),
    .count = CONF_COUNT(rows),
    .rows = rows,
    .check = check,
};

static void open(struct space *s)
{
    static const char *const labels[] = {"0", "1", "2"};
    const struct macro_conf *c = s->conf;
    int layers = 0;

    for (int i = 0; i < c->depths.count; i++)
        layers += c->depths.value[i];
    for (int i = 0; i < layers; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "layer%d", i + 1);
        space_add(s, name, 3, labels, "");
    }
}

static struct layer layer_of(int option, bool first, int channels, int block)
{
    static const int kernel[] = {1, 3, 5}, expand[] = {1, 3, 6};
    struct layer l = {.kind = LAYER_MBCONV,
                      .skip = SKIP_IDENTITY,
                      .act = ACT_RELU,
                      .block = block,
                      .kernel = kernel[option],
                      .stride = first ? 2 : 1,
                      .channels = channels,
                      .expand = expand[option]};

    if (option == 0) {
        l.kind = first ? LAYER_CONV : LAYER_NONE;
        l.skip = SKIP_NONE;
        l.act = ACT_NONE;
    }
    return l;
}

static void layers(const struct space *s, const struct arch *a,
                   struct blueprint *b)
{
    const struct macro_conf *c = s->conf;
    int n = 0;

    blueprint_add(b, (struct layer){.kind = LAYER_CONV,
                                    .act = ACT_RELU,
                                    .kernel = 3,
                                    .stride = 1,
                                    .channels = c->stem});
    for (int stage = 0; stage < c->widths.count; stage++)
        for (int i = 0; i < c->depths.value[stage]; i++, n++)
            blueprint_add(b, layer_of(a->option[n], i == 0,
                                      c->widths.value[stage], n + 1));
    blueprint_add(b, (struct layer){.kind = LAYER_CONV,
                                    .act = ACT_RELU,
                                    .block = n + 1,
                                    .kernel = 1,
                                    .stride = 1,
                                    .channels = c->head});
}

const struct space_kind space_macro = {
    .name = "macro",
    .help = "NAS-Bench-Macro: eight layers, three options each",
    .section = &macro_section,
    .open = open,
    .layers = layers,
};
