/* SPDX-License-Identifier: MIT */
/* A network as a list of nodes: append them, lay out memory, run up and down.
 *
 * A node reads earlier nodes only, so forward is a loop up and backward a loop
 * down.  Images fill the vector lanes: a tensor is
 *
 *     [groups][channels][height][width][16]
 *
 * (with a gap behind each plane if its size would be bad for the cache), where a group is 16 images, one in each lane.  All groups of a graph together
 * are a *shard*: what one pass computes and what batch-norm statistics are
 * taken over.  Shards are independent, so a batch of several shards gives the
 * same bits however they are spread over ranks.
 *
 * All that is learned is one flat array, and so is all that a pass adds to:
 *
 *     w [params | stats | 1]  weights           running mean, variance   unused
 *     dw[params | stats | 1]  their gradients   the shard's mean, var    loss
 *
 * each entry of dw scaled by `share`, the shard's part of the batch: the sum of
 * dw over the shards of a batch is the batch's mean gradient, mean statistics
 * and mean loss. All Local. */
#ifndef NN_GRAPH_H
#define NN_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/rng.h"

enum { GRAPH_LANES = 16, GRAPH_NODES_MAX = 4096 };

/** Of one image. */
struct shape {
    int c, h, w;
};

/* clang-format off */
enum op_kind {
    OP_INPUT,  /* the images                                                 */
    OP_CONV,   /* y[co] = sum over ci, k, k of w[co,ci,k,k] x[ci] (+ b[co])  */
    OP_DWCONV, /* y[c]  = sum over k, k of w[c,k,k] x[c]                     */
    OP_NORM,   /* y = act(gamma (x - mean) / sqrt(var + eps) + beta)         */
    OP_ACT,    /* y = act(x)                                                 */
    OP_POOL,   /* y = average over 3 x 3, padding not counted                */
    OP_GPOOL,  /* y[c] = average over the plane                              */
    OP_SCALE,  /* y[c,h,w] = x[c,h,w] gate[c]                                */
    OP_ADD,    /* y[c] = a[c] + b[c], for the channels that both have        */
    OP_KINDS
};
/* clang-format on */

/** Where a node's values are. */
struct place {
    float *x;             /* the first pixel */
    int room;             /* channels that there is room for, of each group */
    int halo;             /* pixels of zeros around a plane */
    ptrdiff_t plane, row; /* floats from one channel, row to the next */
};

struct node {
    enum op_kind kind;
    int in[2]; /* earlier nodes; -1 if unused */
    struct shape shape;
    int kernel, stride; /* OP_CONV, OP_DWCONV, OP_POOL; padding kernel / 2 */
    int act;            /* enum nn_act, OP_NORM and OP_ACT */
    bool bias;          /* OP_CONV */
    int label;          /* the caller's: block of the network */
    size_t params;      /* learned values */
    size_t stats;       /* running statistics */
    size_t w_at, s_at;  /* where they start in graph.w */
    /* [groups][c][h][w][16], channels `plane` apart.  x is at places[mode], from
     * channel `from` on; there is none if the node is lazy, see also
     * graph_forward.  dx shares memory with others, and is NULL where no
     * gradient is asked for; it has dx_room channels, from dx_from on. */
    float *x, *dx;
    ptrdiff_t plane; /* of dx, and of x in GRAPH_TRAIN */
    struct place places[2], at;
    int from, dx_from, dx_room;
    void *keep;    /* the op's own: tables, what backward needs */
    bool reached;  /* the loss depends on it */
    bool first[2]; /* backward is the first to give in[i] a gradient: it writes;
                      later ones add */
    bool lazy;     /* not stored: its readers compute it from its inputs, see
                      struct view in op.h */
    int norm;      /* the OP_NORM that is a convolution's only reader; 0: there
                      is none */
    int sum;       /* in GRAPH_EVAL, the OP_ADD that a convolution computes,
                      where the other input is; of that OP_ADD, the
                      convolution; 0: there is none */
};

enum nn_act {
    NN_NONE,
    NN_RELU,
    NN_RELU6,
    NN_HSWISH,
    NN_HSIGMOID,
    NN_SIGMOID,
    NN_SWISH
};

struct graph_cost {
    int64_t params; /* learned values */
    int64_t macs;   /* multiply-accumulates of one image, forward:
                       convolutions and linear layers, as the field counts */
    size_t bytes;   /* of the arena, see graph_build */
};

struct graph {
    int groups;                 /* of 16 images */
    int count;                  /* nodes */
    int label;                  /* given to the nodes appended next */
    size_t params, stats, flat; /* flat = params + stats + 1 */
    float *w, *dw;
    float *folded;       /* weights for GRAPH_EVAL, see graph_fold */
    float *work;         /* scratch of the kernels */
    float share;         /* this shard's part of the batch, 1 at first */
    float momentum, eps; /* of batch norm: 0.1 and 1e-5 */
    const struct kernels *kernels;
    struct node *nodes;
};

/** Start an empty graph with its input node, 0. */
void graph_start(struct graph *g, struct shape input, int groups);

/** Forget the nodes (not what the arena holds). */
void graph_end(struct graph *g);

/** Append a node that reads node `in`; its number is returned. */
int graph_conv(struct graph *g, int in, int channels, int kernel, int stride,
               bool bias);
int graph_dwconv(struct graph *g, int in, int kernel, int stride);
int graph_norm(struct graph *g, int in, enum nn_act act);
int graph_act(struct graph *g, int in, enum nn_act act);
int graph_pool(struct graph *g, int in, int stride);
int graph_gpool(struct graph *g, int in);
int graph_scale(struct graph *g, int in, int gate);
int graph_add(struct graph *g, int a, int b);

/** What the graph costs; known before any memory is taken. */
struct graph_cost graph_cost(const struct graph *g);

/** Take memory from the arena: tensors, w, dw, scratch, exactly
 * graph_cost(g).bytes. */
void graph_build(struct graph *g, struct arena *a);

/** Weights at random: convolutions normal with variance 2 / fan-out (He et al.
 * 2015; fan-out k k c_out, depthwise too), the last one normal with standard
 * deviation 0.01, biases 0, gamma 1, beta 0; statistics mean 0, variance 1. */
void graph_init(struct graph *g, struct rng *r);

enum graph_mode {
    GRAPH_TRAIN, /* batch statistics, added to dw */
    GRAPH_EVAL   /* running statistics */
};

/** Fold batch norm with its running statistics into the convolutions before it,
 * w' = a w and a bias, and the activation into their stores.  To be called
 * before GRAPH_EVAL whenever w has changed. */
void graph_fold(struct graph *g);

/** Compute every node from the input, nodes[0].x. Nodes that are lazy, and in
 * GRAPH_EVAL norms that are folded and sums that convolutions compute, have no x
 * of their own. */
void graph_forward(struct graph *g, enum graph_mode mode);

/** Softmax cross-entropy of the last node (shape [classes, 1, 1]) against the
 * labels of the shard's images, image = 16 group + lane; label -1: the image
 * does not count.  Targets are smoothed: (1 - smoothing) one-hot +
 * smoothing / classes (Szegedy et al. 2016).
 *
 * Returns how many images were right (ties: the first of the largest), and in
 * *loss, if not NULL, the sum of the images' losses in double.  In GRAPH_TRAIN
 * it also fills the last node's dx with share / images times the gradient and
 * adds share times the mean loss to dw[flat - 1]. */
int graph_loss(struct graph *g, enum graph_mode mode, const int *labels,
               float smoothing, double *loss);

/** dw += the gradient of the loss, by every weight; after graph_loss. */
void graph_backward(struct graph *g);

/** dw = 0. */
void graph_zero(struct graph *g);

/** Running statistics take their step number `step`, from 0, to the batch's,
 * which the summed dw holds: s = (1 - m) s + m ds.  m is 2 / (step + 2) at
 * first, a mean to which later steps count more, in which nothing is left of
 * what was there before; from then on the momentum. */
void graph_track(struct graph *g, int step);

#endif
