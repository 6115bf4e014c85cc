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

    return (n->kind == OP_NORM && p->norm[n->in[0]] == i) ||
           (n->kind == OP_ADD && p->sum[i] > 0);
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

/* The convolution that a sum reads through a norm without activation; 0: it
 * does not. */
static int addend(const struct plan *p, const struct graph *g, int in)
{
    const struct node *n = &g->nodes[in];
    bool bare = n->kind == OP_NORM && n->act == NN_NONE &&
                g->nodes[n->in[0]].kind == OP_CONV && is_folded(p, g, in);

    return bare ? n->in[0] : 0;
}

/* Whose memory has the values of node i, if it is stored or folded. */
static int root_of(const struct plan *p, const struct graph *g, int i)
{
    if (!is_folded(p, g, i))
        return i;
    return g->nodes[i].kind == OP_ADD ? p->sum[i] : g->nodes[i].in[0];
}

/* Does node i read node `other`, or what that stands for? */
static bool reads(const struct plan *p, const struct graph *g, int i, int other)
{
    for (int k = 0; k < 2; k++) {
        int in = g->nodes[i].in[k];

        if (in >= 0 &&
            (in == other || (!is_stored(p, g, in) && reads(p, g, in, other))))
            return true;
    }
    return false;
}

/* May the convolution behind in[k] of sum i add to the other input's values?
 * They must be there, all of them, and nobody else may need them any more. */
static bool adds_in_place(const struct plan *p, const struct graph *g,
                          const struct lives *l, int i, int k)
{
    const struct node *n = &g->nodes[i];
    int conv = addend(p, g, n->in[k]), other = n->in[1 - k];
    bool there = conv > other && other > 0 &&
                 is_stored(p, g, root_of(p, g, other)) && l->last[other] == i &&
                 l->last[conv] == i &&
                 g->nodes[other].shape.c == g->nodes[conv].shape.c;

    for (int j = conv; j < i && there; j++)
        there = !reads(p, g, j, other);
    return there;
}

/* The place of what a convolution adds to becomes its own. */
static struct spot take_over(const struct plan *p, struct slots *s,
                             const struct graph *g, int conv)
{
    const struct node *sum = &g->nodes[p->sum[conv]];
    int k = addend(p, g, sum->in[0]) == conv;
    int root = root_of(p, g, sum->in[k]);

    slots_hand_on(s, root, conv);
    return p->spots[GRAPH_EVAL][root];
}

static void find_sums(struct plan *p, const struct graph *g)
{
    struct lives l = find_lives(p, g);

    for (int i = 1; i < g->count - 1; i++)
        for (int k = 0; k < 2 && g->nodes[i].kind == OP_ADD; k++)
            if (p->sum[i] == 0 && adds_in_place(p, g, &l, i, k)) {
                p->sum[i] = addend(p, g, g->nodes[i].in[k]);
                p->sum[p->sum[i]] = i;
            }
    mem_free(l.chain);
    mem_free(l.last);
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
        if (n->kind == OP_CONV && p->sum[i] > 0)
            *spot = take_over(p, s, g, i);
        else if (is_stored(p, g, i))
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
    find_sums(p, g);
    plan_eval(p, g);
}
