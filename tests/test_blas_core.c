/* SPDX-License-Identifier: MIT */
/* Which core OpenBLAS should use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run/blas_core.h"

/* clang-format off */
static const struct {
    const char *core;
    enum blas_cpu cpu;
    const char *user, *wanted;
} cases[] = {
    /* older than the CPU */
    {"Haswell",        BLAS_CPU_AVX512, NULL,       "SkylakeX"},
    {"Zen",            BLAS_CPU_AVX512, NULL,       "SkylakeX"},
    {"Prescott",       BLAS_CPU_AVX512, NULL,       "SkylakeX"},
    {"Prescott",       BLAS_CPU_AVX2,   NULL,       "Haswell"},
    {"Nehalem",        BLAS_CPU_AVX2,   NULL,       "Haswell"},
    {"Sandybridge",    BLAS_CPU_AVX2,   NULL,       "Haswell"},
    {"Steamroller",    BLAS_CPU_AVX2,   NULL,       "Haswell"},
    {"HASWELL",        BLAS_CPU_AVX512, NULL,       "SkylakeX"},
    {"Haswell",        BLAS_CPU_AVX512, "",         "SkylakeX"},
    /* as new as the CPU */
    {"Haswell",        BLAS_CPU_AVX2,   NULL,       NULL},
    {"Zen",            BLAS_CPU_AVX2,   NULL,       NULL},
    {"Excavator",      BLAS_CPU_AVX2,   NULL,       NULL},
    {"Sandybridge",    BLAS_CPU_OTHER,  NULL,       NULL},
    {"SkylakeX",       BLAS_CPU_AVX512, NULL,       NULL},
    {"Cooperlake",     BLAS_CPU_AVX512, NULL,       NULL},
    /* later versions know better */
    {"SapphireRapids", BLAS_CPU_AVX512, NULL,       NULL},
    {"Zen5",           BLAS_CPU_AVX512, NULL,       NULL},
    {"NEOVERSEN1",     BLAS_CPU_OTHER,  NULL,       NULL},
    /* asked for */
    {"Haswell",        BLAS_CPU_AVX512, "Haswell",  NULL},
    {"Prescott",       BLAS_CPU_AVX2,   "Prescott", NULL},
};
/* clang-format on */

static void test_wanted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *wanted =
            blas_core_wanted(cases[i].core, cases[i].cpu, cases[i].user);

        if (cases[i].wanted)
            assert_string_equal(wanted, cases[i].wanted);
        else
            assert_null(wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_wanted)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
