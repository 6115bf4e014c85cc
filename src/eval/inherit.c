/* SPDX-License-Identifier: MIT */
#include "eval/inherit.h"

#include <limits.h>

#include "inherit_order.h"

bool inherit_expands(const struct block *b)
{
    return b->form.kind == LAYER_MBCONV && b->form.expand > 1;
}

bool inherit_plain(const struct block *b)
{
    return b->form.kind == LAYER_CONV;
}

bool inherit_kin(const struct block *a, const struct block *b)
{
    return a->stage == b->stage && a->classifier == b->classifier &&
           inherit_plain(a) == inherit_plain(b) &&
           inherit_expands(a) == inherit_expands(b) &&
           (!a->classifier || a->form.channels == b->form.channels);
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

struct block inherit_union(const struct block *a, const struct block *b)
{
    struct block u = *a;

    u.c_in = larger(a->c_in, b->c_in);
    u.layers = larger(a->layers, b->layers);
    u.form.kernel = larger(a->form.kernel, b->form.kernel);
    u.form.channels = larger(a->form.channels, b->form.channels);
    u.form.expand = larger(a->form.expand, b->form.expand);
    u.form.se = larger(a->form.se, b->form.se);
    return u;
}

/* Channels that a layer reads. */
static int reads(const struct block *b, int layer)
{
    return layer == 0 ? b->c_in : b->form.channels;
}

struct order inherit_order(const struct block *b, int layer, enum part part)
{
    bool hidden = !inherit_plain(b);
    bool gives = part != PART_SQUEEZE && part < PART_MAIN;
    bool takes = part == PART_SQUEEZE || part == PART_MAIN;
    int copy = reads(b, layer);

    return (struct order){.outs = hidden && gives ? copy : INT_MAX,
                          .ins = hidden && takes ? copy : INT_MAX};
}

/* The number of channel i of copies of `each` where a copy has `others`; -1:
 * there is none. */
static int renumber(int i, int each, int others)
{
    int channel = i % each;

    return channel < others ? i / each * others + channel : -1;
}

/* A tensor, and that of the largest of the kin. */
struct pair {
    struct tensor t, whole;
    struct order order, whole_order;
};

static void map_conv(size_t *at, const struct pair *p)
{
    const struct tensor *t = &p->t, *o = &p->whole;
    int size = t->kernel, old = o->kernel;
    int shift = (old - size) / 2; /* both are odd */

    for (int m = 0; m < t->outs; m++)
        for (int i = 0; i < t->ins; i++)
            for (int q = 0; q < size * size; q++) {
                int out = renumber(m, p->order.outs, p->whole_order.outs);
                int in = renumber(i, p->order.ins, p->whole_order.ins);
                int y = q / size + shift, x = q % size + shift;
                bool inside = out >= 0 && out < o->outs && in >= 0 &&
                              in < o->ins && y >= 0 && y < old && x >= 0 &&
                              x < old;
                int to = ((out * o->ins + in) * old + y) * old + x;

                *at++ = inside ? o->at + (size_t)to : INHERIT_NOWHERE;
            }
}

/* One value for each channel given: `from` is where the largest has them. */
static void map_channels(size_t *at, const struct pair *p, size_t from)
{
    for (int m = 0; m < p->t.outs; m++) {
        int out = renumber(m, p->order.outs, p->whole_order.outs);

        at[m] = out >= 0 && out < p->whole.outs ? from + (size_t)out
                                                : INHERIT_NOWHERE;
    }
}

static void map_tensor(size_t *at, const struct pair *p, bool norm)
{
    const struct tensor *t = &p->t, *o = &p->whole;

    at += t->at;
    for (int k = 0; norm && k < NORM_PARTS; k++)
        map_channels(at + k * t->outs, p, o->at + (size_t)(k * o->outs));
    if (norm)
        return;
    map_conv(at, p);
    if (t->bias)
        map_channels(at + t->values - t->outs, p,
                     o->at + o->values - (size_t)o->outs);
}

void inherit_map(size_t *at, const struct block *b, const struct block *whole)
{
    struct tensor part[PARTS], whole_part[PARTS] = {0};

    for (int layer = 0; layer < b->layers; layer++) {
        bool exists = layer < whole->layers;

        block_tensors(part, b, layer);
        if (exists)
            block_tensors(whole_part, whole, layer);
        for (int k = 0; k < PARTS; k++) {
            enum part which = (enum part)k;
            struct pair p = {part[k],
                             exists ? whole_part[k] : (struct tensor){0},
                             inherit_order(b, layer, which),
                             inherit_order(whole, layer, which)};

            map_tensor(at, &p, part_norm(which));
        }
    }
}

void inherit_mend(float *w, const struct block *b)
{
    struct tensor part[PARTS];

    for (int layer = 0; layer < b->layers; layer++) {
        block_tensors(part, b, layer);
        for (int k = 0; k < PARTS; k++) {
            float *variance = w + part[k].at + VARIANCE * part[k].outs;

            for (int m = 0; part_norm((enum part)k) && m < part[k].outs; m++)
                variance[m] = variance[m] > 0 ? variance[m] : 0;
        }
    }
}
