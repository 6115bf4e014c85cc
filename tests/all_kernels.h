/* SPDX-License-Identifier: MIT */
/* All kernels that this machine can run. */
#ifndef TESTS_ALL_KERNELS_H
#define TESTS_ALL_KERNELS_H

#include <stddef.h>

#include "nn/kernel.h"

/* The variants, best first, and OpenBLAS; NULL after the last. */
static inline const struct kernels *all_kernels(int i)
{
    int variants = 0;

    while (kernels_at(variants))
        variants++;
    if (i < variants)
        return kernels_at(i);
    return i == variants ? kernels_named("blas") : NULL;
}

#endif
