/* SPDX-License-Identifier: MIT */
#include "eval/child.h"

static enum nn_act act_of(enum activation act)
{
    static const enum nn_act of[] = {
        [ACT_NONE] = NN_NONE,         [ACT_RELU] = NN_RELU,
        [ACT_RELU6] = NN_RELU6,       [ACT_HSWISH] = NN_HSWISH,
        [ACT_HSIGMOID] = NN_HSIGMOID, [ACT_SIGMOID] = NN_SIGMOID,
        [ACT_SWISH] = NN_SWISH};

    return of[act];
}

static int squeeze_excite(struct graph *g, int x, int channels, int squeezed,
                          enum nn_act act)
{
    int gate = graph_gpool(g, x);

    gate = graph_conv(g, gate, squeezed, 1, 1, true);
    gate = graph_act(g, gate, NN_RELU);
    gate = graph_conv(g, gate, channels, 1, 1, true);
    gate = graph_act(g, gate, act);
    return graph_scale(g, x, gate);
}

/* Squeeze-excite on node x of a layer with c_in channels, if it has one. */
static int gated(struct graph *g, const struct layer *l, int x, int c_in)
{
    int squeezed = l->se * c_in / 100;

    if (l->se == 0)
        return x;
    return squeeze_excite(g, x, g->nodes[x].shape.c,
                          squeezed > 0 ? squeezed : 1, act_of(l->gate));
}

static int conv_norm(struct graph *g, int x, int channels, int kernel,
                     int stride, enum activation act)
{
    x = graph_conv(g, x, channels, kernel, stride, false);
    return graph_norm(g, x, act_of(act));
}

static int conv_layer(struct graph *g, const struct layer *l, int x)
{
    int c_in = g->nodes[x].shape.c;

    x = conv_norm(g, x, l->channels, l->kernel, l->stride, l->act);
    return gated(g, l, x, c_in);
}

static int bottleneck(struct graph *g, const struct layer *l, int x)
{
    int c_in = g->nodes[x].shape.c;

    if (l->kind == LAYER_MBCONV && l->expand > 1)
        x = conv_norm(g, x, l->expand * c_in, 1, 1, l->act);
    x = graph_dwconv(g, x, l->kernel, l->stride);
    x = graph_norm(g, x, act_of(l->act));
    x = gated(g, l, x, c_in);
    return conv_norm(g, x, l->channels, 1, 1, ACT_NONE);
}

/* The layer's output y with its shortcut from the input x. */
static int skip(struct graph *g, const struct layer *l, int x, int y)
{
    struct shape from = g->nodes[x].shape, to = g->nodes[y].shape;

    if (l->skip == SKIP_POOL)
        return graph_add(g, y, graph_pool(g, x, l->stride));
    if (l->skip == SKIP_IDENTITY && l->stride == 1 && from.c == to.c)
        return graph_add(g, y, x);
    return y;
}

static int layer(struct graph *g, const struct layer *l, int x)
{
    switch (l->kind) {
    case LAYER_CONV:
        return skip(g, l, x, conv_layer(g, l, x));
    case LAYER_SEP:
    case LAYER_MBCONV:
        return skip(g, l, x, bottleneck(g, l, x));
    case LAYER_NONE:
        break;
    }
    return x;
}

void child_append(struct graph *g, const struct blueprint *b)
{
    int x = 0;

    for (int i = 0; i < b->count; i++) {
        g->label = b->layers[i].block;
        x = layer(g, &b->layers[i], x);
    }
    x = graph_gpool(g, x);
    g->label++;
    (void)graph_conv(g, x, b->classes, 1, 1, true);
}

struct graph_cost child_cost(const struct blueprint *b, int groups)
{
    struct shape image = {b->channels, b->height, b->width};
    struct graph g;
    struct graph_cost cost;

    graph_start(&g, image, groups);
    child_append(&g, b);
    cost = graph_cost(&g);
    graph_end(&g);
    return cost;
}
