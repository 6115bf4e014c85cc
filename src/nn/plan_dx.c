/* SPDX-License-Identifier: MIT */
/* Gradient memory by liveness.
 *
 * Backward runs from the last node down, chain by chain.  dx of a node is alive
 * from the first of its consumers to be run (the last in the graph), which
 * writes it, until the node's chain has been run; ops that work in place hand
 * theirs on to their first input. */
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

/* Give in[k] of node i a place for its dx, unless it has one. */
static void place(struct plan *p, struct slots *a, const struct graph *g, int i,
                  int k)
{
    const struct node *n = &g->nodes[i];
    int in = n->in[k];
    size_t bytes = plan_tensor(g, &g->nodes[in]);

    p->first[2 * i + k] = p->dx[in] == PLAN_NOWHERE;
    if (!p->first[2 * i + k])
        return;
    if (k == 0 && op_of(n->kind)->in_place && bytes == plan_tensor(g, n)) {
        p->dx[in] = p->dx[i];
        slots_hand_on(a, i, in);
        return;
    }
    p->dx[in] = slots_take(a, in, bytes);
}

static void place_inputs(struct plan *p, struct slots *a, const struct graph *g,
                         int i, const bool *wanted)
{
    const struct node *n = &g->nodes[i];

    p->reached[i] = true;
    for (int k = 1; k >= 0; k--)
        if (n->in[k] >= 0 && wanted[n->in[k]])
            place(p, a, g, i, k);
}

void plan_gradients(struct plan *p, const struct graph *g)
{
    struct slots a = slots_new(g->count);
    bool *wanted = MEM_NEW(bool, g->count);
    int last = g->count - 1;

    for (int i = 0; i < g->count; i++)
        p->dx[i] = PLAN_NOWHERE;
    find_wanted(wanted, g);
    p->dx[last] = slots_take(&a, last, plan_tensor(g, &g->nodes[last]));
    for (int top = last, end; top > 0; top = end - 1) {
        end = chain_down(g, top);
        for (int i = top; i >= end; i--)
            if (p->dx[i] != PLAN_NOWHERE)
                place_inputs(p, &a, g, i, wanted);
        for (int i = top; i >= end; i--)
            slots_release(&a, i);
    }
    p->dx_bytes = a.bytes;
    slots_free(&a);
    mem_free(wanted);
}
