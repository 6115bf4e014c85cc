/* SPDX-License-Identifier: MIT */
/* Sums over pixels for weight gradients: register tiles of outs x terms, one
 * partial sum for each lane, lanes summed at the end of a chunk of pixels. */
#include "variant.h"

enum {
    TILE_OUTS = VEC == 16 ? 4 : 3,
    TILE_TERMS = VEC == 16 ? 6 : 4,
    /* stays in the second-level cache, and is worth the sum over lanes */
    CHUNK_BYTES = 384 << 10,
    CHUNK_PIXELS = 64
};

typedef void tile(float *dw, const float *dy, const float *x,
                  const struct pass *p, const int *x_at, int height, int width);

INLINE void multiply(vec (*sum)[TILE_TERMS], int outs, int terms,
                     const float *dy, const float *x, const struct pass *p,
                     const int *x_at, int width)
{
    for (int i = 0; i < width; i++) {
        vec yv[TILE_OUTS];

        UNROLL
        for (int m = 0; m < outs; m++)
            yv[m] = load(dy + m * p->y_out + i * LANES);
        UNROLL
        for (int k = 0; k < terms; k++) {
            vec xv = load(x + x_at[k] + i * LANES);

            UNROLL
            for (int m = 0; m < outs; m++)
                sum[m][k] += yv[m] * xv;
        }
    }
}

INLINE void compute(int outs, int terms, float *dw, const float *dy,
                    const float *x, const struct pass *p, const int *x_at,
                    int height, int width)
{
    float lanes[TILE_OUTS][TILE_TERMS][LANES] __attribute__((aligned(64)));

    for (int q = 0; q < LANES; q += VEC) {
        vec sum[TILE_OUTS][TILE_TERMS];

        UNROLL
        for (int m = 0; m < outs; m++) {
            UNROLL
            for (int k = 0; k < terms; k++)
                sum[m][k] = (vec){0};
        }
        for (int r = 0; r < height; r++)
            multiply(sum, outs, terms, dy + r * p->y_row + q,
                     x + r * p->x_row + q, p, x_at, width);
        UNROLL
        for (int m = 0; m < outs; m++) {
            UNROLL
            for (int k = 0; k < terms; k++)
                store(lanes[m][k] + q, sum[m][k]);
        }
    }
    for (int m = 0; m < outs; m++)
        for (int k = 0; k < terms; k++)
            dw[m * p->w_out + k] += lanes_sum(lanes[m][k]);
}

#define TILE(outs, terms)                                                      \
    static void tile_##outs##_##terms(float *dw, const float *dy,              \
                                      const float *x, const struct pass *p,    \
                                      const int *x_at, int height, int width)  \
    {                                                                          \
        compute(outs, terms, dw, dy, x, p, x_at, height, width);               \
    }

/* clang-format off */
TILE(1, 1) TILE(1, 2) TILE(1, 3) TILE(1, 4)
TILE(2, 1) TILE(2, 2) TILE(2, 3) TILE(2, 4)
TILE(3, 1) TILE(3, 2) TILE(3, 3) TILE(3, 4)
#if VEC == 16
TILE(1, 5) TILE(1, 6)
TILE(2, 5) TILE(2, 6)
TILE(3, 5) TILE(3, 6)
TILE(4, 1) TILE(4, 2) TILE(4, 3) TILE(4, 4) TILE(4, 5) TILE(4, 6)
#endif

static tile *const tiles[TILE_OUTS][TILE_TERMS] = {
#if VEC == 16
    {tile_1_1, tile_1_2, tile_1_3, tile_1_4, tile_1_5, tile_1_6},
    {tile_2_1, tile_2_2, tile_2_3, tile_2_4, tile_2_5, tile_2_6},
    {tile_3_1, tile_3_2, tile_3_3, tile_3_4, tile_3_5, tile_3_6},
    {tile_4_1, tile_4_2, tile_4_3, tile_4_4, tile_4_5, tile_4_6},
#else
    {tile_1_1, tile_1_2, tile_1_3, tile_1_4},
    {tile_2_1, tile_2_2, tile_2_3, tile_2_4},
    {tile_3_1, tile_3_2, tile_3_3, tile_3_4},
#endif
};
/* clang-format on */

/* Where the i-th of `parts` nearly equal parts of n starts. */
INLINE int start(int n, int parts, int i)
{
    return (int)((long)n * i / parts);
}

static void chunk(float *dw, const float *dy, const float *x,
                  const struct pass *p, int height, int width)
{
    int rows = (p->outs + TILE_OUTS - 1) / TILE_OUTS;
    int cols = (p->terms + TILE_TERMS - 1) / TILE_TERMS;

    for (int i = 0; i < rows; i++) {
        int m = start(p->outs, rows, i);
        int outs = start(p->outs, rows, i + 1) - m;

        for (int j = 0; j < cols; j++) {
            int k = start(p->terms, cols, j);
            int terms = start(p->terms, cols, j + 1) - k;

            tiles[outs - 1][terms - 1](dw + m * p->w_out + k, dy + m * p->y_out,
                                       x, p, p->x_at + k, height, width);
        }
    }
}

/* Into how many parts to cut n rows (or columns) that are `pixels` pixels and
 * read `bytes`: each of about CHUNK_BYTES, but of CHUNK_PIXELS at least. */
static int parts_of(int n, size_t bytes, int pixels)
{
    size_t parts = bytes / CHUNK_BYTES + 1;
    int most = pixels / CHUNK_PIXELS < n ? pixels / CHUNK_PIXELS : n;

    if (most < 1)
        return 1;
    return parts < (size_t)most ? (int)parts : most;
}

void KERNEL(dot)(float *dw, const float *dy, const float *x,
                 const struct pass *p)
{
    size_t row =
        (size_t)(p->outs + p->planes) * (size_t)p->width * sizeof(float[LANES]);
    int rows =
        parts_of(p->height, row * (size_t)p->height, p->height * p->width);
    int cols = parts_of(p->width, row, p->width);

    for (int i = 0; i < rows; i++)
        for (int j = 0; j < cols; j++) {
            int r = start(p->height, rows, i), c = start(p->width, cols, j);

            chunk(dw, dy + r * p->y_row + c * LANES,
                  x + r * p->x_row + c * LANES, p,
                  start(p->height, rows, i + 1) - r,
                  start(p->width, cols, j + 1) - c);
        }
}
