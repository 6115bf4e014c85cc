/* SPDX-License-Identifier: MIT */
/* Makes of fnas_mpi a program whose OpenBLAS is older than the CPU: it says
 * "Prescott" unless OPENBLAS_CORETYPE names another core, and with
 * OLD_BLAS=stubborn even then. */
#include <cblas.h>
#include <stdlib.h>

char *openblas_get_corename(void)
{
    static char prescott[] = "Prescott";
    char *core = getenv("OPENBLAS_CORETYPE");

    return core && !getenv("OLD_BLAS") ? core : prescott;
}
