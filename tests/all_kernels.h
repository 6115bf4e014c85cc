/* SPDX-License-Identifier: MIT */
/* All kernels that this machine can run; among them, whatever it is, those whose
 * registers are as wide as with AVX-512. */
#ifndef TESTS_ALL_KERNELS_H
#define TESTS_ALL_KERNELS_H

#include <stddef.h>

#include "nn/kernel.h"

extern const struct kernels kernels_wide;

/* The variants, best first, OpenBLAS, and the wide one; NULL after the last. */
static inline const struct kernels *all_kernels(int i)
{
    int variants = 0;

    while (kernels_at(variants))
        variants++;
    if (i < variants)
        return kernels_at(i);
    if (i == variants)
        return kernels_named("blas");
    return i == variants + 1 ? &kernels_wide : NULL;
}

#endif
