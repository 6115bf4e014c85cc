/* SPDX-License-Identifier: MIT */
/* For conv*.c only: a full convolution, planned. */
#ifndef NN_CONV_H
#define NN_CONV_H

#include "frame.h"
#include "nn/kernel.h"
#include "nn/op.h"

enum { STRIDE_MAX = 2 };

struct conv {
    int ins, outs;
    bool framed; /* not 1 x 1 with stride 1 */
    struct frame x, dy;
    struct pass pass; /* forward, and the gradient of the weights */
    int phases;
    struct phase {
        struct pass pass;
        ptrdiff_t at; /* of its first pixel in dx */
    } back[STRIDE_MAX * STRIDE_MAX];
    const int *packed_at; /* of term k in packed columns */
    int *terms_at;        /* of conv_dot, for each call */
    int tables[];
};

/** Columns packed for a tile; images and pixels of a chunk of conv_dot. */
enum { CONV_COLUMNS = 4, CONV_DOT_TERMS = 16 * GRAPH_LANES };

/** Kernel > 1 or stride > 1: read through a frame with zero margins. */
bool conv_framed(const struct node *n);

/** Floats of the frame of x, which is the first part of graph.work; that of dy
 * comes behind it. */
size_t conv_x_frame(const struct graph *g, const struct node *n);

void conv_forward(struct graph *g, const struct node *n, enum graph_mode mode,
                  struct range r);
void conv_backward(struct graph *g, const struct node *n, struct range r);

/** dw += gradient of the weights of inputs k of one that is not framed. */
void conv_dot(struct graph *g, const struct node *n, float *dw, struct range k);

/** Floats of graph.work that it takes. */
size_t conv_dot_work(int ins, int outs);

#endif
