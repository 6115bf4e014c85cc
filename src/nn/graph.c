/* SPDX-License-Identifier: MIT */
#include "nn/graph.h"

#include <math.h>
#include <string.h>

#include "base/err.h"
#include "chain.h"
#include "nn/kernel.h"
#include "nn/op.h"
#include "plan.h"

void graph_start(struct graph *g, struct shape input, int groups)
{
    CHECK(groups > 0 && input.c > 0 && input.h > 0 && input.w > 0);
    *g = (struct graph){.groups = groups,
                        .count = 1,
                        .flat = 1,
                        .share = 1,
                        .momentum = 0.1f,
                        .eps = 1e-5f,
                        .kernels = kernels_best(),
                        .nodes = MEM_NEW(struct node, 1)};
    g->nodes[0] =
        (struct node){.kind = OP_INPUT,
                      .in = {-1, -1},
                      .shape = input,
                      .plane = (ptrdiff_t)input.h * input.w * GRAPH_LANES};
}

void graph_end(struct graph *g)
{
    mem_free(g->nodes);
    *g = (struct graph){0};
}

/* Room for one more node: the array doubles when it is full. */
static void grow(struct graph *g)
{
    size_t count = (size_t)g->count;

    CHECK(g->count < GRAPH_NODES_MAX);
    if ((count & (count - 1)) == 0)
        g->nodes = mem_resize(g->nodes, count, 2 * count, sizeof g->nodes[0]);
}

int graph_append(struct graph *g, struct node n)
{
    const struct op *op = op_of(n.kind);

    for (int k = 0; k < op->inputs; k++)
        CHECK(n.in[k] >= 0 && n.in[k] < g->count);
    if (op->inputs < 2)
        n.in[1] = -1;
    n.label = g->label;
    op->shape(g, &n);
    CHECK(op_pixels(&n.shape) < INT32_MAX / (2 * GRAPH_LANES));
    n.plane = (ptrdiff_t)op_apart(op_pixels(&n.shape)) * GRAPH_LANES;
    CHECK(n.shape.c > 0 && n.plane < INT32_MAX / n.shape.c);
    n.w_at = g->params;
    g->params += n.params;
    g->stats += n.stats;
    g->flat = g->params + g->stats + 1;
    grow(g);
    g->nodes[g->count] = n;
    return g->count++;
}

int graph_conv(struct graph *g, int in, int channels, int kernel, int stride,
               bool bias)
{
    return graph_append(g, (struct node){.kind = OP_CONV,
                                         .in = {in},
                                         .shape = {.c = channels},
                                         .kernel = kernel,
                                         .stride = stride,
                                         .bias = bias});
}

int graph_dwconv(struct graph *g, int in, int kernel, int stride)
{
    return graph_append(g, (struct node){.kind = OP_DWCONV,
                                         .in = {in},
                                         .kernel = kernel,
                                         .stride = stride});
}

int graph_norm(struct graph *g, int in, enum nn_act act)
{
    return graph_append(
        g, (struct node){.kind = OP_NORM, .in = {in}, .act = (int)act});
}

int graph_act(struct graph *g, int in, enum nn_act act)
{
    return graph_append(
        g, (struct node){.kind = OP_ACT, .in = {in}, .act = (int)act});
}

int graph_pool(struct graph *g, int in, int stride)
{
    return graph_append(
        g, (struct node){
               .kind = OP_POOL, .in = {in}, .kernel = 3, .stride = stride});
}

int graph_gpool(struct graph *g, int in)
{
    return graph_append(g, (struct node){.kind = OP_GPOOL, .in = {in}});
}

int graph_scale(struct graph *g, int in, int gate)
{
    return graph_append(g, (struct node){.kind = OP_SCALE, .in = {in, gate}});
}

int graph_add(struct graph *g, int a, int b)
{
    return graph_append(g, (struct node){.kind = OP_ADD, .in = {a, b}});
}

struct graph_cost graph_cost(const struct graph *g)
{
    struct plan p = plan_new(g);
    struct graph_cost cost = {.params = (int64_t)g->params, .bytes = p.bytes};

    for (int i = 1; i < g->count; i++) {
        const struct op *op = op_of(g->nodes[i].kind);

        if (op->macs)
            cost.macs += op->macs(g, &g->nodes[i]);
    }
    plan_free(&p);
    return cost;
}

static float *at(char *memory, size_t offset)
{
    return offset == PLAN_NOWHERE ? NULL : (float *)(void *)(memory + offset);
}

static void build_node(struct graph *g, int i, const struct plan *p, char *x,
                       char *dx, struct arena *a)
{
    struct node *n = &g->nodes[i];
    const struct op *op = op_of(n->kind);

    for (int mode = 0; mode < 2; mode++)
        n->places[mode] = plan_place(&p->spots[mode][i], n, x);
    n->lazy = p->lazy[i];
    n->norm = p->norm[i];
    n->sum = p->sum[i];
    n->dx = at(dx, p->dx[i]);
    n->dx_room = p->room[i];
    n->reached = p->reached[i];
    memcpy(n->first, &p->first[2 * i], sizeof n->first);
    if (op && op->keep)
        n->keep = ARENA_NEW(a, char, op->keep(g, n));
    if (op && op->plan)
        op->plan(g, n);
}

static void set_mode(struct graph *g, enum graph_mode mode)
{
    for (int i = 0; i < g->count; i++) {
        struct node *n = &g->nodes[i];

        n->at = n->places[mode];
        n->x = n->at.x;
        n->from = 0;
    }
}

static void give_input(struct graph *g, float *x)
{
    struct node *n = &g->nodes[0];

    n->places[GRAPH_TRAIN] = (struct place){.x = x,
                                            .room = n->shape.c,
                                            .plane = n->plane,
                                            .row = n->shape.w * GRAPH_LANES};
    n->places[GRAPH_EVAL] = n->places[GRAPH_TRAIN];
    set_mode(g, GRAPH_TRAIN);
}

void graph_build(struct graph *g, struct arena *a)
{
    struct plan p = plan_new(g);
    size_t before = a->used, stats = g->params;
    char *x, *dx;

    g->w = ARENA_NEW(a, float, g->flat);
    g->dw = ARENA_NEW(a, float, g->flat);
    g->folded = ARENA_NEW(a, float, g->flat);
    g->work = ARENA_NEW(a, float, p.work_bytes / sizeof(float));
    x = ARENA_NEW(a, char, p.x_bytes);
    dx = ARENA_NEW(a, char, p.dx_bytes);
    for (int i = 0; i < g->count; i++) {
        g->nodes[i].s_at = stats;
        stats += g->nodes[i].stats;
        build_node(g, i, &p, x, dx, a);
    }
    give_input(
        g, ARENA_NEW(a, float, plan_tensor(g, &g->nodes[0]) / sizeof(float)));
    CHECK(a->used - before == p.bytes);
    plan_free(&p);
}

void graph_init(struct graph *g, struct rng *r)
{
    for (int i = 1; i < g->count; i++) {
        const struct op *op = op_of(g->nodes[i].kind);

        if (op->init)
            op->init(g, &g->nodes[i], r);
    }
}

void graph_fold(struct graph *g)
{
    memcpy(g->folded, g->w, g->flat * sizeof(float));
    for (int i = 1; i < g->count; i++) {
        const struct op *op = op_of(g->nodes[i].kind);

        if (op->fold)
            op->fold(g, &g->nodes[i]);
    }
    for (int i = 1; i < g->count; i++) {
        const struct op *op = op_of(g->nodes[i].kind);

        if (op->pack)
            op->pack(g, &g->nodes[i]);
    }
}

static void run_up(struct graph *g, enum graph_mode mode, int first, int last)
{
    int channels = g->nodes[first].shape.c;
    int bands = chain_bands(g, first, last, channels);

    for (int b = 0; b < bands; b++) {
        struct range r = chain_band(channels, bands, b);

        for (int i = first; i <= last; i++) {
            struct node *n = &g->nodes[i];

            n->from = n->at.room < channels ? r.from : 0;
            op_of(n->kind)->forward(g, n, mode, r);
        }
    }
}

void graph_forward(struct graph *g, enum graph_mode mode)
{
    set_mode(g, mode);
    for (int first = 1, last; first < g->count; first = last + 1) {
        last = chain_up(g, first);
        run_up(g, mode, first, last);
    }
}

static void run_down(struct graph *g, int first, int last)
{
    int channels = op_input(g, &g->nodes[last], 0)->shape.c;
    int bands = chain_bands(g, first, last, channels);

    for (int b = 0; b < bands; b++) {
        struct range r = chain_band(channels, bands, b);

        for (int i = first; i < last; i++)
            if (g->nodes[i].dx_room < channels)
                g->nodes[i].dx_from = r.from;
        for (int i = last; i >= first; i--)
            if (g->nodes[i].reached)
                op_of(g->nodes[i].kind)->backward(g, &g->nodes[i], r);
    }
}

void graph_backward(struct graph *g)
{
    for (int last = g->count - 1, first; last > 0; last = first - 1) {
        first = chain_down(g, last);
        run_down(g, first, last);
    }
}

void graph_zero(struct graph *g)
{
    memset(g->dw, 0, g->flat * sizeof(float));
}

void graph_track(struct graph *g, int step)
{
    float m = fmaxf(g->momentum, 2 / (float)(step + 2));

    for (size_t i = g->params; i < g->params + g->stats; i++)
        g->w[i] = (1 - m) * g->w[i] + m * g->dw[i];
}
