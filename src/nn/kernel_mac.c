/* SPDX-License-Identifier: MIT */
/* Sums of products for forward passes and data gradients: register tiles of
 * outs x columns; the weights are broadcast, the pixels come straight from x.
 *
 * Idea of the tile: Goto and van de Geijn 2008, without their packing. */
#include "variant.h"

/* Accumulators: 24 of 32 registers with AVX-512, 12 of 16 else.  One channel
 * alone (depthwise) is computed in strips of two rows. */
enum {
    TILE_OUTS = 6,
    TILE_COLS = VEC == 16 ? 4 : 2,
    STRIP_COLS = VEC == 16 ? 8 : 6,
    LINES = TILE_OUTS
};

/* What to bring near while a tile is computed, a line for each term: some of
 * the pixels of the next columns, `x` from those of the tile; weights of the
 * next outs. */
struct ahead {
    ptrdiff_t x;
    const float *w;
};

typedef void tile(float *y, const float *x, const float *w,
                  const struct finish *end, const struct pass *p, bool add,
                  struct ahead next);

/* sum[m, r][n], where outs or rows is 1. */
INLINE void multiply(vec (*sum)[STRIP_COLS], int outs, int rows, int cols,
                     const float *x, const float *w, const struct pass *p,
                     struct ahead next)
{
    ptrdiff_t x_row = p->x_row;

    for (int k = 0; k < p->terms; k++) {
        const float *xk = opaque(x + p->x_at[k]);
        const float *wk = w + p->w_at[k];
        vec xv[2][STRIP_COLS];

        if (outs > 1) {
            __builtin_prefetch(xk + next.x);
            __builtin_prefetch(next.w + k * outs);
        }
        UNROLL
        for (int i = 0; i < rows * cols; i++)
            xv[i / cols][i % cols] =
                load(xk + i / cols * x_row + i % cols * LANES);
        UNROLL
        for (int m = 0; m < outs; m++) {
            vec wv = same(wk[m * p->w_out]);

            UNROLL
            for (int i = 0; i < rows * cols; i++)
                sum[m + i / cols][i % cols] += wv * xv[i / cols][i % cols];
        }
    }
}

INLINE void compute(int outs, int rows, int cols, float *y, const float *x,
                    const float *w, const struct finish *end,
                    const struct pass *p, bool add, struct ahead next)
{
    /* copies: for all the compiler knows, stores to y may change *p */
    ptrdiff_t y_line = outs > 1 ? p->y_out : p->y_row, y_col = p->y_col;

    for (int q = 0; q < LANES; q += VEC) {
        vec sum[LINES][STRIP_COLS];

        UNROLL
        for (int i = 0; i < outs * rows * cols; i++)
            sum[i / cols][i % cols] = started(end, outs > 1 ? i / cols : 0);
        if (outs > 1) {
            UNROLL
            for (int i = 0; i < outs * cols; i++)
                expect_store(y + q + i / cols * y_line +
                             (cols + i % cols) * y_col);
        }
        multiply(sum, outs, rows, cols, x + q, w, p, next);
        UNROLL
        for (int i = 0; i < outs * rows * cols; i++) {
            put(y + q + i / cols * y_line + i % cols * y_col,
                finished(sum[i / cols][i % cols], end), add);
        }
    }
}

#define TILE(outs, cols)                                                       \
    static void tile_##outs##_##cols(                                          \
        float *y, const float *x, const float *w, const struct finish *end,    \
        const struct pass *p, bool add, struct ahead next)                     \
    {                                                                          \
        compute(outs, 1, cols, y, x, w, end, p, add, next);                    \
    }

/* All rows of a few columns of one channel. */
#define STRIP(cols)                                                            \
    static void strip_##cols(float *y, const float *x, const float *w,         \
                             const struct finish *end, const struct pass *p,   \
                             bool add, struct ahead next)                      \
    {                                                                          \
        int r = 0;                                                             \
                                                                               \
        for (; r + 2 <= p->height; r += 2)                                     \
            compute(1, 2, cols, y + r * p->y_row, x + r * p->x_row, w, end, p, \
                    add, next);                                                \
        if (r < p->height)                                                     \
            compute(1, 1, cols, y + r * p->y_row, x + r * p->x_row, w, end, p, \
                    add, next);                                                \
    }

/* clang-format off */
STRIP(1) STRIP(2) STRIP(3) STRIP(4) STRIP(5) STRIP(6)
#if VEC == 16
STRIP(7) STRIP(8)
#define TILES(m) TILE(m, 1) TILE(m, 2) TILE(m, 3) TILE(m, 4)
#define ROW(m) {tile_##m##_1, tile_##m##_2, tile_##m##_3, tile_##m##_4}
#else
#define TILES(m) TILE(m, 1) TILE(m, 2)
#define ROW(m) {tile_##m##_1, tile_##m##_2}
#endif
TILES(1) TILES(2) TILES(3) TILES(4) TILES(5) TILES(6)

static tile *const tiles[TILE_OUTS][TILE_COLS] = {
    ROW(1), ROW(2), ROW(3), ROW(4), ROW(5), ROW(6)
};
static tile *const strips[STRIP_COLS] = {
    strip_1, strip_2, strip_3, strip_4, strip_5, strip_6,
#if VEC == 16
    strip_7, strip_8,
#endif
};
/* clang-format on */

/* Where the i-th of `parts` nearly equal parts of n starts: even parts waste
 * less than full tiles and a rest. */
INLINE int start(int n, int parts, int i)
{
    return (int)((long)n * i / parts);
}

static void column(float *y, const float *x, const float *w,
                   const struct finish *end, const struct pass *p, int from,
                   int cols, bool add)
{
    int parts = (p->outs + TILE_OUTS - 1) / TILE_OUTS;

    for (int i = 0; i < parts; i++) {
        int m = start(p->outs, parts, i);
        int outs = start(p->outs, parts, i + 1) - m;
        struct ahead next = {(cols + i % cols) * LANES,
                             w + start(p->outs, parts, (i + 1) % parts) *
                                     p->w_out};
        struct finish mine;

        if (end)
            mine = (struct finish){end->bias ? end->bias + m : NULL, end->low,
                                   end->high};
        tiles[outs - 1][cols - 1](y + m * p->y_out + from * p->y_col,
                                  x + from * LANES, w + m * p->w_out,
                                  end ? &mine : NULL, p, add, next);
    }
}

static void plane(float *y, const float *x, const float *w,
                  const struct finish *end, const struct pass *p, bool add)
{
    int parts = (p->width + STRIP_COLS - 1) / STRIP_COLS;

    for (int i = 0; i < parts; i++) {
        int from = start(p->width, parts, i);
        int cols = start(p->width, parts, i + 1) - from;

        strips[cols - 1](y + from * p->y_col, x + from * LANES, w, end, p, add,
                         (struct ahead){0});
    }
}

void KERNEL(mac)(float *y, const float *x, const float *w,
                 const struct finish *end, const struct pass *p, bool add)
{
    int parts = (p->width + TILE_COLS - 1) / TILE_COLS;

    if (p->panels) {
        KERNEL(panels)(y, x, w, end, p, add);
        return;
    }
    if (p->outs == 1) {
        plane(y, x, w, end, p, add);
        return;
    }
    for (int r = 0; r < p->height; r++)
        for (int i = 0; i < parts; i++) {
            int from = start(p->width, parts, i);

            column(y + r * p->y_row, x + r * p->x_row, w, end, p, from,
                   start(p->width, parts, i + 1) - from, add);
        }
}
