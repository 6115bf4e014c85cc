/* SPDX-License-Identifier: MIT */
/* `fnas ablation`: what each arm of a grid of searches cost until it had found
 * a reward, against the first arm, seed by seed. */
#include <getopt.h>
#include <math.h>
#include <stdlib.h>

#include "grid.h"
#include "verbs.h"

static const char usage[] =
    "usage: fnas ablation [--seeds N] [--target REWARD]... [--out PREFIX] "
    "FOLDER REFERENCE [ARM]...";

static enum err read_seeds(struct grid *g, const char *value)
{
    char *end;
    long n = strtol(value, &end, 10);

    g->seeds = (int)n;
    return *end == '\0' && n >= 1 && n <= GRID_SEEDS_MAX
               ? ERR_NONE
               : ERR(ERR_USAGE, "--seeds: %s: 1..%d", value, GRID_SEEDS_MAX);
}

static enum err read_target(struct grid *g, const char *value)
{
    char *end;
    double x = strtod(value, &end);

    if (*end != '\0' || end == value || !isfinite(x))
        return ERR(ERR_USAGE, "--target: %s: a reward is expected", value);
    if (g->targets == GRID_TARGETS_MAX)
        return ERR(ERR_USAGE, "--target: at most %d of them", GRID_TARGETS_MAX);
    g->target[g->targets++] = x;
    return ERR_NONE;
}

static enum err read_options(struct grid *g, const char **out, int argc,
                             char **argv)
{
    static const struct option options[] = {
        {"seeds", required_argument, NULL, 's'},
        {"target", required_argument, NULL, 't'},
        {"out", required_argument, NULL, 'o'},
        {NULL, 0, NULL, 0},
    };
    int c;

    opterr = 0;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
        switch (c) {
        case 's':
            TRY(read_seeds(g, optarg));
            break;
        case 't':
            TRY(read_target(g, optarg));
            break;
        case 'o':
            *out = optarg;
            break;
        default:
            return ERR(ERR_USAGE, "%s", usage);
        }
    return argc - optind >= 2 ? ERR_NONE : ERR(ERR_USAGE, "%s", usage);
}

static enum err report(const struct grid *g, const char *out)
{
    grid_print(g);
    return out ? grid_write(g, out) : ERR_NONE;
}

enum err verb_ablation(int argc, char **argv)
{
    struct grid g = {.seeds = 5};
    const char *out = NULL;
    enum err e, told = ERR_NONE;

    /* getopt begins behind the first word, here the verb. */
    TRY(read_options(&g, &out, argc + 1, argv - 1));
    g.folder = argv[optind - 1];
    g.arms = argv + optind;
    g.count = argc - optind;
    e = grid_read(&g);
    if (g.count > 0 && g.targets > 0)
        told = report(&g, out);
    grid_free(&g);
    return e == ERR_NONE ? told : e;
}
