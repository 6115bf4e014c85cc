/* SPDX-License-Identifier: MIT */
#include "run/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <sys/resource.h>

#include "base/h5.h"
#include "base/log.h"
#include "commit.h"
#include "config.h"
#include "nn/gemm.h"
#include "run/audit.h"
#include "run/settings.h"

void report_banner(const struct ranks *r, const struct conf *conf,
                   const struct space *space, const struct eval *eval,
                   void *evaluator, const char *results)
{
    const struct run_conf *run = conf_of(conf, &run_section);
    const struct search_conf *search = conf_of(conf, &search_section);

    log_print("fnas %s (%s), %s, HDF5 %s, %s\n", PACKAGE_VERSION, FNAS_COMMIT,
              comm_library(), h5_version(), gemm_version());
    ranks_print(r);
    log_print("space      %s: %d decisions, %.3g architectures\n",
              space->kind->name, space->count, space_size(space));
    log_print("evaluator  %s: %s\n", eval->name, eval->help);
    eval->print(evaluator);
    log_print("search     %s: %s\n", search->method.s,
              search_find(search->method.s)->help);
    log_print("run        %d trials, seed %d, window %d; results in %s\n",
              run->trials, run->seed, search->window, results);
    if (r->groups > search->window)
        log_warn("%d groups of workers, but search.window lets only %d trials "
                 "be in flight: some groups will be idle",
                 r->groups, search->window);
}

void report_head(void)
{
    log_print("\n%8s %6s %7s %9s %8s %8s %8s %6s %10s %9s\n", "trials",
              "failed", "repeats", "predicted", "best", "mean", "entropy",
              "busy", "children/h", "left");
}

/* A figure, or a dash where there is none. */
static const char *figure(char text[32], int decimals, double x)
{
    if (isnan(x))
        return "-";
    (void)snprintf(text, 32, "%.*f", decimals, x);
    return text;
}

static const char *duration(char text[32], double seconds)
{
    long s = isfinite(seconds) && seconds < 1e9 ? lround(seconds) : 0;

    (void)snprintf(text, 32, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    return text;
}

void report_row(const struct progress *p)
{
    char best[32], mean[32], entropy[32], left[32];

    log_print("%8" PRId64 " %6" PRId64 " %7" PRId64 " %9" PRId64
              " %8s %8s %8s %5.1f%% %10.0f %9s\n",
              p->evaluated, p->failed, p->repeats, p->predicted,
              figure(best, 4, p->best), figure(mean, 4, p->mean),
              figure(entropy, 3, p->entropy), 100 * p->busy, p->per_hour,
              duration(left, p->left));
}

static double cpu_of(const struct rusage *r)
{
    return (double)(r->ru_utime.tv_sec + r->ru_stime.tv_sec) +
           1e-6 * (double)(r->ru_utime.tv_usec + r->ru_stime.tv_usec);
}

/* With those of children that had a process of their own. */
struct usage report_usage(void)
{
    struct rusage own, apart;
    struct usage u;

    for (int t = 0; t < TIMERS; t++)
        u.seconds[t] = timer_seconds((enum timer)t);
    (void)getrusage(RUSAGE_SELF, &own);
    (void)getrusage(RUSAGE_CHILDREN, &apart);
    u.cpu = cpu_of(&own) + cpu_of(&apart);
    u.memory = 1024.0 * fmax((double)own.ru_maxrss, (double)apart.ru_maxrss);
    return u;
}

struct spread {
    double least, sum, most;
};

static void spread_add(struct spread *s, int i, double x)
{
    s->least = i == 0 || x < s->least ? x : s->least;
    s->most = i == 0 || x > s->most ? x : s->most;
    s->sum += x;
}

/* One line: a figure of all ranks but rank 0, if there are others. */
static void times_line(const struct usage *all, int ranks, int t,
                       double seconds)
{
    struct spread s = {0};
    int first = ranks > 1 ? 1 : 0, n = ranks - first;

    for (int i = first; i < ranks; i++)
        spread_add(&s, i - first, all[i].seconds[t]);
    if (s.most == 0 && all[0].seconds[t] == 0)
        return;
    log_print("  %*s%-*s %9.2f %9.2f %9.2f %9.2f %6.1f%%\n",
              2 * timer_level((enum timer)t), "",
              34 - 2 * timer_level((enum timer)t), timer_text((enum timer)t),
              all[0].seconds[t], s.least, s.sum / n, s.most,
              100 * s.sum / n / seconds);
}

void report_times(const struct usage *all, int ranks, double seconds)
{
    struct spread memory = {0};

    log_print("\n%-36s %9s %9s %9s %9s %7s\n",
              ranks > 1 ? "time in seconds; right: ranks 1.."
                        : "time in seconds",
              "rank 0", "least", "mean", "most", "share");
    for (int t = 0; t < TIMERS; t++)
        times_line(all, ranks, t, seconds);
    for (int i = 0; i < ranks; i++)
        spread_add(&memory, i, all[i].memory);
    log_print("processor time of rank 0: %.1f %% of a core; memory of a rank: "
              "%.0f to %.0f MiB\n",
              100 * all[0].cpu / seconds, memory.least / 0x1p20,
              memory.most / 0x1p20);
}

static void print_best(const struct driver *d)
{
    const struct trial *best = &d->trials.best;
    char text[SPACE_TEXT_MAX];

    if (best->task.id < 0)
        return;
    space_format(d->space, &best->task.arch, text);
    log_print("\nbest trial %" PRId64 ": accuracy %.4f, reward %.4f, %" PRId64
              " parameters, %" PRId64 " MACs\n  %s\n",
              best->task.id, best->result.accuracy, best->reward,
              best->result.params, best->result.macs, text);
}

/* How much the critic saved, and how far it was to be trusted. */
static void print_critic(const struct driver *d)
{
    struct critic_health c = search_health_of(d->method, d->search).critic;
    char error[32], ratio[32], in_50[32], in_90[32];

    if (!c.on)
        return;
    log_print("\ncritic: %.1f %% of %.0f architectures predicted instead of "
              "trained; %.0f audits, error %s, in deviations %s; "
              "within the 50 %% interval %s %%, the 90 %% interval %s %%\n",
              100 * c.skipped / fmax(1, c.skipped + c.trained),
              c.skipped + c.trained, c.audits, figure(error, 5, c.audit_error),
              figure(ratio, 2, c.audit_ratio), figure(in_50, 0, 100 * c.in_50),
              figure(in_90, 0, 100 * c.in_90));
    if (c.slope > 0)
        log_print("of each reward %.4f log(1 + a) is taken to be inherited, a "
                  "being the epochs that its first weights had behind them\n",
                  c.slope);
}

void report_done(const struct driver *d, enum run_status status)
{
    const struct trials *t = &d->trials;
    const struct run_conf *run = conf_of(d->conf, &run_section);
    struct audit audit = audit_of(&d->audit, (uint64_t)run->seed);
    char best[32];

    print_critic(d);
    print_best(d);
    if (d->eval->report)
        d->eval->report(d->evaluator);
    audit_print(&audit);
    if (log_warnings() > 0)
        log_print("%d warning%s above\n", log_warnings(),
                  log_warnings() == 1 ? "" : "s");
    log_result("FNAS DONE status=%s trials=%" PRId64 " predicted=%" PRId64
               " best=%s trajectory=%016" PRIx64 "\n",
               run_status_text(status), t->evaluated, t->predicted,
               isnan(t->best_accuracy) ? "none"
                                       : figure(best, 4, t->best_accuracy),
               t->hash);
}
