/* SPDX-License-Identifier: MIT */
/* Sums of products for forward passes and data gradients: register tiles of
 * outs x columns; the weights are broadcast, the pixels come straight from x.
 *
 * Idea of the tile: Goto and van de Geijn 2008, without their packing. */
#include "variant.h"

/* Accumulators: 24 of 32 registers with AVX-512, 12 of 16 else.  One channel
 * alone (depthwise) has its own, longer tile. */
enum { TILE_OUTS = 6, TILE_COLS = VEC == 16 ? 4 : 2, STRIP = 8 };

typedef void tile(float *y, const float *x, const float *w, const float *bias,
                  const struct pass *p, int height, bool add);

INLINE void multiply(vec (*sum)[STRIP], int outs, int cols, const float *x,
                     const float *w, const struct pass *p)
{
    for (int k = 0; k < p->terms; k++) {
        const float *xk = x + p->x_at[k];
        const float *wk = w + p->w_at[k];
        vec xv[STRIP];

        UNROLL
        for (int n = 0; n < cols; n++)
            xv[n] = load(xk + n * LANES);
        UNROLL
        for (int m = 0; m < outs; m++) {
            vec wv = same(wk[m * p->w_out]);

            UNROLL
            for (int n = 0; n < cols; n++)
                sum[m][n] += wv * xv[n];
        }
    }
}

INLINE void compute(int outs, int cols, float *y, const float *x,
                    const float *w, const float *bias, const struct pass *p,
                    bool add)
{
    vec sum[TILE_OUTS][STRIP];

    UNROLL
    for (int m = 0; m < outs; m++) {
        UNROLL
        for (int n = 0; n < cols; n++)
            sum[m][n] = (vec){0};
    }
    multiply(sum, outs, cols, x, w, p);
    UNROLL
    for (int m = 0; m < outs; m++) {
        vec b = same(bias ? bias[m] : 0.0f);

        UNROLL
        for (int n = 0; n < cols; n++)
            put(y + m * p->y_out + n * p->y_col, sum[m][n] + b, add);
    }
}

#define TILE(outs, cols)                                                       \
    static void tile_##outs##_##cols(float *y, const float *x, const float *w, \
                                     const float *bias, const struct pass *p,  \
                                     int height, bool add)                     \
    {                                                                          \
        for (int r = 0; r < height; r++)                                       \
            for (int q = 0; q < LANES; q += VEC)                               \
                compute(outs, cols, y + r * p->y_row + q,                      \
                        x + r * p->x_row + q, w, bias, p, add);                \
    }

/* clang-format off */
#if VEC == 16
#define TILES(m) TILE(m, 1) TILE(m, 2) TILE(m, 3) TILE(m, 4)
#define ROW(m) {tile_##m##_1, tile_##m##_2, tile_##m##_3, tile_##m##_4}
#else
#define TILES(m) TILE(m, 1) TILE(m, 2)
#define ROW(m) {tile_##m##_1, tile_##m##_2}
#endif

TILES(2) TILES(3) TILES(4) TILES(5) TILES(6)
TILE(1, 1) TILE(1, 2) TILE(1, 3) TILE(1, 4)
TILE(1, 5) TILE(1, 6) TILE(1, 7) TILE(1, 8)

static tile *const tiles[TILE_OUTS][STRIP] = {
    {tile_1_1, tile_1_2, tile_1_3, tile_1_4,
     tile_1_5, tile_1_6, tile_1_7, tile_1_8},
    ROW(2), ROW(3), ROW(4), ROW(5), ROW(6)
};
/* clang-format on */

/* Where the i-th of `parts` nearly equal parts of n starts: even parts waste
 * less than full tiles and a rest. */
INLINE int start(int n, int parts, int i)
{
    return (int)((long)n * i / parts);
}

static void strip(float *y, const float *x, const float *w, const float *bias,
                  const struct pass *p, int from, int cols, bool add)
{
    int parts = (p->outs + TILE_OUTS - 1) / TILE_OUTS;

    for (int i = 0; i < parts; i++) {
        int m = start(p->outs, parts, i);
        int outs = start(p->outs, parts, i + 1) - m;

        tiles[outs - 1][cols - 1](y + m * p->y_out + from * p->y_col,
                                  x + from * LANES, w + m * p->w_out,
                                  bias ? bias + m : NULL, p, 1, add);
    }
}

static void plane(float *y, const float *x, const float *w, const float *bias,
                  const struct pass *p, bool add)
{
    int parts = (p->width + STRIP - 1) / STRIP;

    for (int i = 0; i < parts; i++) {
        int from = start(p->width, parts, i);
        int cols = start(p->width, parts, i + 1) - from;

        tiles[0][cols - 1](y + from * p->y_col, x + from * LANES, w, bias, p,
                           p->height, add);
    }
}

void KERNEL(mac)(float *y, const float *x, const float *w, const float *bias,
                 const struct pass *p, bool add)
{
    int parts = (p->width + TILE_COLS - 1) / TILE_COLS;

    if (p->outs == 1) {
        plane(y, x, w, bias, p, add);
        return;
    }
    for (int r = 0; r < p->height; r++)
        for (int i = 0; i < parts; i++) {
            int from = start(p->width, parts, i);

            strip(y + r * p->y_row, x + r * p->x_row, w, bias, p, from,
                  start(p->width, parts, i + 1) - from, add);
        }
}
