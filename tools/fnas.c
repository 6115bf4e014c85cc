/* SPDX-License-Identifier: MIT */
/* fnas: one command with verbs, for what is done before and after a search. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "config.h"
#include "verbs.h"

/* clang-format off */
static const struct {
    const char *name, *usage, *help;
    enum err (*run)(int argc, char **argv);
} verbs[] = {
    {"table", "IN.json OUT.h5",       "make a benchmark table of NAS-Bench-Macro's JSON", verb_table},
    {"reach", "ACCURACY RESULTS.h5...", "evaluations until an accuracy was reached",      verb_reach},
    {"merge", "OUT.h5 RESULTS.h5...", "one table and one file of several seeds",          verb_merge},
    {"ablation", "FOLDER REFERENCE ARM...", "compare the searches of tools/ablation",     verb_ablation},
};
/* clang-format on */

enum { VERBS = sizeof verbs / sizeof verbs[0] };

static void help(void)
{
    printf("usage: fnas VERB ...\n\n");
    for (int i = 0; i < VERBS; i++)
        printf("  fnas %s %-24s %s\n", verbs[i].name, verbs[i].usage,
               verbs[i].help);
    printf("  fnas --version\n\nThe search itself is fnas_mpi(1).\n");
}

static enum err run(int argc, char **argv)
{
    for (int i = 0; argc > 1 && i < VERBS; i++)
        if (strcmp(argv[1], verbs[i].name) == 0)
            return verbs[i].run(argc - 2, argv + 2);
    return ERR(ERR_USAGE, "%s: no such verb; see fnas -h",
               argc > 1 ? argv[1] : "(none)");
}

int main(int argc, char **argv)
{
    enum err e = ERR_NONE;

    if (argc > 1 &&
        (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0))
        help();
    else if (argc > 1 && strcmp(argv[1], "--version") == 0)
        printf("fnas %s\n", PACKAGE_VERSION);
    else
        e = run(argc, argv);
    if (e != ERR_NONE)
        log_error("%s", err_message());
    return err_exit_code(e);
}
