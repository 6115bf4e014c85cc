/* SPDX-License-Identifier: MIT */
/* For kernel_*.c only: names and vectors of the variant being compiled.
 *
 * A vector register holds VEC floats; a pixel is PARTS of them.  The vector
 * extension of GCC and clang is used with each variant's own width, since wide
 * types that the machine lacks would be spilled; intrinsics only where it has
 * no words for an instruction. */
#ifndef NN_VARIANT_H
#define NN_VARIANT_H

#if defined __AVX__
#include <immintrin.h>
#endif

#include "nn/kernel.h"

#define KERNEL_PASTE(name, variant)  name##_##variant
#define KERNEL_EXPAND(name, variant) KERNEL_PASTE(name, variant)
#define KERNEL(name)                 KERNEL_EXPAND(name, VARIANT)

#if defined WIDE_VECTORS /* for tests, where there is no AVX-512 */
#define VEC 16
#elif defined __AVX512F__
#define VEC 16
#elif defined __AVX__
#define VEC 8
#else
#define VEC 4
#endif

/* Of a pixel, products compute SPAN floats at once, VECS vectors: with AVX2 all,
 * so that each line of the cache is read once. */
enum {
    LANES = GRAPH_LANES,
    PARTS = LANES / VEC,
    VECS = VEC == 16 ? 1 : 2,
    SPAN = VECS * VEC
};

typedef float vec __attribute__((vector_size(VEC * 4)));
typedef int mask __attribute__((vector_size(VEC * 4)));

/* As it lies in an array of floats. */
typedef float vec_in_memory __attribute__((vector_size(VEC * 4), may_alias));

#define INLINE static inline __attribute__((always_inline))

/* Loops over registers must vanish; but with a check of every access they would
 * take minutes to compile. */
#if defined DEBUG || defined WIDE_VECTORS
#define UNROLL
#elif defined __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

/* A pointer the compiler knows nothing of: else GCC keeps one index register
 * for each load from it, and runs out of them. */
INLINE const float *opaque(const float *x)
{
    __asm__("" : "+r"(x));
    return x;
}

/* Keeps v in a register from here on: between the terms of an unrolled sum GCC
 * would else mix their products, and spill. */
INLINE void settle(vec *v)
{
#if defined __AVX512F__
    __asm__("" : "+v"(*v));
#elif defined __AVX__
    __asm__("" : "+x"(*v));
#else
    (void)v;
#endif
}

INLINE vec load(const float *x)
{
    return *(const vec_in_memory *)x;
}

INLINE void store(float *y, vec v)
{
    *(vec_in_memory *)y = v;
}

INLINE void put(float *y, vec v, bool add)
{
    if (add)
        v += load(y);
    store(y, v);
}

INLINE vec same(float x)
{
    return x - (vec){0};
}

INLINE vec choose(mask m, vec a, vec b)
{
    return (vec)((m & (mask)a) | (~m & (mask)b));
}

/* A NaN in x passes: a diverged network must say so.  The instructions give
 * their second operand if one is NaN. */
INLINE vec at_least(vec x, float low)
{
#if defined __AVX512F__
    return (vec)_mm512_max_ps((__m512)same(low), (__m512)x);
#elif defined __AVX__
    return (vec)_mm256_max_ps((__m256)same(low), (__m256)x);
#else
    return choose(x < same(low), same(low), x);
#endif
}

INLINE vec at_most(vec x, float high)
{
#if defined __AVX512F__
    return (vec)_mm512_min_ps((__m512)same(high), (__m512)x);
#elif defined __AVX__
    return (vec)_mm256_min_ps((__m256)same(high), (__m256)x);
#else
    return choose(x > same(high), same(high), x);
#endif
}

INLINE vec clamp(vec x, float low, float high)
{
    return at_most(at_least(x, low), high);
}

/* What the sums of output m start from, and what is stored of them. */
INLINE vec started(const struct finish *end, int m)
{
    return same(end && end->bias ? end->bias[m] : 0.0f);
}

INLINE vec finished(vec v, const struct finish *end)
{
    return end ? clamp(v, end->low, end->high) : v;
}

typedef float four __attribute__((vector_size(16)));
typedef float four_in_memory __attribute__((vector_size(16), may_alias));

/* Sum of 16 lanes in the order of kernel.h. */
INLINE float lanes_sum(const float *v)
{
    const four_in_memory *q = (const four_in_memory *)v;
    four t = (q[0] + q[2]) + (q[1] + q[3]);

    return (t[0] + t[2]) + (t[1] + t[3]);
}

kernel_mac KERNEL(mac);
kernel_dot KERNEL(dot);
kernel_transpose KERNEL(transpose);
kernel_slide KERNEL(slide);
kernel_slide_back KERNEL(slide_back);
kernel_slide_dot KERNEL(slide_dot);
kernel_moments KERNEL(moments);
kernel_apply KERNEL(apply);
kernel_act_sums KERNEL(act_sums);
kernel_act_back KERNEL(act_back);
kernel_pool KERNEL(pool);
kernel_pool_back KERNEL(pool_back);
kernel_total KERNEL(total);
kernel_spread KERNEL(spread);
kernel_inner KERNEL(inner);

/* All of a table but mac and dot. */
#define KERNEL_REST                                                            \
    .transpose = KERNEL(transpose), .slide = KERNEL(slide),                    \
    .slide_back = KERNEL(slide_back), .slide_dot = KERNEL(slide_dot),          \
    .moments = KERNEL(moments), .apply = KERNEL(apply),                        \
    .act_sums = KERNEL(act_sums), .act_back = KERNEL(act_back),                \
    .pool = KERNEL(pool), .pool_back = KERNEL(pool_back),                      \
    .total = KERNEL(total), .spread = KERNEL(spread), .inner = KERNEL(inner)

extern const struct kernels KERNEL(kernels);

#endif
