/* SPDX-License-Identifier: MIT */
/* Averages, products and transposition of planes. */
#include <string.h>

#include "variant.h"

/* Values i..i+3 of planes 0, 4, 8... as many as a vector has room for. */
INLINE vec quads(const float *const *x, ptrdiff_t i)
{
#if defined __AVX__
    __m256 v =
        _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(x[0] + i)),
                             _mm_loadu_ps(x[4] + i), 1);
#if VEC == 8
    return (vec)v;
#else
    __m256 u =
        _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(x[8] + i)),
                             _mm_loadu_ps(x[12] + i), 1);

    return (vec)_mm512_insertf32x8(_mm512_castps256_ps512(v), u, 1);
#endif
#else
    vec v;

    for (int k = 0; k < VEC; k += 4)
        memcpy((float *)&v + k, x[k] + i, 4 * sizeof(float));
    return v;
#endif
}

/* Places i and i+1 of two vectors by turns, in each of their quarters. */
#define MIX(i) (i), VEC + (i), (i) + 1, VEC + (i) + 1
#if VEC == 16
#define MIXES(i) MIX(i), MIX(i + 4), MIX(i + 8), MIX(i + 12)
#elif VEC == 8
#define MIXES(i) MIX(i), MIX(i + 4)
#else
#define MIXES(i) MIX(i)
#endif

/* Of each four values, the first two of a and b: a0 b0 a1 b1; the last two. */
INLINE vec firsts(vec a, vec b)
{
    return __builtin_shufflevector(a, b, MIXES(0));
}

INLINE vec lasts(vec a, vec b)
{
    return __builtin_shufflevector(a, b, MIXES(2));
}

/* Values i..i+3 of VEC planes. */
INLINE void transpose_block(float *z, ptrdiff_t row, const float *const *x,
                            ptrdiff_t i)
{
    vec a = quads(x, i), b = quads(x + 1, i);
    vec c = quads(x + 2, i), d = quads(x + 3, i);
    vec ac = firsts(a, c), ac2 = lasts(a, c);
    vec bd = firsts(b, d), bd2 = lasts(b, d);

    store(z, firsts(ac, bd));
    store(z + row, lasts(ac, bd));
    store(z + 2 * row, firsts(ac2, bd2));
    store(z + 3 * row, lasts(ac2, bd2));
}

void KERNEL(transpose)(float *z, const float *x, int planes, ptrdiff_t plane,
                       int n, ptrdiff_t row)
{
    for (int k = 0; k < row; k += VEC) {
        const float *from[VEC];

        for (int j = 0; j < VEC; j++)
            from[j] = x + (k + j < planes ? k + j : planes - 1) * plane;
        for (int i = 0; i < n * LANES; i += 4)
            transpose_block(z + i * row + k, row, from, i);
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
