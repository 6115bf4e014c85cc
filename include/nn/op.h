/* SPDX-License-Identifier: MIT */
/* What a kind of node is: one row of a table, the only link between the graph
 * and the kernels.  A new op is a new row (and a kind in graph.h).  All Local. */
#ifndef NN_OP_H
#define NN_OP_H

#include "nn/graph.h"

struct op {
    const char *name;
    int inputs;
    bool in_place; /* dx of in[0] may overwrite the node's own dx */

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

    /** x of the node from x of its inputs. */
    void (*forward)(struct graph *g, const struct node *n,
                    enum graph_mode mode);

    /** dw, and dx of the inputs, from dx of the node.  An input whose dx is NULL
     * asks for none; in[1] is served before in[0]. */
    void (*backward)(struct graph *g, const struct node *n);
};

/** The row of a kind; NULL for OP_INPUT. */
const struct op *op_of(enum op_kind kind);

/** Append a node of any kind: kind, in and the options the kind reads are set;
 * shape.c is the channels of a convolution. */
int graph_append(struct graph *g, struct node n);

/* For ops. */

/** The i-th input. */
const struct node *op_input(const struct graph *g, const struct node *n, int i);

/** Pixels of a plane; and floats of it. */
int op_pixels(const struct shape *s);
ptrdiff_t op_plane(const struct shape *s);

/** Output size for a kernel centred on every stride-th pixel. */
int op_strided(int size, int stride);

extern const struct op op_conv, op_dwconv, op_norm, op_act, op_pool, op_gpool,
    op_scale, op_add;

#endif
