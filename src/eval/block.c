/* SPDX-License-Identifier: MIT */
#include "eval/block.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"

/* The tensors of a layer in the order of its nodes, see child.c. */
static const enum part conv_order[] = {PART_MAIN, PART_MAIN_NORM, PART_SQUEEZE,
                                       PART_EXCITE};
static const enum part bottleneck_order[] = {
    PART_EXPAND,  PART_EXPAND_NORM, PART_DEPTH, PART_DEPTH_NORM,
    PART_SQUEEZE, PART_EXCITE,      PART_MAIN,  PART_MAIN_NORM};

static bool later_layer(const struct block *b, const struct layer *l)
{
    return l->kind == b->form.kind && l->skip == b->form.skip &&
           l->act == b->form.act && l->kernel == b->form.kernel &&
           l->channels == b->form.channels && l->expand == b->form.expand &&
           l->se == b->form.se && l->stride == 1;
}

int block_list(struct block *list, const struct blueprint *b)
{
    int n = 0, c = b->channels, last = 0;

    for (int i = 0; i < b->count; i++) {
        const struct layer *l = &b->layers[i];

        last = l->block;
        if (l->kind == LAYER_NONE)
            continue;
        if (n > 0 && list[n - 1].stage == l->block) {
            CHECK(later_layer(&list[n - 1], l));
            CHECK(++list[n - 1].layers <= BLOCK_LAYERS_MAX);
        } else {
            list[n++] = (struct block){
                .stage = l->block, .c_in = c, .layers = 1, .form = *l};
        }
        c = l->channels;
    }
    list[n++] = (struct block){.stage = last + 1,
                               .c_in = c,
                               .layers = 1,
                               .classifier = true,
                               .form = {.kind = LAYER_CONV,
                                        .block = last + 1,
                                        .kernel = 1,
                                        .stride = 1,
                                        .channels = b->classes}};
    return n;
}

bool block_equal(const struct block *a, const struct block *b)
{
    return a->stage == b->stage && a->c_in == b->c_in &&
           a->layers == b->layers && a->classifier == b->classifier &&
           memcmp(&a->form, &b->form, sizeof a->form) == 0;
}

static struct tensor conv(int outs, int ins, int kernel, bool bias)
{
    return (struct tensor){.outs = outs,
                           .ins = ins,
                           .kernel = kernel,
                           .bias = bias,
                           .values =
                               (size_t)outs * (size_t)(ins * kernel * kernel) +
                               (bias ? (size_t)outs : 0)};
}

static struct tensor norm(int channels)
{
    return (struct tensor){.outs = channels, .values = 4 * (size_t)channels};
}

static void squeeze_excite(struct tensor part[PARTS], const struct layer *l,
                           int c_in, int channels)
{
    int squeezed = l->se * c_in / 100;

    if (l->se == 0)
        return;
    squeezed = squeezed > 0 ? squeezed : 1;
    part[PART_SQUEEZE] = conv(squeezed, channels, 1, true);
    part[PART_EXCITE] = conv(channels, squeezed, 1, true);
}

static void conv_shapes(struct tensor part[PARTS], const struct block *b,
                        int c_in)
{
    const struct layer *l = &b->form;

    part[PART_MAIN] = conv(l->channels, c_in, l->kernel, b->classifier);
    if (b->classifier)
        return;
    part[PART_MAIN_NORM] = norm(l->channels);
    squeeze_excite(part, l, c_in, l->channels);
}

static void bottleneck_shapes(struct tensor part[PARTS], const struct layer *l,
                              int c_in)
{
    int hidden = c_in;

    if (l->kind == LAYER_MBCONV && l->expand > 1) {
        hidden *= l->expand;
        part[PART_EXPAND] = conv(hidden, c_in, 1, false);
        part[PART_EXPAND_NORM] = norm(hidden);
    }
    part[PART_DEPTH] = conv(hidden, 1, l->kernel, false);
    part[PART_DEPTH_NORM] = norm(hidden);
    squeeze_excite(part, l, c_in, hidden);
    part[PART_MAIN] = conv(l->channels, hidden, 1, false);
    part[PART_MAIN_NORM] = norm(l->channels);
}

/* The tensors of a layer whose weights start at `at`; where they end. */
static size_t layer_tensors(struct tensor part[PARTS], const struct block *b,
                            int layer, size_t at)
{
    bool plain = b->form.kind == LAYER_CONV;
    const enum part *order = plain ? conv_order : bottleneck_order;
    size_t n = plain ? sizeof conv_order / sizeof conv_order[0]
                     : sizeof bottleneck_order / sizeof bottleneck_order[0];
    int c_in = layer == 0 ? b->c_in : b->form.channels;

    memset(part, 0, PARTS * sizeof part[0]);
    if (plain)
        conv_shapes(part, b, c_in);
    else
        bottleneck_shapes(part, &b->form, c_in);
    for (size_t i = 0; i < n; i++) {
        part[order[i]].at = at;
        at += part[order[i]].values;
    }
    return at;
}

void block_tensors(struct tensor part[PARTS], const struct block *b, int layer)
{
    size_t at = 0;

    for (int i = 0; i <= layer; i++)
        at = layer_tensors(part, b, i, at);
}

size_t block_values(const struct block *b)
{
    struct tensor part[PARTS];
    size_t at = 0;

    for (int i = 0; i < b->layers; i++)
        at = layer_tensors(part, b, i, at);
    return at;
}

#define PART_TEXT(name, text, norm) text,
#define PART_NORM(name, text, norm) norm,

const char *part_text(enum part p)
{
    static const char *const texts[] = {PART_LIST(PART_TEXT)};

    return texts[p];
}

bool part_norm(enum part p)
{
    static const bool norms[] = {PART_LIST(PART_NORM)};

    return norms[p];
}

/* Has the block this node? */
static bool owns(const struct block *b, const struct node *n)
{
    return n->label == b->stage && n->params > 0;
}

void block_take(float *w, const struct graph *g, const struct block *b)
{
    const float *start = w;

    for (int i = 1; i < g->count; i++) {
        const struct node *n = &g->nodes[i];

        if (!owns(b, n))
            continue;
        memcpy(w, g->w + n->w_at, n->params * sizeof *w);
        memcpy(w + n->params, g->w + n->s_at, n->stats * sizeof *w);
        w += n->params + n->stats;
    }
    CHECK((size_t)(w - start) == block_values(b));
}

void block_give(struct graph *g, const struct block *b, const float *w)
{
    const float *start = w;

    for (int i = 1; i < g->count; i++) {
        const struct node *n = &g->nodes[i];

        if (!owns(b, n))
            continue;
        memcpy(g->w + n->w_at, w, n->params * sizeof *w);
        memcpy(g->w + n->s_at, w + n->params, n->stats * sizeof *w);
        w += n->params + n->stats;
    }
    CHECK((size_t)(w - start) == block_values(b));
}

void block_text(char text[BLOCK_TEXT_MAX], const struct block *b)
{
    static const char *const kinds[] = {[LAYER_CONV] = "conv",
                                        [LAYER_SEP] = "sep",
                                        [LAYER_MBCONV] = "mbconv",
                                        [LAYER_NONE] = "none"};
    static const char *const skips[] = {
        [SKIP_NONE] = "none", [SKIP_IDENTITY] = "id", [SKIP_POOL] = "pool"};
    const struct layer *l = &b->form;
    char expand[16] = "";

    if (l->kind == LAYER_MBCONV)
        (void)snprintf(expand, sizeof expand, "%d", l->expand);
    if (b->classifier)
        (void)snprintf(text, BLOCK_TEXT_MAX,
                       "stage %d: classifier, %d channels, %d classes",
                       b->stage, b->c_in, l->channels);
    else
        (void)snprintf(text, BLOCK_TEXT_MAX,
                       "stage %d: %s%s k%d se%d %s %d->%d s%d x%d", b->stage,
                       kinds[l->kind], expand, l->kernel, l->se, skips[l->skip],
                       b->c_in, l->channels, l->stride, b->layers);
}
