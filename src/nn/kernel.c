/* SPDX-License-Identifier: MIT */
/* Which kernels this machine can run. */
#include "nn/kernel.h"

#include <string.h>

extern const struct kernels kernels_portable, kernels_blas;

#ifdef HAVE_X86_KERNELS
extern const struct kernels kernels_avx512, kernels_avx2;

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
}

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif

static bool has_portable(void)
{
    return true;
}

/* Best first. */
static const struct {
    bool (*runs)(void);
    const struct kernels *kernels;
} variants[] = {
#ifdef HAVE_X86_KERNELS
    {has_avx512, &kernels_avx512},
    {has_avx2, &kernels_avx2},
#endif
    {has_portable, &kernels_portable},
};

const struct kernels *kernels_at(int i)
{
    for (size_t v = 0; v < sizeof variants / sizeof variants[0]; v++)
        if (variants[v].runs() && i-- == 0)
            return variants[v].kernels;
    return NULL;
}

const struct kernels *kernels_best(void)
{
    return kernels_at(0);
}

const struct kernels *kernels_named(const char *name)
{
    const struct kernels *k;

    for (int i = 0; (k = kernels_at(i)) != NULL; i++)
        if (strcmp(k->name, name) == 0)
            return k;
    return strcmp(name, kernels_blas.name) == 0 ? &kernels_blas : NULL;
}
