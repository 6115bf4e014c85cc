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
    bool few;    /* pixels: gradients of weights are summed transposed */
    struct frame x, dy;
    struct pass pass; /* forward, and the gradient of the weights */
    int phases;
    struct phase {
        struct pass pass;
        ptrdiff_t at; /* of its first pixel in dx */
    } back[STRIDE_MAX * STRIDE_MAX];
    const int *packed_at; /* of term k in packed columns */
    int *chunk_at;        /* of term k in a packed chunk, for each call */
    int *transposed_at; /* of lane and pixel in a transposed chunk, likewise */
    int tables[];
};

/** Columns packed for a tile; and for a weight gradient, at least, if they are
 * more than so many floats. */
enum { CONV_COLUMNS = 4, CONV_CHUNK_MIN = 16, CONV_PACK_FLOATS = 1 << 16 };

/** Floats of a row of `inputs` values, whole vectors; and where in graph.work a
 * packed chunk is transposed to, the sums are, and all ends. */
int conv_row(int inputs);

struct conv_rooms {
    size_t transposed, sum, end;
};

struct conv_rooms conv_rooms(int ins, int outs);

/** Kernel > 1 or stride > 1: read through a frame with zero margins. */
bool conv_framed(const struct node *n);

/** Floats of the frame of x, which is the first part of graph.work; that of dy
 * comes behind it. */
size_t conv_x_frame(const struct graph *g, const struct node *n);

void conv_forward(struct graph *g, const struct node *n, enum graph_mode mode,
                  struct range r);
void conv_backward(struct graph *g, const struct node *n, struct range r);

#endif
