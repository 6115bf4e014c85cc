/* SPDX-License-Identifier: MIT */
/* What is stored, and gradient memory by liveness.
 *
 * Backward runs from the last node down, chain by chain.  dx of a node is alive
 * from the first of its consumers to be run (the last in the graph), which
 * writes it, until the node's chain has been run; ops that work in place hand
 * theirs on to their first input.  New ones take the lowest gap between those
 * alive, so the memory stays small and in cache. */
#include "plan.h"

#include "base/err.h"
#include "base/mem.h"
#include "chain.h"
#include "nn/op.h"

struct span {
    size_t at, bytes;
    int node;
};

/* Gradients alive, by rising address. */
struct alive {
    int count;
    struct span *spans;
};

/* Take the lowest gap that is large enough. */
static size_t take(struct alive *a, int node, size_t bytes)
{
    size_t at = 0;
    int i = 0;

    while (i < a->count && a->spans[i].at - at < bytes) {
        at = a->spans[i].at + a->spans[i].bytes;
        i++;
    }
    for (int j = a->count++; j > i; j--)
        a->spans[j] = a->spans[j - 1];
    a->spans[i] = (struct span){at, bytes, node};
    return at;
}

static struct span *find(struct alive *a, int node)
{
    for (int i = 0; i < a->count; i++)
        if (a->spans[i].node == node)
            return &a->spans[i];
    return NULL;
}

static void release(struct alive *a, int node)
{
    struct span *s = find(a, node);

    if (!s)
        return;
    a->count--;
    for (; s < a->spans + a->count; s++)
        s[0] = s[1];
}

size_t plan_tensor(const struct graph *g, const struct node *n)
{
    return sizeof(float) * (size_t)g->groups * (size_t)n->shape.c *
           (size_t)op_plane(&n->shape);
}

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
static void place(struct plan *p, struct alive *a, const struct graph *g, int i,
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
        find(a, i)->node = in;
        return;
    }
    p->dx[in] = take(a, in, bytes);
    if (p->dx_bytes < p->dx[in] + bytes)
        p->dx_bytes = p->dx[in] + bytes;
}

static void place_inputs(struct plan *p, struct alive *a, const struct graph *g,
                         int i, const bool *wanted)
{
    const struct node *n = &g->nodes[i];

    p->reached[i] = true;
    for (int k = 1; k >= 0; k--)
        if (n->in[k] >= 0 && wanted[n->in[k]])
            place(p, a, g, i, k);
}

/* Could all readers of node i do without it?  The last node has none. */
static bool all_read_views(const struct graph *g, int i)
{
    bool any = false;

    for (int j = i + 1; j < g->count; j++) {
        const struct node *n = &g->nodes[j];
        const struct op *op = op_of(n->kind);

        if (n->in[0] != i && n->in[1] != i)
            continue;
        if (!op->views || !op->views(g, n))
            return false;
        any = true;
    }
    return any;
}

static int readers(const struct graph *g, int i)
{
    int count = 0;

    for (int j = i + 1; j < g->count; j++)
        count += (g->nodes[j].in[0] == i) + (g->nodes[j].in[1] == i);
    return count;
}

static bool is_convolution(const struct node *n)
{
    return n->kind == OP_CONV || n->kind == OP_DWCONV;
}

/* A view is of one norm and one gate at most. */
static void find_lazy(struct plan *p, const struct graph *g)
{
    for (int i = 1; i < g->count; i++) {
        const struct node *n = &g->nodes[i];
        int in = n->in[0];

        if (n->kind == OP_NORM && is_convolution(&g->nodes[in]) &&
            readers(g, in) == 1)
            p->norm[in] = i;
        if (n->kind == OP_NORM && !p->lazy[in])
            p->lazy[i] = all_read_views(g, i);
        if (n->kind == OP_SCALE && g->nodes[in].kind != OP_SCALE)
            p->lazy[i] = all_read_views(g, i);
    }
}

static void plan_gradients(struct plan *p, const struct graph *g,
                           const bool *wanted)
{
    struct alive a = {.spans = MEM_NEW(struct span, g->count)};
    int last = g->count - 1;

    for (int i = 0; i < g->count; i++)
        p->dx[i] = PLAN_NOWHERE;
    p->dx_bytes = plan_tensor(g, &g->nodes[last]);
    p->dx[last] = take(&a, last, p->dx_bytes);
    for (int top = last, end; top > 0; top = end - 1) {
        end = chain_down(g, top);
        for (int i = top; i >= end; i--)
            if (p->dx[i] != PLAN_NOWHERE)
                place_inputs(p, &a, g, i, wanted);
        for (int i = top; i >= end; i--)
            release(&a, i);
    }
    mem_free(a.spans);
}

static size_t max(size_t a, size_t b)
{
    return a > b ? a : b;
}

static void plan_bytes(struct plan *p, const struct graph *g)
{
    p->bytes = 3 * arena_piece(g->flat * sizeof(float));
    for (int i = 0; i < g->count; i++) {
        const struct node *n = &g->nodes[i];
        const struct op *op = op_of(n->kind);

        if (!p->lazy[i])
            p->bytes += arena_piece(plan_tensor(g, n));
        if (op && op->keep)
            p->bytes += arena_piece(op->keep(g, n));
        if (op && op->work)
            p->work_bytes = max(p->work_bytes, op->work(g, n) * sizeof(float));
    }
    p->bytes += arena_piece(p->dx_bytes) + arena_piece(p->work_bytes);
}

struct plan plan_new(const struct graph *g)
{
    struct plan p = {.dx = MEM_NEW(size_t, g->count),
                     .reached = MEM_NEW(bool, g->count),
                     .first = MEM_NEW(bool, 2 * g->count),
                     .lazy = MEM_NEW(bool, g->count),
                     .norm = MEM_NEW(int, g->count)};
    bool *wanted = MEM_NEW(bool, g->count);

    find_wanted(wanted, g);
    find_lazy(&p, g);
    plan_gradients(&p, g, wanted);
    plan_bytes(&p, g);
    mem_free(wanted);
    return p;
}

void plan_free(struct plan *p)
{
    mem_free(p->dx);
    mem_free(p->reached);
    mem_free(p->first);
    mem_free(p->lazy);
    mem_free(p->norm);
    *p = (struct plan){0};
}
