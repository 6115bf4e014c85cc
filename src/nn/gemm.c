/* SPDX-License-Identifier: MIT */
#include "nn/gemm.h"

#include <cblas.h>

void gemm(float *y, const float *a, const float *b, int m, int n, int k,
          bool ta, bool tb, float scale)
{
    cblas_sgemm(CblasRowMajor, ta ? CblasTrans : CblasNoTrans,
                tb ? CblasTrans : CblasNoTrans, m, n, k, 1.0f, a, ta ? m : k, b,
                tb ? k : n, scale, y, n);
}

void gemm_add(float *y, int y_row, struct matrix a, struct matrix b, int m,
              int n, int k)
{
    cblas_sgemm(CblasRowMajor, a.transposed ? CblasTrans : CblasNoTrans,
                b.transposed ? CblasTrans : CblasNoTrans, m, n, k, 1.0f, a.at,
                a.row, b.at, b.row, 1.0f, y, y_row);
}

/* In rows: x^T L^-T is (L^-1 x)^T. */
void solve_lower(double *x, int x_row, const double *l, int l_row, int m, int n,
                 bool transposed)
{
    cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower,
                transposed ? CblasNoTrans : CblasTrans, CblasNonUnit, m, n, 1,
                l, l_row, x, x_row);
}

void subtract_square(double *c, int c_row, const double *a, int a_row, int m,
                     int k)
{
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, m, k, -1, a, a_row, 1,
                c, c_row);
}

void gemm_set_threads(int threads)
{
    openblas_set_num_threads(threads);
}

const char *gemm_core(void)
{
    return openblas_get_corename();
}

const char *gemm_version(void)
{
    return openblas_get_config();
}
