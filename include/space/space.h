/* SPDX-License-Identifier: MIT */
/* A search space: decisions, each with its options; an architecture: one option
 * for each decision.
 *
 * The space also says what an architecture means, as a blueprint: a plain list
 * of layers that any trainer can build.  Search methods see only decisions;
 * evaluators see only blueprints. All Local. */
#ifndef SPACE_SPACE_H
#define SPACE_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/err.h"
#include "base/rng.h"

enum {
    SPACE_DECISIONS_MAX = 128,
    SPACE_OPTIONS_MAX = 16,
    SPACE_LAYERS_MAX = 256,
    SPACE_TEXT_MAX = 1024 /* canonical text of an architecture, with its 0 */
};

/** One option for each decision, as an index from 0. */
struct arch {
    int count;
    unsigned char option[SPACE_DECISIONS_MAX];
};

struct decision {
    char name[32];             /* "b3.kernel" */
    int options;               /* 1..SPACE_OPTIONS_MAX */
    const char *const *labels; /* text of each option; borrowed. With `after`,
                                  none is a prefix of another */
    const char *after;         /* text after the option: "_", "/" or "" */
};

/* clang-format off */
enum layer_kind {
    LAYER_CONV,   /* k x k convolution, norm, activation [, squeeze-excite] */
    LAYER_SEP,    /* depthwise k x k, norm, act [, SE]; 1 x 1, norm          */
    LAYER_MBCONV, /* 1 x 1 expand, norm, act; then as LAYER_SEP              */
    LAYER_NONE    /* nothing: the layer's input is its output               */
};
enum layer_skip {
    SKIP_NONE,
    SKIP_IDENTITY, /* adds the input where shapes agree (stride 1, c_in = c_out) */
    SKIP_POOL      /* adds the 3 x 3 average of the input, at the layer's stride,
                      to the channels that both have                         */
};
enum activation { ACT_NONE, ACT_RELU, ACT_RELU6, ACT_HSWISH, ACT_HSIGMOID,
                  ACT_SIGMOID, ACT_SWISH };
/* clang-format on */

struct layer {
    enum layer_kind kind;
    enum layer_skip skip;
    enum activation act;
    int block;    /* 0 stem, 1.. blocks, then the head: what shares weights */
    int kernel;   /* odd; padding kernel / 2 */
    int stride;   /* 1 or 2 */
    int channels; /* out */
    int expand;   /* hidden = expand * channels in, LAYER_MBCONV only */
    int se;       /* squeeze-excite ratio in percent of channels in; 0 none */
    enum activation gate; /* of squeeze-excite: ACT_HSIGMOID or ACT_SIGMOID */
};

/** A network: layers in order, then global average pooling and one linear layer
 * with bias to `classes`.  Convolutions have no bias; every one is followed by
 * batch normalisation. */
struct blueprint {
    int channels, height, width; /* of the input image */
    int classes;
    int count;
    struct layer layers[SPACE_LAYERS_MAX];
};

struct space;
struct state;

/** A kind of space; a registry in space.c lists them. */
struct space_kind {
    const char *name, *help;
    const struct conf_section *section; /* its settings */

    /** Append the decisions; settings are in s->conf. */
    void (*open)(struct space *s);

    /** Append the layers of an architecture. */
    void (*layers)(const struct space *s, const struct arch *a,
                   struct blueprint *b);
};

struct space {
    const struct space_kind *kind;
    const void *conf; /* the kind's settings, borrowed */
    int count;        /* decisions */
    struct decision decisions[SPACE_DECISIONS_MAX];
};

#define SPACE_SETTINGS(X)                                                      \
    X(CHOICE, kind, "mnas", 0, 0, "mnas|macro|tiny",                           \
      "Search space; its own settings are in the section of that name")

struct space_conf {
    SPACE_SETTINGS(CONF_FIELD)
};

extern const struct conf_section space_section;

/** Open the space that the settings name. */
void space_open(struct space *s, const struct conf *conf);

/** The i-th kind of space; NULL past the last. */
const struct space_kind *space_kind_at(int i);

/** Number of architectures (may exceed 2^64, hence double). */
double space_size(const struct space *s);

/** Uniform random architecture. */
struct arch space_random(const struct space *s, struct rng *r);

/** Change one decision, drawn uniformly among those with more than one option,
 * to another option. */
struct arch space_mutate(const struct space *s, const struct arch *a,
                         struct rng *r);

bool arch_equal(const struct arch *a, const struct arch *b);
uint64_t arch_hash(const struct arch *a);

/** Does a have the space's number of decisions, and each option exist? */
bool space_has(const struct space *s, const struct arch *a);

/** Save or load architectures, which the space must have: a field of n structs of
 * `size` bytes, the first at a. */
void space_state(const struct space *s, struct state *state, const char *name,
                 struct arch *a, size_t n, size_t size);

/** Canonical text of an architecture; text has SPACE_TEXT_MAX bytes.
 * space_parse(space_format(a)) = a. */
void space_format(const struct space *s, const struct arch *a, char *text);

/** Read the canonical text; ERR_INPUT names what is wrong. */
MUST_CHECK enum err space_parse(const struct space *s, const char *text,
                                struct arch *a);

/** The network that an architecture means, for images of [channels, height,
 * width] and a number of classes. */
void space_blueprint(const struct space *s, const struct arch *a, int channels,
                     int height, int width, int classes, struct blueprint *b);

/** For the kinds: append a decision, a layer. */
void space_add(struct space *s, const char *name, int options,
               const char *const *labels, const char *after);
void blueprint_add(struct blueprint *b, struct layer layer);

#endif
