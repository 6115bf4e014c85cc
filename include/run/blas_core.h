/* SPDX-License-Identifier: MIT */
/* A second start where OpenBLAS chose kernels for an older CPU.
 *
 * OpenBLAS chooses when it is loaded, by the model of the CPU; one that is older
 * than the CPU falls back to what it knows: 0.3.21 uses "Haswell" on Zen 5,
 * half as fast as "SkylakeX" would be.  Only OPENBLAS_CORETYPE, set before the
 * program starts, changes that; so the program sets it and starts again.  What
 * OpenBLAS had chosen is left in FNAS_BLAS_CORE. All Local. */
#ifndef RUN_BLAS_CORE_H
#define RUN_BLAS_CORE_H

#include <stddef.h>

enum { BLAS_CORE_MAX = 256 };

enum blas_cpu { BLAS_CPU_OTHER, BLAS_CPU_AVX2, BLAS_CPU_AVX512 };

/** The core OpenBLAS should use instead of `core`, on a CPU with these vectors;
 * NULL: leave it.  A core that is not known is left, and so is what the user
 * asked for (`user`, NULL or empty: nothing). */
const char *blas_core_wanted(const char *core, enum blas_cpu cpu,
                             const char *user);

/** Before MPI and all else: start this program again if OpenBLAS should use
 * another core.  Returns if not, or if it cannot be done. */
void blas_core_settle(char **argv);

/** The core in use, "SkylakeX", or "SkylakeX instead of Haswell".  Texts have
 * room for BLAS_CORE_MAX. */
void blas_core_describe(char *text, size_t size);

/** That OpenBLAS is slow here all the same, and why; empty if it is not. */
void blas_core_trouble(char *text, size_t size);

#endif
