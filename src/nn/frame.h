/* SPDX-License-Identifier: MIT */
/* Frames: planes with zero margins, into which convolutions read. All Local. */
#ifndef NN_FRAME_H
#define NN_FRAME_H

#include "nn/op.h"

/** Room for planes with a margin, columns sorted by their rest modulo stride,
 * so that a strided convolution reads neighbours. */
struct frame {
    int h, w;   /* of the plane inside */
    int margin; /* pixels, on each of the four sides */
    int stride;
    int row;   /* pixels of a row with margins, a multiple of stride */
    int plane; /* pixels of a plane with margins */
};

struct frame frame_of(int h, int w, int margin, int stride);

/** Offset, floats, of row r and column c, counted with the margin. */
int frame_at(const struct frame *f, int plane, int r, int c);

/** Zeros around so many planes of a place, whose first pixel is x. */
void frame_clear(float *x, int planes, const struct place *at,
                 const struct shape *s);

/** Read channels k of input 0 of n to the first planes of z; margins stay. */
void frame_fill(const struct graph *g, float *z, const struct frame *f,
                const struct node *n, enum graph_mode mode, int group,
                struct range k);

/** Channels m of dx of n, through the norm behind it if that has left it so
 * (op_late). The stride of the frame is 1. */
void frame_gradient(const struct graph *g, float *z, const struct frame *f,
                    const struct node *n, int group, struct range m);

#endif
