/* SPDX-License-Identifier: MIT */
/* Memory for the values of nodes, one piece for both modes.
 *
 * For GRAPH_TRAIN each that is stored has a place of its own, since backward
 * needs it.  For GRAPH_EVAL it is needed only until the last of its readers'
 * chains has been run; what is read within its chain alone has room for one
 * band of channels. */
#include "base/mem.h"
#include "chain.h"
#include "conv.h"
#include "frame.h"
#include "nn/op.h"
#include "plan.h"
#include "slots.h"

struct lives {
    int *chain; /* [count] the first node of the chain it is in */
    int *last;  /* [count] the last node that reads it */
};

static bool is_folded(const struct plan *p, const struct graph *g, int i)
{
    const struct node *n = &g->nodes[i];

    return n->kind == OP_NORM && p->norm[n->in[0]] == i;
}

static bool is_stored(const struct plan *p, const struct graph *g, int i)
{
    return !p->lazy[i] && !is_folded(p, g, i);
}

/* Node `reader` reads node i, or what i would have been computed from. */
static void mark(struct lives *l, const struct plan *p, const struct graph *g,
                 int i, int reader)
{
    if (i < 0)
        return;
    if (l->last[i] < reader)
        l->last[i] = reader;
    if (!is_stored(p, g, i))
        for (int k = 0; k < 2; k++)
            mark(l, p, g, g->nodes[i].in[k], reader);
}

static struct lives find_lives(const struct plan *p, const struct graph *g)
{
    struct lives l = {MEM_NEW(int, g->count), MEM_NEW(int, g->count)};

    for (int first = 1, last; first < g->count; first = last + 1) {
        last = chain_up(g, first);
        for (int i = first; i <= last; i++)
            l.chain[i] = first;
    }
    for (int i = 1; i < g->count; i++)
        for (int k = 0; k < 2; k++)
            mark(&l, p, g, g->nodes[i].in[k], i);
    return l;
}

/* A convolution whose values go to a depthwise one alone writes them straight
 * into its frame; an activation must leave zeros zero. */
static int halo_of(const struct plan *p, const struct graph *g, int i)
{
    const struct node *n = &g->nodes[i];
    int norm = p->norm[i], reader = -1;

    if (n->kind != OP_CONV || norm == 0 || conv_framed(n) ||
        n->shape.c <= op_input(g, n, 0)->shape.c ||
        g->nodes[norm].act == NN_HSIGMOID || g->nodes[norm].act == NN_SIGMOID)
        return 0;
    for (int j = norm + 1; j < g->count; j++)
        if (g->nodes[j].in[0] == norm || g->nodes[j].in[1] == norm) {
            if (reader >= 0 || g->nodes[j].kind != OP_DWCONV)
                return 0;
            reader = j;
        }
    return reader >= 0 ? g->nodes[reader].kernel / 2 : 0;
}

static struct frame frame_around(const struct node *n, int halo)
{
    return frame_of(n->shape.h, n->shape.w, halo, 1);
}

static ptrdiff_t plane_around(const struct node *n, int halo)
{
    return halo == 0 ? n->plane
                     : (ptrdiff_t)frame_around(n, halo).plane * GRAPH_LANES;
}

static size_t spot_bytes(const struct graph *g, int i, const struct spot *s)
{
    return sizeof(float) * (size_t)(g->groups * s->room) *
           (size_t)plane_around(&g->nodes[i], s->halo);
}

struct place plan_place(const struct spot *s, const struct node *n,
                        char *memory)
{
    struct frame f = frame_around(n, s->halo);
    struct place p = {.room = s->room,
                      .halo = s->halo,
                      .plane = plane_around(n, s->halo),
                      .row = f.row * GRAPH_LANES};

    if (s->at != PLAN_NOWHERE)
        p.x = (float *)(void *)(memory + s->at) +
              frame_at(&f, 0, s->halo, s->halo);
    return p;
}

static void place_chain(struct plan *p, struct slots *s, const struct lives *l,
                        const struct graph *g, int first, int last)
{
    int channels = g->nodes[first].shape.c;
    int bands = chain_bands(g, first, last, channels);
    int band = chain_most(channels, bands);

    for (int i = first; i <= last; i++) {
        const struct node *n = &g->nodes[i];
        bool inside = l->chain[l->last[i]] == first && l->last[i] > i;
        struct spot *spot = &p->spots[GRAPH_EVAL][i];

        *spot = (struct spot){PLAN_NOWHERE, inside ? band : n->shape.c,
                              halo_of(p, g, i)};
        if (is_stored(p, g, i))
            spot->at = slots_take(s, i, spot_bytes(g, i, spot));
    }
}

/* The result of the last node stays. */
static void release_read(struct slots *s, const struct lives *l,
                         const struct graph *g, int last)
{
    for (int i = 1; i <= last; i++)
        if (l->last[i] <= last && i < g->count - 1 && l->last[i] > 0)
            slots_release(s, i);
}

static void plan_eval(struct plan *p, const struct graph *g)
{
    struct slots s = slots_new(g->count);
    struct lives l = find_lives(p, g);

    for (int first = 1, last; first < g->count; first = last + 1) {
        last = chain_up(g, first);
        place_chain(p, &s, &l, g, first, last);
        release_read(&s, &l, g, last);
    }
    if (p->x_bytes < s.bytes)
        p->x_bytes = s.bytes;
    slots_free(&s);
    mem_free(l.chain);
    mem_free(l.last);
}

void plan_values(struct plan *p, const struct graph *g)
{
    for (int i = 1; i < g->count; i++) {
        struct spot *spot = &p->spots[GRAPH_TRAIN][i];

        *spot = (struct spot){PLAN_NOWHERE, g->nodes[i].shape.c, 0};
        if (p->lazy[i])
            continue;
        spot->at = p->x_bytes;
        p->x_bytes += plan_tensor(g, &g->nodes[i]);
    }
    plan_eval(p, g);
}
