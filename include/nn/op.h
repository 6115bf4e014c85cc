/* SPDX-License-Identifier: MIT */
/* What a kind of node is: one row of a table, the only link between the graph
 * and the kernels.  A new op is a new row (and a kind in graph.h).  All Local. */
#ifndef NN_OP_H
#define NN_OP_H

#include "nn/graph.h"
#include "nn/kernel.h"

/** Channels from..to - 1. */
struct range {
    int from, to;
};

/** A tensor as its reader finds it, act(a x + b) gate: batch norm, activation
 * and gates are not stored but applied by those who read them, where these can
 * (see struct node, lazy). */
struct view {
    const struct node *of; /* whose shape it has */
    struct place at;
    int from;
    const struct affine *f; /* [c]; NULL: none */
    enum nn_act act;
    const float *gate; /* [groups][c][16]; NULL: none */
};

struct op {
    const char *name;
    int inputs;
    bool in_place; /* dx of in[0] may overwrite the node's own dx */

    /** Channel c of the node needs channel c of in[0] only, and gives a gradient
     * to that only.  Runs of such nodes are computed a few channels at a time,
     * so that these stay in the cache: see chain.h. */
    bool channelwise;

    /** Does it read views?  NULL: it does not. */
    bool (*views)(const struct graph *g, const struct node *n);

    /** May a chain start here that goes up (down) a few channels at a time?
     * NULL: if the op is channelwise. */
    bool (*bands_up)(const struct graph *g, const struct node *n);
    bool (*bands_down)(const struct graph *g, const struct node *n);

    /** Complete a node whose kind, inputs and options are set: shape, params,
     * stats. */
    void (*shape)(const struct graph *g, struct node *n);

    /** Multiply-accumulates of one image, forward. NULL: 0. */
    int64_t (*macs)(const struct graph *g, const struct node *n);

    /** Bytes of node.keep, and floats of scratch in graph.work. NULL: 0. */
    size_t (*keep)(const struct graph *g, const struct node *n);
    size_t (*work)(const struct graph *g, const struct node *n);

    /** Fill node.keep, once memory is there. NULL: nothing to do. */
    void (*plan)(const struct graph *g, struct node *n);

    /** First weights and statistics. NULL: there are none. */
    void (*init)(struct graph *g, const struct node *n, struct rng *r);

    /** Prepare g->folded, a copy of w, for GRAPH_EVAL.  NULL: nothing to do. */
    void (*fold)(struct graph *g, const struct node *n);

    /** Then, bring its own part of it into the order that its kernels read it
     * in. NULL: as it is. */
    void (*pack)(struct graph *g, const struct node *n);

    /** Channels r of the node's x, from x of its inputs. */
    void (*forward)(struct graph *g, const struct node *n, enum graph_mode mode,
                    struct range r);

    /** Channels r of dx of in[0], and what of dw depends on them, from dx of the
     * node.  An input whose dx is NULL asks for none; in[1] is served before
     * in[0]. */
    void (*backward)(struct graph *g, const struct node *n, struct range r);
};

/** The row of a kind; NULL for OP_INPUT. */
const struct op *op_of(enum op_kind kind);

/** Append a node of any kind: kind, in and the options the kind reads are set;
 * shape.c is the channels of a convolution. */
int graph_append(struct graph *g, struct node n);

/* For ops. */

/** The i-th input. */
const struct node *op_input(const struct graph *g, const struct node *n, int i);

/** The values of a node that stores them; its gradient. */
struct view op_values(const struct node *n);
struct view op_gradient(const struct node *n);

/** How node n finds its i-th input. */
struct view op_view(const struct graph *g, const struct node *n, int i,
                    enum graph_mode mode);

/** Nothing is to be done to what is read. */
bool op_plain(const struct view *v);

/** Channel c of a group, without what is to be done to it. */
const float *op_raw(const struct view *v, int group, int c);

/** Write channels r of a group, or add them, as y[r][h][w][16]. */
void op_read(const struct graph *g, float *y, const struct view *v, int group,
             struct range r, bool add);

/** The pixels of channels r that s says, from pixel `at` of each on; s->planes
 * and s->x_plane are filled in. */
void op_sweep(const struct graph *g, float *y, const struct view *v, int group,
              struct range r, int at, struct sweep *s);

/** The weights of a convolution in this mode. */
const float *op_weights(const struct graph *g, enum graph_mode mode);

/** What is done to outputs of a convolution from channel c on as they are
 * stored; false: nothing.  In GRAPH_EVAL that is the folded norm with its
 * activation, if that is a clamp; if not, op_activate does it afterwards. */
bool op_finish(const struct graph *g, const struct node *n,
               enum graph_mode mode, int c, struct finish *end);
void op_activate(const struct graph *g, const struct node *n,
                 enum graph_mode mode, struct range r);

/** A convolution that reads its dx through the norm behind it, whose backward
 * leaves dx as the gradient of the norm's output. */
bool op_late(const struct node *n);

/** Channel c of a group in x, and in dx. */
float *op_x(const struct node *n, int group, int c);
float *op_dx(const struct node *n, int group, int c);

/** Pixels of a plane; and floats of it. */
int op_pixels(const struct shape *s);
ptrdiff_t op_plane(const struct node *n);

/** Pixels from a plane of so many to the next.  Products read four pixels of
 * each of many planes: at multiples of 512 bytes from one to the next, these would
 * compete for half of the cache's lines or fewer. */
int op_apart(int pixels);

/** Output size for a kernel centred on every stride-th pixel. */
int op_strided(int size, int stride);

extern const struct op op_conv, op_dwconv, op_norm, op_act, op_pool, op_gpool,
    op_scale, op_add;

#endif
