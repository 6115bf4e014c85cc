/* SPDX-License-Identifier: MIT */
/* A small space with every kind of layer, to try things out in seconds: each
 * block one layer, with a convolution, a kernel and a skip to choose. */
#include <stdio.h>

#include "space/kinds.h"

enum { DECISIONS = 3 };

/* clang-format off */
#define TINY_SETTINGS(X)                                                       \
    X(INT, width, "8", 1, 256, "channels",                                     \
      "Width of the stem and the first block; doubled by each later block")    \
    X(INT, blocks, "2", 1, 6, "",                                              \
      "Blocks; each but the first has stride 2")
/* clang-format on */

struct tiny_conf {
    TINY_SETTINGS(CONF_FIELD)
};

CONF_ROWS(rows, struct tiny_conf, TINY_SETTINGS)
const struct conf_section tiny_section = {
    .name = "tiny",
    .help = "A small space to try things out.",
    .bytes = sizeof(struct tiny_conf),
    .count = CONF_COUNT(rows),
    .rows = rows,
};

static void open(struct space *s)
{
    static const char *const conv[] = {"conv", "sep", "mb2", "mb2se"};
    static const char *const kernel[] = {"k3", "k5"};
    static const char *const skip[] = {"none", "id", "pool"};
    const struct tiny_conf *c = s->conf;

    for (int b = 1; b <= c->blocks; b++) {
        char name[32];

        (void)snprintf(name, sizeof name, "b%d.conv", b);
        space_add(s, name, 4, conv, "_");
        (void)snprintf(name, sizeof name, "b%d.kernel", b);
        space_add(s, name, 2, kernel, "_");
        (void)snprintf(name, sizeof name, "b%d.skip", b);
        space_add(s, name, 3, skip, b < c->blocks ? "/" : "");
    }
}

static void layers(const struct space *s, const struct arch *a,
                   struct blueprint *b)
{
    static const enum layer_kind kind[] = {LAYER_CONV, LAYER_SEP, LAYER_MBCONV,
                                           LAYER_MBCONV};
    static const enum layer_skip skip[] = {SKIP_NONE, SKIP_IDENTITY, SKIP_POOL};
    const struct tiny_conf *c = s->conf;
    int channels = c->width;

    blueprint_add(b, (struct layer){.kind = LAYER_CONV,
                                    .act = ACT_RELU,
                                    .kernel = 3,
                                    .stride = 1,
                                    .channels = channels});
    for (int i = 0; i < c->blocks; i++) {
        const unsigned char *option = a->option + DECISIONS * i;

        if (i > 0)
            channels *= 2;
        blueprint_add(b, (struct layer){.kind = kind[option[0]],
                                        .skip = skip[option[2]],
                                        .act = ACT_RELU,
                                        .block = i + 1,
                                        .kernel = option[1] ? 5 : 3,
                                        .stride = i > 0 ? 2 : 1,
                                        .channels = channels,
                                        .expand = option[0] > 1 ? 2 : 1,
                                        .se = option[0] == 3 ? 25 : 0,
                                        .gate = ACT_HSIGMOID});
    }
}

const struct space_kind space_tiny = {
    .name = "tiny",
    .help = "a few small layers, to try things out",
    .section = &tiny_section,
    .open = open,
    .layers = layers,
};
