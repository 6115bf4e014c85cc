/* SPDX-License-Identifier: MIT */
/* Dense matrix products by OpenBLAS; the only file with <cblas.h> is gemm.c.
 *
 * Used by what is learned on rank 0, and as the reference that the kernels of
 * children are tested against. Row-major. All Local. */
#ifndef NN_GEMM_H
#define NN_GEMM_H

#include <stdbool.h>

/** y[m, n] = scale y + op(a)[m, k] op(b)[k, n];
 * a is [m, k], or [k, m] if ta; b is [k, n], or [n, k] if tb. */
void gemm(float *y, const float *a, const float *b, int m, int n, int k,
          bool ta, bool tb, float scale);

/** Threads of the library; the program uses 1. */
void gemm_set_threads(int threads);

/** Kernel family chosen by OpenBLAS, "SkylakeX"; and its version. */
const char *gemm_core(void);
const char *gemm_version(void);

#endif
