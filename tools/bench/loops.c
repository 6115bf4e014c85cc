/* SPDX-License-Identifier: MIT */
/* Compiled once per variant, as src/nn/kernel_*.c are. */
#include "loops.h"

#define PASTE(name, variant)  name##_##variant
#define EXPAND(name, variant) PASTE(name, variant)
#define TEXT(variant)         #variant
#define EXPAND_TEXT(variant)  TEXT(variant)

#if defined __AVX512F__
#define VEC 16
#elif defined __AVX__
#define VEC 8
#else
#define VEC 4
#endif

/* Chains of additions, enough to hide the latency of each on two units. */
enum { CHAINS = 12 };

typedef float vec __attribute__((vector_size(VEC * 4)));
typedef float vec_in_memory __attribute__((vector_size(VEC * 4), may_alias));

static void compute(float *sink, long turns)
{
    vec x[CHAINS], scale = (vec){0} + 0.5f, shift = (vec){0} + 0.25f;

    for (int i = 0; i < CHAINS; i++)
        x[i] = (vec){0} + (float)i;
    for (; turns > 0; turns--) {
#if defined __clang__
        _Pragma("clang loop unroll(full)")
#else
        _Pragma("GCC unroll 32")
#endif
            for (int i = 0; i < CHAINS; i++) x[i] = x[i] * scale + shift;
    }
    for (int i = 1; i < CHAINS; i++)
        x[0] += x[i];
    *sink = x[0][0];
}

static void triad(float *y, const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i += VEC)
        *(vec_in_memory *)(y + i) = *(const vec_in_memory *)(a + i) +
                                    *(const vec_in_memory *)(b + i) * 3;
}

const struct loops EXPAND(loops, VARIANT) = {
    .variant = EXPAND_TEXT(VARIANT),
    .flop = 2.0 * CHAINS * VEC,
    .compute = compute,
    .triad = triad,
};
