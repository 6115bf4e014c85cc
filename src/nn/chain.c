/* SPDX-License-Identifier: MIT */
#include "chain.h"

/* UNIT divides by the height of register tiles.  What follows a convolution
 * streams through the cache, and each band reads all of its input anew. */
enum { BAND_BYTES = 1280 << 10, UNIT = KERNEL_PANEL };

static bool starts_up(const struct graph *g, const struct node *n)
{
    const struct op *op = op_of(n->kind);

    return op->bands_up ? op->bands_up(g, n) : op->channelwise;
}

static bool starts_down(const struct graph *g, const struct node *n)
{
    const struct op *op = op_of(n->kind);

    return op->bands_down ? op->bands_down(g, n) : op->channelwise;
}

int chain_up(const struct graph *g, int first)
{
    int last = first;

    if (!starts_up(g, &g->nodes[first]))
        return first;
    for (int i = first + 1; i < g->count; i++, last++) {
        const struct node *n = &g->nodes[i];

        if (!op_of(n->kind)->channelwise || n->in[0] != last ||
            n->in[1] >= first)
            break;
    }
    return last;
}

/* A second input must be done with only after the chain. */
int chain_down(const struct graph *g, int last)
{
    int first = last, other = -1;

    if (!starts_down(g, &g->nodes[last]))
        return last;
    for (;; first--) {
        const struct node *n = &g->nodes[first];
        const struct op *below;

        other = n->in[1] > other ? n->in[1] : other;
        if (n->in[0] != first - 1 || first - 1 < 1 || other >= first - 1)
            return first;
        below = op_of(g->nodes[first - 1].kind);
        if (!below->channelwise)
            return first;
    }
}

/* Of the nodes' values, or gradients; those of norms are not stored. */
static size_t channel_bytes(const struct graph *g, int first, int last)
{
    size_t floats = 0;

    for (int i = first; i <= last; i++)
        if (g->nodes[i].kind != OP_NORM)
            floats += (size_t)op_plane(&g->nodes[i]) * (size_t)g->groups;
    return floats * sizeof(float);
}

int chain_bands(const struct graph *g, int first, int last, int channels)
{
    size_t bytes = channel_bytes(g, first, last) * (size_t)channels;
    int bands = (int)(bytes / BAND_BYTES) + 1,
        most = (channels + UNIT - 1) / UNIT;

    if (first == last)
        return 1;
    return bands < most ? bands : most;
}

struct range chain_band(int channels, int bands, int i)
{
    int units = (channels + UNIT - 1) / UNIT;
    int from = units * i / bands * UNIT, to = units * (i + 1) / bands * UNIT;

    return (struct range){from, to < channels ? to : channels};
}

int chain_most(int channels, int bands)
{
    int most = 0;

    for (int i = 0; i < bands; i++) {
        struct range r = chain_band(channels, bands, i);

        most = r.to - r.from > most ? r.to - r.from : most;
    }
    return most;
}
