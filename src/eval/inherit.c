/* SPDX-License-Identifier: MIT */
/* Every rule copies channels: of the old tensor, those that `struct channels`
 * names. */
#include "eval/inherit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static struct channels channels_new(int count)
{
    return (struct channels){.count = count,
                             .from = MEM_NEW(int, count),
                             .share = MEM_NEW(float, count)};
}

void channels_free(struct channels *c)
{
    mem_free(c->from);
    mem_free(c->share);
}

/* Copy i of n gets 2 i / (n (n + 1)), i = 1..n. */
struct channels channels_first(int count, int old)
{
    struct channels c = channels_new(count);

    for (int i = 0; i < count; i++) {
        int copies = (count - 1 - i % old) / old + 1;

        c.from[i] = i % old;
        c.share[i] = 2 * (float)(i / old + 1) / (float)(copies * (copies + 1));
    }
    return c;
}

/* How many channels come before channel i if sorted by |gamma|. */
static int place_of(const float *gamma, int old, int i)
{
    int place = 0;

    for (int k = 0; k < old; k++)
        place += fabsf(gamma[k]) > fabsf(gamma[i]) ||
                 (fabsf(gamma[k]) == fabsf(gamma[i]) && k < i);
    return place;
}

struct channels channels_strongest(int count, int old, const float *gamma)
{
    struct channels c;
    int n = 0;

    if (count >= old)
        return channels_first(count, old);
    c = channels_new(count);
    for (int i = 0; i < old; i++)
        if (place_of(gamma, old, i) < count) {
            c.from[n] = i;
            c.share[n++] = 1;
        }
    return c;
}

void inherit_kernel(float *to, int size, const float *from, int old)
{
    int shift = (old - size) / 2; /* both are odd */

    for (int i = 0; i < size; i++)
        for (int k = 0; k < size; k++) {
            int y = i + shift, x = k + shift;
            bool inside = y >= 0 && y < old && x >= 0 && x < old;

            to[i * size + k] = inside ? from[y * old + x] : 0;
        }
}

float inherit_gate(enum activation gate)
{
    return gate == ACT_SIGMOID ? 0.95f : 0.9f;
}

/* What the activation turns into that gate. */
static float gate_bias(enum activation gate)
{
    float y = inherit_gate(gate);

    return gate == ACT_SIGMOID ? logf(y / (1 - y)) : 6 * y - 3;
}

/* A layer of each block, and their weights. */
struct pair {
    struct tensor part[PARTS], old_part[PARTS];
    float *w;
    const float *old_w;
    size_t values; /* inherited so far */
};

/* A convolution with its bias; in == NULL: depthwise. */
static void inherit_conv(struct pair *p, enum part which,
                         const struct channels *out, const struct channels *in)
{
    const struct tensor *t = &p->part[which], *o = &p->old_part[which];
    int area = t->kernel * t->kernel, old_area = o->kernel * o->kernel;
    float *w = p->w + t->at;
    const float *old = p->old_w + o->at;

    for (int m = 0; m < t->outs; m++)
        for (int i = 0; i < t->ins; i++) {
            float *to = w + (m * t->ins + i) * area;
            int from = out->from[m] * o->ins + (in ? in->from[i] : 0);

            inherit_kernel(to, t->kernel, old + from * old_area, o->kernel);
            for (int k = 0; k < area && in; k++)
                to[k] *= in->share[i];
        }
    for (int m = 0; m < t->outs && t->bias; m++)
        w[t->outs * t->ins * area + m] =
            old[o->outs * o->ins * old_area + out->from[m]];
    p->values += t->values;
}

static void inherit_norm(struct pair *p, enum part which,
                         const struct channels *c)
{
    enum { GAMMA_TO_VARIANCE = 4 };
    const struct tensor *t = &p->part[which], *o = &p->old_part[which];

    for (int k = 0; k < GAMMA_TO_VARIANCE; k++)
        for (int i = 0; i < t->outs; i++)
            p->w[t->at + (size_t)(k * t->outs + i)] =
                p->old_w[o->at + (size_t)(k * o->outs + c->from[i])];
    p->values += t->values;
}

/* Gates that are constant, whatever is squeezed. */
static void open_gates(struct pair *p, enum activation gate)
{
    const struct tensor *t = &p->part[PART_EXCITE];
    float *w = p->w + t->at;

    memset(w, 0, t->values * sizeof *w);
    for (int i = 0; i < t->outs; i++)
        w[t->outs * t->ins + i] = gate_bias(gate);
}

/* The gates of channels c, if the layer has any; what has to be made up for
 * behind them. */
static float inherit_gates(struct pair *p, enum activation gate,
                           const struct channels *c)
{
    struct channels squeezed;

    if (p->part[PART_SQUEEZE].values == 0)
        return 1;
    if (p->old_part[PART_SQUEEZE].values == 0) {
        open_gates(p, gate);
        return 1 / inherit_gate(gate);
    }
    squeezed = channels_first(p->part[PART_SQUEEZE].outs,
                              p->old_part[PART_SQUEEZE].outs);
    inherit_conv(p, PART_SQUEEZE, &squeezed, c);
    inherit_conv(p, PART_EXCITE, c, &squeezed);
    channels_free(&squeezed);
    return 1;
}

static void inherit_plain(struct pair *p, const struct block *b,
                          const struct channels *in, const struct channels *out)
{
    inherit_conv(p, PART_MAIN, out, in);
    if (b->classifier)
        return;
    inherit_norm(p, PART_MAIN_NORM, out);
    (void)inherit_gates(p, b->form.gate, out);
}

static void inherit_bottleneck(struct pair *p, const struct block *b,
                               const struct channels *in,
                               const struct channels *out)
{
    const struct tensor *t = &p->part[PART_MAIN], *o = p->old_part;
    bool expands = p->part[PART_EXPAND].values > 0;
    struct channels strongest = channels_strongest(
        t->ins, o[PART_MAIN].ins, p->old_w + o[PART_DEPTH_NORM].at);
    const struct channels *hidden = expands ? &strongest : in;
    float behind;

    if (expands) {
        inherit_conv(p, PART_EXPAND, hidden, in);
        inherit_norm(p, PART_EXPAND_NORM, hidden);
    }
    inherit_conv(p, PART_DEPTH, hidden, NULL);
    inherit_norm(p, PART_DEPTH_NORM, hidden);
    behind = inherit_gates(p, b->form.gate, hidden);
    inherit_conv(p, PART_MAIN, out, hidden);
    for (int i = 0; i < t->outs * t->ins; i++)
        p->w[t->at + (size_t)i] *= behind;
    inherit_norm(p, PART_MAIN_NORM, out);
    channels_free(&strongest);
}

/* Between operators: filters of single channels, if there are as many. */
static void inherit_filters(struct pair *p)
{
    const struct tensor *t = &p->part[PART_DEPTH],
                        *o = &p->old_part[PART_DEPTH];
    struct channels same;

    if (t->values == 0 || t->outs != o->outs || t->kernel != o->kernel)
        return;
    same = channels_first(t->outs, o->outs);
    inherit_conv(p, PART_DEPTH, &same, NULL);
    channels_free(&same);
}

static bool expands(const struct block *b)
{
    return b->form.kind == LAYER_MBCONV && b->form.expand > 1;
}

bool inherit_akin(const struct block *a, const struct block *b)
{
    bool plain = a->form.kind == LAYER_CONV;

    return plain == (b->form.kind == LAYER_CONV) &&
           a->classifier == b->classifier && expands(a) == expands(b) &&
           (!a->classifier || a->form.channels == b->form.channels);
}

static void inherit_layer(struct pair *p, const struct block *b,
                          const struct block *old, const struct channels *in,
                          const struct channels *out)
{
    if (!inherit_akin(b, old))
        inherit_filters(p);
    else if (b->form.kind == LAYER_CONV)
        inherit_plain(p, b, in, out);
    else
        inherit_bottleneck(p, b, in, out);
}

/* A layer beside a shortcut starts with nothing to say; behind an activation,
 * where a gamma of 0 would never learn, with little. */
static void hush(struct pair *p, const struct block *b)
{
    const struct tensor *t = &p->part[PART_MAIN_NORM];
    float *gamma = p->w + t->at, *beta = gamma + t->outs;

    if (b->form.skip == SKIP_NONE)
        return;
    for (int i = 0; i < t->outs; i++) {
        gamma[i] *= b->form.kind == LAYER_CONV ? 0.1f : 0;
        beta[i] = 0;
    }
}

size_t inherit_block(float *w, const struct block *b, const float *old_w,
                     const struct block *old)
{
    struct channels in = channels_first(b->c_in, old->c_in);
    struct channels out = channels_first(b->form.channels, old->form.channels);
    struct pair p = {.w = w, .old_w = old_w};

    for (int i = 0; i < b->layers; i++) {
        int from = i < old->layers ? i : old->layers - 1;

        block_tensors(p.part, b, i);
        block_tensors(p.old_part, old, from);
        if ((i == 0) == (from == 0))
            inherit_layer(&p, b, old, i == 0 ? &in : &out, &out);
        if (i >= old->layers && inherit_akin(b, old))
            hush(&p, b);
    }
    channels_free(&in);
    channels_free(&out);
    return p.values;
}
