/* SPDX-License-Identifier: MIT */
/* What is stored, and what all takes. */
#include "plan.h"

#include "base/err.h"
#include "base/mem.h"
#include "nn/op.h"

size_t plan_tensor(const struct graph *g, const struct node *n)
{
    return sizeof(float) * (size_t)g->groups * (size_t)n->shape.c *
           (size_t)op_plane(n);
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

static size_t max(size_t a, size_t b)
{
    return a > b ? a : b;
}

static void plan_bytes(struct plan *p, const struct graph *g)
{
    p->bytes = 3 * arena_piece(g->flat * sizeof(float)) +
               arena_piece(plan_tensor(g, &g->nodes[0]));
    for (int i = 0; i < g->count; i++) {
        const struct node *n = &g->nodes[i];
        const struct op *op = op_of(n->kind);

        if (op && op->keep)
            p->bytes += arena_piece(op->keep(g, n));
        if (op && op->work)
            p->work_bytes = max(p->work_bytes, op->work(g, n) * sizeof(float));
    }
    p->bytes += arena_piece(p->x_bytes) + arena_piece(p->dx_bytes) +
                arena_piece(p->work_bytes);
}

struct plan plan_new(const struct graph *g)
{
    struct plan p = {.dx = MEM_NEW(size_t, g->count),
                     .room = MEM_NEW(int, g->count),
                     .spots = {MEM_NEW(struct spot, g->count),
                               MEM_NEW(struct spot, g->count)},
                     .reached = MEM_NEW(bool, g->count),
                     .first = MEM_NEW(bool, 2 * g->count),
                     .lazy = MEM_NEW(bool, g->count),
                     .norm = MEM_NEW(int, g->count),
                     .sum = MEM_NEW(int, g->count)};

    find_lazy(&p, g);
    plan_values(&p, g);
    plan_gradients(&p, g);
    plan_bytes(&p, g);
    return p;
}

void plan_free(struct plan *p)
{
    mem_free(p->dx);
    mem_free(p->room);
    mem_free(p->spots[GRAPH_TRAIN]);
    mem_free(p->spots[GRAPH_EVAL]);
    mem_free(p->reached);
    mem_free(p->first);
    mem_free(p->lazy);
    mem_free(p->norm);
    mem_free(p->sum);
    *p = (struct plan){0};
}
