/* SPDX-License-Identifier: MIT */
#include "grid.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "paired.h"

static struct ledger *run_at(const struct grid *g, int arm, int seed)
{
    return &g->runs[arm * g->seeds + seed];
}

static void path_of(char path[PATH_MAX], const struct grid *g, int arm,
                    int seed)
{
    (void)snprintf(path, PATH_MAX, "%s/%s_%d.h5", g->folder, g->arms[arm],
                   seed + 1);
}

static int missing(const struct grid *g, int arm)
{
    char path[PATH_MAX];
    int n = 0;

    for (int seed = 0; seed < g->seeds; seed++) {
        path_of(path, g, arm, seed);
        n += access(path, F_OK) != 0;
    }
    return n;
}

/* Leave out the arms that lack runs; how many those are. */
static int keep_whole_arms(struct grid *g)
{
    int kept = 0, lacking = 0;

    for (int arm = 0; arm < g->count; arm++) {
        int n = missing(g, arm);

        if (n > 0)
            log_warn("%s: %d of %d runs are missing, so it is not compared",
                     g->arms[arm], n, g->seeds);
        if (n > 0 && arm == 0)
            return g->count;
        lacking += n > 0;
        g->arms[kept] = g->arms[arm];
        kept += n == 0;
    }
    g->count = kept;
    return lacking;
}

static enum err read_runs(struct grid *g)
{
    char path[PATH_MAX];

    g->runs = MEM_NEW(struct ledger, g->count * g->seeds);
    for (int arm = 0; arm < g->count; arm++)
        for (int seed = 0; seed < g->seeds; seed++) {
            path_of(path, g, arm, seed);
            TRY(ledger_read(run_at(g, arm, seed), path));
        }
    return ERR_NONE;
}

/* What the reference finds with all it spends: half of its runs get there. */
static double end_of_reference(const struct grid *g)
{
    double *end = MEM_NEW(double, g->seeds), target;

    for (int seed = 0; seed < g->seeds; seed++)
        end[seed] = ledger_end(run_at(g, 0, seed));
    target = paired_quantile(end, g->seeds, 0.5);
    mem_free(end);
    return target;
}

enum err grid_read(struct grid *g)
{
    int arms = g->count, lacking = keep_whole_arms(g);

    if (lacking == arms) {
        g->count = 0;
        return ERR(ERR_DATA, "%s: nothing to compare", g->folder);
    }
    TRY(read_runs(g));
    if (g->targets == 0)
        g->target[g->targets++] = end_of_reference(g);
    return lacking > 0 ? ERR(ERR_DATA, "%s: %d of %d arms are not complete",
                             g->folder, lacking, arms)
                       : ERR_NONE;
}

void grid_free(struct grid *g)
{
    for (int i = 0; g->runs && i < g->count * g->seeds; i++)
        ledger_free(&g->runs[i]);
    mem_free(g->runs);
}

const struct ledger *grid_run(const struct grid *g, int arm, int seed)
{
    return run_at(g, arm, seed);
}

void grid_until(const struct grid *g, int arm, enum ledger_unit u,
                double target, double *cost)
{
    for (int seed = 0; seed < g->seeds; seed++)
        cost[seed] = ledger_until(run_at(g, arm, seed), u, target);
}

bool grid_trains(const struct grid *g)
{
    for (int i = 0; i < g->count * g->seeds; i++)
        if (ledger_total(&g->runs[i], LEDGER_EPOCHS) > 0)
            return true;
    return false;
}
