/* SPDX-License-Identifier: MIT */
#include "run/args.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/comm.h"
#include "base/h5.h"
#include "base/mem.h"
#include "base/place.h"
#include "commit.h"
#include "config.h"
#include "nn/gemm.h"
#include "nn/kernel.h"
#include "run/blas_core.h"
#include "search/search.h"
#include "space/space.h"

enum {
    OPT_DEFAULTS = 256,
    OPT_CHECK,
    OPT_SET,
    OPT_FORCE,
    OPT_RESTART,
    OPT_STATUS
};

/* clang-format off */
static const struct option options[] = {
    {"help",           no_argument,       NULL, 'h'},
    {"version",        no_argument,       NULL, 'V'},
    {"verbose",        no_argument,       NULL, 'v'},
    {"quiet",          no_argument,       NULL, 'q'},
    {"print-defaults", no_argument,       NULL, OPT_DEFAULTS},
    {"check",          required_argument, NULL, OPT_CHECK},
    {"set",            required_argument, NULL, OPT_SET},
    {"force",          no_argument,       NULL, OPT_FORCE},
    {"restart",        no_argument,       NULL, OPT_RESTART},
    {"status",         required_argument, NULL, OPT_STATUS},
    {NULL, 0, NULL, 0},
};
/* clang-format on */

static enum err add_set(struct args *a, const char *assignment)
{
    if (a->sets == ARGS_SETS_MAX)
        return ERR(ERR_USAGE, "more than %d times --set", ARGS_SETS_MAX);
    a->set[a->sets++] = assignment;
    return ERR_NONE;
}

static enum err option(struct args *a, int c, const char *value)
{
    switch (c) {
    case 'h':
        a->mode = ARGS_HELP;
        return ERR_NONE;
    case 'V':
        a->mode = ARGS_VERSION;
        return ERR_NONE;
    case 'v':
        a->level = LOG_DEBUG;
        return ERR_NONE;
    case 'q':
        a->level = LOG_QUIET;
        return ERR_NONE;
    case OPT_DEFAULTS:
        a->mode = ARGS_DEFAULTS;
        return ERR_NONE;
    case OPT_CHECK:
        a->mode = ARGS_CHECK;
        a->input = value;
        return ERR_NONE;
    case OPT_SET:
        return add_set(a, value);
    case OPT_FORCE:
        a->force = true;
        return ERR_NONE;
    case OPT_RESTART:
        a->restart = true;
        return ERR_NONE;
    case OPT_STATUS:
        a->mode = ARGS_STATUS;
        a->input = value;
        return ERR_NONE;
    default:
        return ERR_USAGE;
    }
}

enum err args_read(struct args *a, int argc, char **argv)
{
    int c;

    *a = (struct args){.level = LOG_NORMAL};
    opterr = 0;
    while ((c = getopt_long(argc, argv, ":hVvq", options, NULL)) != -1) {
        if (c == '?')
            return ERR(ERR_USAGE, "unknown option %s; see fnas_mpi -h",
                       argv[optind - 1]);
        if (c == ':')
            return ERR(ERR_USAGE, "%s needs a value; see fnas_mpi -h",
                       argv[optind - 1]);
        TRY(option(a, c, optarg));
    }
    for (; optind < argc; optind++) {
        if (a->input)
            return ERR(ERR_USAGE,
                       "one input file is wanted, but %s and %s are "
                       "given",
                       a->input, argv[optind]);
        a->input = argv[optind];
    }
    if (a->mode == ARGS_RUN && !a->input)
        return ERR(ERR_USAGE, "no input file; see fnas_mpi -h, and "
                              "--print-defaults for an input file to edit");
    return ERR_NONE;
}

static const char help[] =
    "Neural architecture search: finds good image networks by training many.\n"
    "\n"
    "usage: mpirun -np RANKS fnas_mpi INPUT [--set SECTION.KEY=VALUE]...\n"
    "       fnas_mpi --check INPUT | --status NAME\n"
    "       fnas_mpi --print-defaults | --version | --help\n"
    "\n"
    "  INPUT                    input file; results go to NAME.h5 (run.name)\n"
    "  --set SECTION.KEY=VALUE  override a setting; may be repeated\n"
    "  --force                  begin anew, and lose the results, if any, of\n"
    "                           that run.name (default: refuse to start)\n"
    "  --restart                go on where the run of that name was stopped,\n"
    "                           or begin it\n"
    "  --check INPUT            check input, data and space, then stop\n"
    "  --status NAME            is that run, or that of an input file,\n"
    "                           complete? Exit code 0 if it is, 75 if it is "
    "to\n"
    "                           be restarted\n"
    "  --print-defaults         print a complete, commented input file\n"
    "  -q, --quiet              print only warnings, errors, the last line\n"
    "  -v, --verbose            print debug messages, from all ranks\n"
    "  -V, --version            print versions\n"
    "  -h, --help               print this\n"
    "\n"
    "Rank 0 searches and sleeps while it waits; the others train. One rank\n"
    "alone (no mpirun) does both.\n"
    "\n"
    "exit codes: 0 complete, 1 internal error, 2 usage, 3 input, 4 data,\n"
    "            5 file, 6 memory, 7 too many failed trials, 75 stopped: to "
    "be\n"
    "            started again with --restart\n";

void args_help(void)
{
    fputs(help, stdout);
    printf("\nsearch.method:\n");
    for (int i = 0; search_at(i); i++)
        printf("  %-12s %s\n", search_at(i)->name, search_at(i)->help);
    printf("\nspace.kind:\n");
    for (int i = 0; space_kind_at(i); i++)
        printf("  %-12s %s\n", space_kind_at(i)->name, space_kind_at(i)->help);
}

static void print_blas(void)
{
    char core[BLAS_CORE_MAX], trouble[BLAS_CORE_MAX];

    blas_core_describe(core, sizeof core);
    blas_core_trouble(trouble, sizeof trouble);
    printf("BLAS        %s, core %s\n", gemm_version(), core);
    if (trouble[0])
        printf("            %s\n", trouble);
}

void args_version(void)
{
    printf("fnas %s (%s)\n", PACKAGE_VERSION, FNAS_COMMIT);
    printf("compiler    %s, %s\n", FNAS_COMPILER, FNAS_FLAGS);
    printf("MPI         %s\n", comm_library());
    printf("HDF5        %s\n", h5_version());
    print_blas();
    printf("hwloc       %s\n", place_version());
    printf("kernels     %s (of", kernels_best()->name);
    for (int i = 0; kernels_at(i); i++)
        printf(" %s", kernels_at(i)->name);
    printf(")\n");
}

char *args_join(int argc, char **argv)
{
    size_t size = 1;
    char *text;

    for (int i = 0; i < argc; i++)
        size += strlen(argv[i]) + 1;
    text = MEM_NEW(char, size);
    for (int i = 0; i < argc; i++) {
        (void)strcat(text, argv[i]);
        (void)strcat(text, i + 1 < argc ? " " : "");
    }
    return text;
}
