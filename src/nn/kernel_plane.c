/* SPDX-License-Identifier: MIT */
/* Averages, products and transposition of planes. */
#include "variant.h"

/* 4 planes, 4 lanes. */
INLINE void transpose_block(float *z, ptrdiff_t row, const float *const x[4])
{
    four a = *(const four_in_memory *)x[0], b = *(const four_in_memory *)x[1];
    four c = *(const four_in_memory *)x[2], d = *(const four_in_memory *)x[3];
    four ac = __builtin_shufflevector(a, c, 0, 4, 1, 5);
    four ac2 = __builtin_shufflevector(a, c, 2, 6, 3, 7);
    four bd = __builtin_shufflevector(b, d, 0, 4, 1, 5);
    four bd2 = __builtin_shufflevector(b, d, 2, 6, 3, 7);

    *(four_in_memory *)z = __builtin_shufflevector(ac, bd, 0, 4, 1, 5);
    *(four_in_memory *)(z + row) = __builtin_shufflevector(ac, bd, 2, 6, 3, 7);
    *(four_in_memory *)(z + 2 * row) =
        __builtin_shufflevector(ac2, bd2, 0, 4, 1, 5);
    *(four_in_memory *)(z + 3 * row) =
        __builtin_shufflevector(ac2, bd2, 2, 6, 3, 7);
}

void KERNEL(transpose)(float *z, const float *x, int planes, ptrdiff_t plane,
                       int n, ptrdiff_t row)
{
    static const float zeros[4] __attribute__((aligned(16)));

    for (int k = 0; k < planes; k += 4)
        for (int i = 0; i < n * LANES; i += 4) {
            const float *from[4];

            for (int j = 0; j < 4; j++)
                from[j] = k + j < planes ? x + (k + j) * plane + i : zeros;
            transpose_block(z + i * row + k, row, from);
        }
}

/* The pixels of a line of `size` that the 3 around `centre` cover. */
INLINE int first_of(int centre)
{
    return centre > 0 ? centre - 1 : 0;
}

INLINE int last_of(int centre, int size)
{
    return centre + 1 < size ? centre + 1 : size - 1;
}

INLINE float part_of(int r, int c, int h, int w)
{
    return 1.0f / (float)((last_of(r, h) - first_of(r) + 1) *
                          (last_of(c, w) - first_of(c) + 1));
}

static void pool_pixel(float *y, const float *x, int r, int c, int h, int w)
{
    vec sum[PARTS] = {0};

    for (int i = first_of(r); i <= last_of(r, h); i++)
        for (int j = first_of(c); j <= last_of(c, w); j++)
            for (int q = 0; q < PARTS; q++)
                sum[q] += load(x + (i * w + j) * LANES + q * VEC);
    for (int q = 0; q < PARTS; q++)
        store(y + q * VEC, sum[q] * part_of(r, c, h, w));
}

void KERNEL(pool)(float *y, const float *x, int h, int w, int stride)
{
    for (int r = 0; r < h; r += stride)
        for (int c = 0; c < w; c += stride, y += LANES)
            pool_pixel(y, x, r, c, h, w);
}

/* x[r, c] takes part in the averages around rows r - 1..r + 1 that are
 * multiples of the stride; columns likewise. */
static void pool_back_pixel(float *dx, const float *dy, int r, int c, int h,
                            int w, int stride, bool add)
{
    vec sum[PARTS] = {0};
    int across = (w - 1) / stride + 1;

    for (int i = first_of(r); i <= last_of(r, h); i++)
        for (int j = first_of(c); j <= last_of(c, w); j++)
            if (i % stride == 0 && j % stride == 0)
                for (int q = 0; q < PARTS; q++)
                    sum[q] += load(dy + q * VEC +
                                   (i / stride * across + j / stride) * LANES) *
                              part_of(i, j, h, w);
    for (int q = 0; q < PARTS; q++)
        put(dx + q * VEC, sum[q], add);
}

void KERNEL(pool_back)(float *dx, const float *dy, int h, int w, int stride,
                       bool add)
{
    for (int r = 0; r < h; r++)
        for (int c = 0; c < w; c++, dx += LANES)
            pool_back_pixel(dx, dy, r, c, h, w, stride, add);
}

void KERNEL(total)(float *y, const float *x, float scale, int n, bool add)
{
    vec sum[PARTS] = {0};

    for (int i = 0; i < n; i++)
        for (int q = 0; q < PARTS; q++)
            sum[q] += load(x + i * LANES + q * VEC);
    for (int q = 0; q < PARTS; q++)
        put(y + q * VEC, sum[q] * scale, add);
}

void KERNEL(spread)(float *y, const float *x, float scale, int n, bool add)
{
    for (int i = 0; i < n; i++)
        for (int q = 0; q < LANES; q += VEC)
            put(y + i * LANES + q, load(x + q) * scale, add);
}

void KERNEL(inner)(float *y, const float *a, const float *b, int n, bool add)
{
    vec sum[PARTS] = {0};

    for (int i = 0; i < n; i++)
        for (int q = 0; q < PARTS; q++)
            sum[q] +=
                load(a + i * LANES + q * VEC) * load(b + i * LANES + q * VEC);
    for (int q = 0; q < PARTS; q++)
        put(y + q * VEC, sum[q], add);
}
