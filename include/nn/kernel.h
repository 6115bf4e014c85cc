/* SPDX-License-Identifier: MIT */
/* All arithmetic of the networks on one page.
 *
 * A *pixel* is 16 floats, one of each of 16 images, 64-byte aligned; a *plane*
 * is [h][w] pixels, one channel of a group.  Formulas leave the lanes out: they
 * hold in each lane, and only where it is said are lanes summed.  Offsets and
 * strides are in floats, so neighbouring pixels are GRAPH_LANES apart.
 *
 * Every value is one sum in one fixed order, whatever the tiles, so the same
 * input gives the same bits.  Lanes are summed as
 *
 *     t[l] = (v[l] + v[l + 8]) + (v[l + 4] + v[l + 12]),  l = 0..3
 *     (t[0] + t[2]) + (t[1] + t[3])
 *
 * The files kernel_*.c are compiled once per variant, with -DVARIANT=avx512,
 * avx2 or portable and the flags of that instruction set; a variant is one
 * table.  AVX-512 and AVX2 give the same bits; portable has no fused
 * multiply-add and differs in the last ones. All Local. */
#ifndef NN_KERNEL_H
#define NN_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "nn/graph.h"

/** A pass of a convolution over one group: m = 0..outs-1 channels of y at
 * height x width pixels (r, p), each a sum of `terms` products. */
struct pass {
    int outs, terms, height, width;
    int planes;                    /* of x that the terms read */
    ptrdiff_t y_out, y_row, y_col; /* from one m, r, p of y to the next */
    ptrdiff_t x_row;               /* from one r of x to the next */
    ptrdiff_t w_out;               /* from one m of w to the next */
    const int *x_at, *w_at;        /* [terms] */
};

/** y[m, r, p] = bias[m] + sum over k of w[m, k] x[k, r, p], or y += that:
 *
 *     y[m y_out + r y_row + p y_col], w[m w_out + w_at[k]],
 *     x[x_at[k] + r x_row + p]
 *
 * bias may be NULL. */
typedef void kernel_mac(float *y, const float *x, const float *w,
                        const float *bias, const struct pass *p, bool add);

/** dw[m, k] += sum over r, p and lanes of dy[m, r, p] x[k, r, p]; the offsets
 * are those of kernel_mac, and y_col is that of neighbours. */
typedef void kernel_dot(float *dw, const float *dy, const float *x,
                        const struct pass *p);

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

/** z[plane, r + margin, c + margin] = x[plane, r, c]; margins stay. */
typedef void kernel_frame(float *z, const float *x, int planes,
                          const struct frame *f);

/** Statistics of n pixels: sum[0] += sum of (x - pivot), sum[1] += sum of
 * (x - pivot)^2, over pixels and lanes. */
typedef void kernel_moments(double *sum, const float *x, float pivot, int n);

/** A normalised channel forward, u = a x + b, and backward. */
struct affine {
    float a, b;
    float mean;
    float k1, k2, k3;
};

/** y[i] = act(a x[i] + b), n pixels. y and x may be the same. */
typedef void kernel_act(float *y, const float *x, const struct affine *f,
                        enum nn_act act, int n);

/** sum[0] += sum of du, sum[1] += sum of du (x - mean), over pixels and lanes,
 * du = dy act'(a x + b). */
typedef void kernel_act_sums(double *sum, const float *dy, const float *x,
                             const struct affine *f, enum nn_act act, int n);

/** dx[i] = k1 du[i] + (k2 (x[i] - mean) + k3), or dx += that.
 * dx and dy may be the same. */
typedef void kernel_act_back(float *dx, const float *dy, const float *x,
                             const struct affine *f, enum nn_act act, int n,
                             bool add);

/** Average of 3 x 3 pixels, those inside x only; y is ceil(h / stride) x
 * ceil(w / stride). */
typedef void kernel_pool(float *y, const float *x, int h, int w, int stride);

/** dx = its gradient, or dx += that. */
typedef void kernel_pool_back(float *dx, const float *dy, int h, int w,
                              int stride, bool add);

/** y[0] = scale * sum of x[i], or y += that: n pixels to one. */
typedef void kernel_total(float *y, const float *x, float scale, int n,
                          bool add);

/** y[i] = scale * x[0], or y += that: one pixel to n. */
typedef void kernel_spread(float *y, const float *x, float scale, int n,
                           bool add);

/** y[i] = x[i] gate[0], or y += that. y and x may be the same. */
typedef void kernel_scale(float *y, const float *x, const float *gate, int n,
                          bool add);

/** y[0] = sum of a[i] b[i], or y += that. */
typedef void kernel_inner(float *y, const float *a, const float *b, int n,
                          bool add);

/** y[i] = a[i] + b[i]. y may be a or b. */
typedef void kernel_add(float *y, const float *a, const float *b, int n);

struct kernels {
    const char *name; /* "avx512" */
    kernel_mac *mac;
    kernel_dot *dot;
    kernel_frame *frame;
    kernel_moments *moments;
    kernel_act *act;
    kernel_act_sums *act_sums;
    kernel_act_back *act_back;
    kernel_pool *pool;
    kernel_pool_back *pool_back;
    kernel_total *total;
    kernel_spread *spread;
    kernel_scale *scale;
    kernel_inner *inner;
    kernel_add *add;
};

/** The fastest variant this machine can run. */
const struct kernels *kernels_best(void);

/** The i-th variant it can run, best first; NULL after the last. */
const struct kernels *kernels_at(int i);

/** The variant of that name, or "blas": matrix products of OpenBLAS, beside
 * portable kernels; a reference.  NULL if there is none, or this machine cannot
 * run it. */
const struct kernels *kernels_named(const char *name);

#endif
