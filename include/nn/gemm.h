/* SPDX-License-Identifier: MIT */
/* Dense matrix products by OpenBLAS; the only file with <cblas.h> is gemm.c.
 *
 * Used by what is learned on rank 0, and as the reference for the kernels of
 * children, kernel_blas.c. Row-major. All Local. */
#ifndef NN_GEMM_H
#define NN_GEMM_H

#include <stdbool.h>

/** y[m, n] = scale y + op(a)[m, k] op(b)[k, n];
 * a is [m, k], or [k, m] if ta; b is [k, n], or [n, k] if tb. */
void gemm(float *y, const float *a, const float *b, int m, int n, int k,
          bool ta, bool tb, float scale);

/** A matrix in memory, rows `row` floats apart; its transpose is meant if
 * `transposed`. */
struct matrix {
    const float *at;
    int row;
    bool transposed;
};

/** y[m, n] += a[m, k] b[k, n]; rows of y are y_row floats apart. */
void gemm_add(float *y, int y_row, struct matrix a, struct matrix b, int m,
              int n, int k);

/** Each row x of X [m, n] becomes L^-1 x, or L^-T x if `transposed`, for lower
 * triangular L [n, n]; rows of X and L are x_row and l_row doubles apart. */
void solve_lower(double *x, int x_row, const double *l, int l_row, int m, int n,
                 bool transposed);

/** C -= A A^T, lower triangle of C [m, m] only; A is [m, k]. */
void subtract_square(double *c, int c_row, const double *a, int a_row, int m,
                     int k);

/** Threads of the library; the program uses 1. */
void gemm_set_threads(int threads);

/** Kernel family chosen by OpenBLAS, "SkylakeX"; and its version. */
const char *gemm_core(void);
const char *gemm_version(void);

#endif
