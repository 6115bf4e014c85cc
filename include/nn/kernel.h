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
 * multiply-add and differs in the last ones.  `blas` is one more table, the
 * reference: mac and dot by OpenBLAS, the rest portable.
 *
 * Each has a bound: what no program can beat on a core with so many fused
 * multiply-adds a cycle (1 vector of 16 on Zen 4, 2 on Zen 5 and on most
 * Xeons) and such caches.  In *vectors*, a pixel being one with AVX-512:
 *
 *     mac         multiply-adds; a tile of 6 outs x 4 pixels loads 10 vectors
 *                 or weights for 24 of them, one of 12 x 2 14; with
 *                 AVX2, 6 x 1 loads 8 for 12
 *     dot         multiply-adds; 10 loads for 24, and 16 lanes to sum at the end
 *     slide...    loads: 3 x 3 loads 1 pixel or weight for 2 to 4
 *                 multiply-adds, 5 x 5 for 3 to 4; frames that fit the first
 *                 cache
 *     transpose   shuffles and inserts: 5 for a vector, with AVX2 3
 *     apply, act_back, act_sums, moments, total, spread, inner
 *                 the bandwidth of the cache that the planes are in: chains of
 *                 nodes (src/nn/chain.h) see to it that this is the second
 *
 * `make bench` measures how near they come. All Local. */
#ifndef NN_KERNEL_H
#define NN_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "nn/graph.h"

/** Weights may lie in panels of so many outs, the last one of what is left: of
 * a panel of `tall` outs from m0 on, w[m, k] is at
 *
 *     w[m0 terms + k tall + m - m0]. */
enum { KERNEL_PANEL = 12 };

/** A pass of a convolution over one group: m = 0..outs-1 channels of y at
 * height x width pixels (r, p), each a sum of `terms` products.  The terms come
 * in `runs` of as many, whose weights are equally far apart. */
struct pass {
    bool panels; /* weights are in panels: w_out and w_term are not read */
    int outs, terms, runs, height, width;
    int planes;                    /* of x that the terms read */
    ptrdiff_t y_out, y_row, y_col; /* from one m, r, p of y to the next */
    ptrdiff_t x_row;               /* from one r of x to the next */
    ptrdiff_t w_out, w_term;       /* from one m, k of w to the next */
    const int *x_at;               /* [terms] */
    const int *w_at;               /* [runs], or NULL: 0 */
};

/** What is done to a sum before it is stored: clamped after its bias. */
struct finish {
    const float *bias; /* [outs], or NULL */
    float low, high;
};

/** y[m, r, p] = sum over k of w[m, k] x[k, r, p], or y += that: for term k of a
 * run i of n,
 *
 *     y[m y_out + r y_row + p y_col], w[w_at[i] + m w_out + k w_term],
 *     x[x_at[i n + k] + r x_row + p]
 *
 * finish may be NULL; it does not clamp if y is added to. */
typedef void kernel_mac(float *y, const float *x, const float *w,
                        const struct finish *finish, const struct pass *p,
                        bool add);

/** dw[m, k] += sum over r, p and lanes of dy[m, r, p] x[k, r, p]; the offsets
 * are those of kernel_mac; pixels of y are neighbours, and so are the terms of
 * dw: dw[m w_out + k]. */
typedef void kernel_dot(float *dw, const float *dy, const float *x,
                        const struct pass *p);

/** z[(p 16 + lane) row + k] = x[k plane + p 16 + lane]: planes become columns,
 * n pixels of each; for k from `planes` up to row, a multiple of 16, the last
 * plane again. */
typedef void kernel_transpose(float *z, const float *x, int planes,
                              ptrdiff_t plane, int n, ptrdiff_t row);

/** A square of taps that slides over a plane. */
struct square {
    int size, stride;  /* 3 or 5; 1 or 2 */
    int height, width; /* of what is computed; for a gradient of w, of dy */
    ptrdiff_t y_row, x_row; /* from one row to the next of y or dx (for a
                               gradient of w, of dy); of what is read */
};

/** y[r, p] = sum over i, j of w[i, j] x[stride r + i, stride p + j]: one channel
 * of a depthwise convolution. */
typedef void kernel_slide(float *y, const float *x, const float *w,
                          const struct finish *finish, const struct square *s);

/** Its gradient: with q = size / 2,
 *
 *     dx[r, p] = sum over i, m of w[r + q - stride i, p + q - stride m] dy[i, m]
 *
 * for all i, m where there are such weights: dy has a margin of q zeros. Or dx
 * += that. */
typedef void kernel_slide_back(float *dx, const float *dy, const float *w,
                               const struct square *s, bool add);

/** dw[i, j] += sum over r, p, lanes of dy[r, p] x[stride r + i, stride p + j]. */
typedef void kernel_slide_dot(float *dw, const float *dy, const float *x,
                              const struct square *s);

/** Statistics of n pixels: sum[0] += sum of (x - pivot), sum[1] += sum of
 * (x - pivot)^2, over pixels and lanes. */
typedef void kernel_moments(double *sum, const float *x, float pivot, int n);

/** A normalised channel forward, u = a x + b, and backward. */
struct affine {
    float a, b;
    float mean, rr; /* rr = 1 / (var + eps) */
    float k1, k2, k3;
};

/** Which pixels of which planes: plane i, row r, column c is at
 *
 *     y[i y_plane + r y_row + c GRAPH_LANES], x[i x_plane + r x_row + c x_col]
 *
 * so that one kernel fills frames, packs columns and runs over whole planes. */
struct sweep {
    int planes, rows, cols;
    ptrdiff_t y_plane, y_row;
    ptrdiff_t x_plane, x_row, x_col;
    bool add;
};

/** y = act(a x + b) gate, or y += that if s->add; f[planes], gate[planes][16], each NULL
 * if there is none.  y and x may be the same. */
typedef void kernel_apply(float *y, const float *x, const struct affine *f,
                          enum nn_act act, const float *gate,
                          const struct sweep *s);

/** sum[0] += sum of du, sum[1] += sum of du (x - mean), over n pixels and
 * lanes, du = dy act'(a x + b). */
typedef void kernel_act_sums(double *sum, const float *dy, const float *x,
                             const struct affine *f, enum nn_act act, int n);

/** dx = k1 du + (k2 (x - mean) + k3), or dx += that if s->add: one plane; dx is the y of
 * the sweep, dy lies as x does.  dx and dy may be the same. */
typedef void kernel_act_back(float *dx, const float *dy, const float *x,
                             const struct affine *f, enum nn_act act,
                             const struct sweep *s);

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

/** y[0] = sum of a[i] b[i], or y += that. */
typedef void kernel_inner(float *y, const float *a, const float *b, int n,
                          bool add);

struct kernels {
    const char *name; /* "avx512" */
    kernel_mac *mac;
    kernel_dot *dot;
    kernel_transpose *transpose;
    kernel_slide *slide;
    kernel_slide_back *slide_back;
    kernel_slide_dot *slide_dot;
    kernel_moments *moments;
    kernel_apply *apply;
    kernel_act_sums *act_sums;
    kernel_act_back *act_back;
    kernel_pool *pool;
    kernel_pool_back *pool_back;
    kernel_total *total;
    kernel_spread *spread;
    kernel_inner *inner;
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
