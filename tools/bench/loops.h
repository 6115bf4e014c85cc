/* SPDX-License-Identifier: MIT */
/* Loops that do nothing but compute, or nothing but move; compiled with the
 * flags of each kernel variant. */
#ifndef TOOLS_BENCH_LOOPS_H
#define TOOLS_BENCH_LOOPS_H

#include <stddef.h>

struct loops {
    const char *variant;
    double flop; /* of a turn */

    /** So many turns on registers; *sink keeps the compiler from leaving them
     * out. */
    void (*compute)(float *sink, long turns);

    /** y[i] = a[i] + 3 b[i]; arrays are 64-byte aligned, n a multiple of 16. */
    void (*triad)(float *y, const float *a, const float *b, size_t n);
};

extern const struct loops loops_portable;
#ifdef HAVE_X86_KERNELS
extern const struct loops loops_avx2, loops_avx512;
#endif

#endif
