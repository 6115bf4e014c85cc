/* SPDX-License-Identifier: MIT */
/* Gradient memory by liveness.
 *
 * Backward runs from the last node down, chain by chain.  dx of a node is alive
 * from the first of its consumers to be run (the last in the graph), which
 * writes it, until the node's chain has been run; ops that work in place hand
 * theirs on to their first input.  What is written and read within one chain
 * alone has room for a band of channels, which stays in the cache. */
#include "base/mem.h"
#include "chain.h"
#include "nn/op.h"
#include "plan.h"
#include "slots.h"

/* Does anything up to each node have weights?  If not, no gradient is asked
 * for. */
static void find_wanted(bool *wanted, const struct graph *g)
{
    for (int i = 0; i < g->count; i++) {
        const struct node *n = &g->nodes[i];

        wanted[i] = n->params > 0;
        for (int k = 0; k < 2; k++)
            if (n->in[k] >= 0 && wanted[n->in[k]])
                wanted[i] = true;
    }
}

/* A chain down, and the channels of its widest band. */
struct chain {
    int first, last, band;
};

/* Would node i give its memory to its first input? */
static bool hands_on(const struct plan *p, const struct graph *g, int i)
{
    const struct node *n = &g->nodes[i];
    int in = n->in[0];

    return op_of(n->kind)->in_place && p->dx[in] == PLAN_NOWHERE &&
           plan_tensor(g, &g->nodes[in]) == plan_tensor(g, n);
}

/* Is dx of node i, which nobody has written yet, of this chain alone? */
static bool inside(const struct plan *p, const struct graph *g,
                   const struct chain *c, int i)
{
    while (i >= c->first && hands_on(p, g, i))
        i = g->nodes[i].in[0];
    return i >= c->first;
}

/* Give in[k] of node i a place for its dx, unless it has one. */
static void place(struct plan *p, struct slots *a, const struct graph *g,
                  const struct chain *c, int i, int k)
{
    int in = g->nodes[i].in[k], channels = g->nodes[in].shape.c;

    p->first[2 * i + k] = p->dx[in] == PLAN_NOWHERE;
    if (!p->first[2 * i + k])
        return;
    if (k == 0 && hands_on(p, g, i)) {
        p->dx[in] = p->dx[i];
        p->room[in] = p->room[i];
        slots_hand_on(a, i, in);
        return;
    }
    p->room[in] = inside(p, g, c, in) ? c->band : channels;
    p->dx[in] = slots_take(a, in,
                           plan_tensor(g, &g->nodes[in]) / (size_t)channels *
                               (size_t)p->room[in]);
}

static void place_inputs(struct plan *p, struct slots *a, const struct graph *g,
                         const struct chain *c, int i, const bool *wanted)
{
    const struct node *n = &g->nodes[i];

    p->reached[i] = true;
    for (int k = 1; k >= 0; k--)
        if (n->in[k] >= 0 && wanted[n->in[k]])
            place(p, a, g, c, i, k);
}

static struct chain chain_of(const struct graph *g, int last)
{
    struct chain c = {.first = chain_down(g, last), .last = last};
    int channels = op_input(g, &g->nodes[last], 0)->shape.c;

    c.band = chain_most(channels, chain_bands(g, c.first, c.last, channels));
    return c;
}

void plan_gradients(struct plan *p, const struct graph *g)
{
    struct slots a = slots_new(g->count);
    bool *wanted = MEM_NEW(bool, g->count);
    int last = g->count - 1;
    struct chain c;

    for (int i = 0; i < g->count; i++)
        p->dx[i] = PLAN_NOWHERE;
    find_wanted(wanted, g);
    p->dx[last] = slots_take(&a, last, plan_tensor(g, &g->nodes[last]));
    p->room[last] = g->nodes[last].shape.c;
    for (; last > 0; last = c.first - 1) {
        c = chain_of(g, last);
        for (int i = last; i >= c.first; i--)
            if (p->dx[i] != PLAN_NOWHERE)
                place_inputs(p, &a, g, &c, i, wanted);
        for (int i = last; i >= c.first; i--)
            slots_release(&a, i);
    }
    p->dx_bytes = a.bytes;
    slots_free(&a);
    mem_free(wanted);
}
