/* SPDX-License-Identifier: MIT */
/* What a grid says: tables for people, rows and curves for programs. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "grid.h"
#include "paired.h"

enum { POINTS = 256 }; /* of a curve */

static int units(const struct grid *g)
{
    return grid_trains(g) ? LEDGER_KINDS : 1;
}

/* The least that a run which missed the target has spent; infinite: none. */
static double budget_of_missed(const struct grid *g, int arm,
                               enum ledger_unit u, const double *cost)
{
    double least = HUGE_VAL;

    for (int seed = 0; seed < g->seeds; seed++)
        if (isinf(cost[seed]))
            least = fmin(least, ledger_total(grid_run(g, arm, seed), u));
    return least;
}

/* "210", or ">1000" where it lies beyond the budget. */
static const char *figure(char text[32], double x, double budget)
{
    (void)snprintf(text, 32, "%s%.*f", isinf(x) ? ">" : "",
                   fmin(x, budget) < 10 ? 1 : 0, isinf(x) ? budget : x);
    return text;
}

/* Costs until the target; in `spent`, what was spent of it all the same. */
static void costs(const struct grid *g, int arm, enum ledger_unit u,
                  double target, double *cost, double *spent)
{
    grid_until(g, arm, u, target, cost);
    for (int seed = 0; seed < g->seeds; seed++)
        spent[seed] = fmin(cost[seed], ledger_total(grid_run(g, arm, seed), u));
}

/* "0.76"; "<0.16" or ">3.10" where a run missed and only what it had spent is
 * known. */
static const char *saving(char text[32], double x, double spent)
{
    (void)snprintf(text, 32, "%s%.2f",
                   x <= 0     ? "<"
                   : isinf(x) ? ">"
                              : "",
                   x <= 0 || isinf(x) ? spent : x);
    return text;
}

static void print_comparison(const struct grid *g, int arm, enum ledger_unit u,
                             double target)
{
    size_t n = (size_t)g->seeds;
    double *all = MEM_NEW(double, 4 * n);
    struct paired r, s;
    char middle[32], low[32], high[32];

    costs(g, 0, u, target, all, all + n);
    costs(g, arm, u, target, all + 2 * n, all + 3 * n);
    r = paired_compare(all, all + 2 * n, g->seeds);
    s = paired_compare(all + n, all + 3 * n, g->seeds);
    printf("  %6s  %5s..%-6s  %.2g", saving(middle, r.ratio, s.ratio),
           saving(low, r.low, s.low), saving(high, r.high, s.high), r.p);
    mem_free(all);
}

static void print_arm(const struct grid *g, int arm, enum ledger_unit u,
                      double target)
{
    double *cost = MEM_NEW(double, g->seeds), budget;
    char low[32], middle[32], high[32];
    int missed = 0, n = g->seeds;

    grid_until(g, arm, u, target, cost);
    for (int i = 0; i < n; i++)
        missed += isinf(cost[i]);
    budget = budget_of_missed(g, arm, u, cost);
    printf("%-14s %8s %8s %8s %5d/%d", g->arms[arm],
           figure(low, paired_quantile(cost, n, 0.25), budget),
           figure(middle, paired_quantile(cost, n, 0.5), budget),
           figure(high, paired_quantile(cost, n, 0.75), budget), missed, n);
    if (arm > 0)
        print_comparison(g, arm, u, target);
    printf("\n");
    mem_free(cost);
}

static void print_table(const struct grid *g, double target, enum ledger_unit u)
{
    printf("\n%s until the reward is %.6g\n", ledger_text(u), target);
    printf("%-14s %8s %8s %8s %8s  %6s  %-13s  %s\n", "", "1/4", "median",
           "3/4", "missed", "saving", "95 %", "p");
    for (int arm = 0; arm < g->count; arm++)
        print_arm(g, arm, u, target);
}

void grid_print(const struct grid *g)
{
    printf("%d arms, %d seeds each. saving: cost of %s / cost of the arm, "
           "median over\nthe seeds, with its 95 %% interval (bootstrap); p: "
           "Wilcoxon's signed-rank test.\nA run that missed the target "
           "counts as dearer than all others, and is never left out.\n",
           g->count, g->seeds, g->arms[0]);
    for (int t = 0; t < g->targets; t++)
        for (int u = 0; u < units(g); u++)
            print_table(g, g->target[t], (enum ledger_unit)u);
}

static enum err create(FILE **f, char path[PATH_MAX], const char *prefix,
                       const char *suffix)
{
    (void)snprintf(path, PATH_MAX, "%s%s", prefix, suffix);
    *f = fopen(path, "w");
    return *f ? ERR_NONE
              : ERR(ERR_IO, "%s: cannot create: %s", path, strerror(errno));
}

static enum err finish(FILE *f, const char *path)
{
    int wrong = ferror(f);

    return fclose(f) == 0 && !wrong
               ? ERR_NONE
               : ERR(ERR_IO, "%s: cannot write: %s", path, strerror(errno));
}

/* A run's rows, one for each target and unit; no cost: missed. */
static void write_run(FILE *f, const struct grid *g, int arm, int seed)
{
    const struct ledger *l = grid_run(g, arm, seed);

    for (int t = 0; t < g->targets; t++)
        for (int u = 0; u < units(g); u++) {
            double cost = ledger_until(l, (enum ledger_unit)u, g->target[t]);

            fprintf(f, "%s,%d,%.9g,%s,", g->arms[arm], seed + 1, g->target[t],
                    ledger_key((enum ledger_unit)u));
            if (isfinite(cost))
                fprintf(f, "%.9g", cost);
            fprintf(f, ",%.9g,%.9g\n", ledger_total(l, (enum ledger_unit)u),
                    ledger_end(l));
        }
}

static enum err write_runs(const struct grid *g, const char *prefix)
{
    char path[PATH_MAX];
    FILE *f;

    TRY(create(&f, path, prefix, ".csv"));
    fprintf(f, "arm,seed,target,unit,cost,spent,best\n");
    for (int arm = 0; arm < g->count; arm++)
        for (int seed = 0; seed < g->seeds; seed++)
            write_run(f, g, arm, seed);
    return finish(f, path);
}

/* What the dearest run of an arm has spent. */
static double spent(const struct grid *g, int arm, enum ledger_unit u)
{
    double most = 0;

    for (int seed = 0; seed < g->seeds; seed++)
        most = fmax(most, ledger_total(grid_run(g, arm, seed), u));
    return most;
}

/* Quartiles of the best reward at one cost, once every seed has one. */
static void write_point(FILE *f, const struct grid *g, int arm,
                        enum ledger_unit u, double cost, double *best)
{
    double low;

    for (int seed = 0; seed < g->seeds; seed++)
        best[seed] = ledger_best(grid_run(g, arm, seed), u, cost);
    low = paired_quantile(best, g->seeds, 0);
    if (isfinite(low))
        fprintf(f, "%.9g %.9g %.9g %.9g\n", cost,
                paired_quantile(best, g->seeds, 0.25),
                paired_quantile(best, g->seeds, 0.5),
                paired_quantile(best, g->seeds, 0.75));
}

/* A block for each arm, headed by its name, as gnuplot takes them. */
static enum err write_curves(const struct grid *g, const char *prefix,
                             enum ledger_unit u)
{
    char path[PATH_MAX], suffix[32];
    double *best = MEM_NEW(double, g->seeds);
    FILE *f;
    enum err e;

    (void)snprintf(suffix, sizeof suffix, "_%s.dat", ledger_key(u));
    e = create(&f, path, prefix, suffix);
    for (int arm = 0; arm < g->count && e == ERR_NONE; arm++) {
        double end = spent(g, arm, u);

        fprintf(f, "%s\"%s\"\n", arm > 0 ? "\n\n" : "", g->arms[arm]);
        for (int i = 1; i <= POINTS; i++)
            write_point(f, g, arm, u, end * i / POINTS, best);
    }
    mem_free(best);
    return e == ERR_NONE ? finish(f, path) : e;
}

enum err grid_write(const struct grid *g, const char *prefix)
{
    TRY(write_runs(g, prefix));
    for (int u = 0; u < units(g); u++)
        TRY(write_curves(g, prefix, (enum ledger_unit)u));
    return ERR_NONE;
}
