/* SPDX-License-Identifier: MIT */
#include "run/blas_core.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/auxv.h>
#endif

#include "nn/gemm.h"

static const char choice[] = "OPENBLAS_CORETYPE";
static const char before[] = "FNAS_BLAS_CORE";

/* What a CPU is called here, and the core that suits all of its kind. */
static const struct {
    const char *vectors, *core;
} cpus[] = {
    [BLAS_CPU_OTHER] = {"", NULL},
    [BLAS_CPU_AVX2] = {"AVX2", "Haswell"},
    [BLAS_CPU_AVX512] = {"AVX-512", "SkylakeX"},
};

/* Cores that use less than AVX-512, as OpenBLAS calls them; those it adds in
 * later versions are trusted. */
static const struct {
    const char *name;
    enum blas_cpu uses;
} cores[] = {
    {"Unknown", BLAS_CPU_OTHER},    {"Generic", BLAS_CPU_OTHER},
    {"Katmai", BLAS_CPU_OTHER},     {"Coppermine", BLAS_CPU_OTHER},
    {"Northwood", BLAS_CPU_OTHER},  {"Prescott", BLAS_CPU_OTHER},
    {"Banias", BLAS_CPU_OTHER},     {"Atom", BLAS_CPU_OTHER},
    {"Core2", BLAS_CPU_OTHER},      {"Penryn", BLAS_CPU_OTHER},
    {"Dunnington", BLAS_CPU_OTHER}, {"Nehalem", BLAS_CPU_OTHER},
    {"Athlon", BLAS_CPU_OTHER},     {"Opteron", BLAS_CPU_OTHER},
    {"Barcelona", BLAS_CPU_OTHER},  {"Opteron_SSE3", BLAS_CPU_OTHER},
    {"Nano", BLAS_CPU_OTHER},       {"Sandybridge", BLAS_CPU_OTHER},
    {"Bobcat", BLAS_CPU_OTHER},     {"Bulldozer", BLAS_CPU_OTHER},
    {"Piledriver", BLAS_CPU_OTHER}, {"Steamroller", BLAS_CPU_OTHER},
    {"Excavator", BLAS_CPU_AVX2},   {"Haswell", BLAS_CPU_AVX2},
    {"Zen", BLAS_CPU_AVX2},
};

const char *blas_core_wanted(const char *core, enum blas_cpu cpu,
                             const char *user)
{
    if (user && user[0])
        return NULL;
    for (size_t i = 0; i < sizeof cores / sizeof cores[0]; i++)
        if (strcasecmp(cores[i].name, core) == 0)
            return cores[i].uses < cpu ? cpus[cpu].core : NULL;
    return NULL;
}

static enum blas_cpu cpu_here(void)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512cd") &&
        __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        return BLAS_CPU_AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return BLAS_CPU_AVX2;
#endif
    return BLAS_CPU_OTHER;
}

/* Under its own path if it is still there, since that is the name that others
 * find it by (ps, pkill).  Of a program started through the dynamic loader,
 * "/lib/ld.so fnas_mpi", the loader is what the system calls the program: it has
 * no base. */
static void start_again(char **argv)
{
#ifdef __linux__
    static const char self[] = "/proc/self/exe";
    char path[PATH_MAX];
    ssize_t length = readlink(self, path, sizeof path - 1);

    if (getauxval(AT_BASE) == 0)
        return;
    path[length > 0 ? length : 0] = '\0';
    (void)execv(path, argv);
    (void)execv(self, argv);
#else
    (void)argv;
#endif
}

/* Each start leaves the variables so that the next one goes further down, so
 * this ends. */
void blas_core_settle(char **argv)
{
    const char *user = getenv(choice);
    bool tried = getenv(before) != NULL;
    const char *wanted =
        blas_core_wanted(gemm_core(), cpu_here(), tried ? NULL : user);

    /* empty is not the same as none: it matches whatever comes last */
    if (user && !user[0]) {
        (void)unsetenv(choice);
        start_again(argv);
    } else if (wanted && !tried) {
        (void)setenv(before, gemm_core(), 1);
        (void)setenv(choice, wanted, 1);
        start_again(argv);
        (void)unsetenv(before);
        (void)unsetenv(choice);
    } else if (wanted && user) {
        /* that did not help: as it was */
        (void)unsetenv(choice);
        start_again(argv);
    }
}

void blas_core_describe(char *text, size_t size)
{
    const char *was = getenv(before);
    bool changed = was && strcasecmp(was, gemm_core()) != 0;

    (void)snprintf(text, size, "%s%s%s", gemm_core(),
                   changed ? " instead of " : "", changed ? was : "");
}

static const char *reason(void)
{
    if (getenv(before))
        return " (it has no better one)";
    return getenv(choice) ? " by OPENBLAS_CORETYPE"
                          : " (the program could not be started again)";
}

void blas_core_trouble(char *text, size_t size)
{
    enum blas_cpu cpu = cpu_here();

    text[0] = '\0';
    if (blas_core_wanted(gemm_core(), cpu, NULL))
        (void)snprintf(text, size,
                       "OpenBLAS uses core %s%s although this CPU has %s: "
                       "about half the speed",
                       gemm_core(), reason(), cpus[cpu].vectors);
}
