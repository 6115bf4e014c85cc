/* SPDX-License-Identifier: MIT */
/* The tables, printed as the figures come. */
#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "bench.h"
#include "run/blas_core.h"

void report_machine(const struct results *r)
{
    const struct machine *m = &r->machine;
    char core[BLAS_CORE_MAX];

    blas_core_describe(core, sizeof core);
    log_print("machine    %s; %d rank%s, %s kernels, BLAS core %s\n", m->about,
              r->ranks, r->ranks == 1 ? "" : "s", r->variant, core);
    log_print("peak       %.1f GFLOP/s of a core\n", 1e-9 * m->peak);
    log_print("bandwidth ");
    for (int i = 0; i < LEVELS; i++)
        log_print(" %s %.1f", level_names[i], 1e-9 * m->bandwidth[i]);
    log_print(" GB/s of a core\n");
    log_print("peer       %s\n", r->peer ? r->peer : "none");
}

void report_ops_head(void)
{
    log_print("\noperators, 16 images          forward              backward\n"
              "                            GFLOP/s  peak bound  GFLOP/s  peak "
              "bound\n");
}

static void report_work(const struct machine *m, const struct work *w)
{
    double speed = w->flop / w->seconds;

    log_print("  %7.1f %4.0f%% %4.0f%%", 1e-9 * speed, 100 * speed / m->peak,
              100 * speed / machine_bound(m, w->flop, w->bytes));
}

void report_op(const struct results *r, const struct op_speed *s)
{
    log_print("%-6s %3d -> %3d %dx%d/%d %2dx%-2d",
              s->channels ? "conv" : "dwconv", s->in.c,
              s->channels ? s->channels : s->in.c, s->kernel, s->kernel,
              s->stride, s->in.h, s->in.w);
    report_work(&r->machine, &s->forward);
    report_work(&r->machine, &s->backward);
    log_print("\n");
}

/* A text that may name the number of ranks. */
static void print_named(const char *text, int ranks)
{
    for (; *text; text++)
        if (text[0] == '%' && text[1] == 'd') {
            log_print("%d", ranks);
            text++;
        } else {
            log_print("%c", *text);
        }
}

static void report_mode(const struct results *r, const struct net_speed *s,
                        enum mode mode)
{
    struct spread x = spread_of(s->rate[mode], r->options->rounds);
    double flop = 2 * net_macs(s, mode) / net_cores(mode, r->ranks);

    if (isnan(x.median))
        return;
    log_print("  %9.0f %9.0f %9.0f  %5.1f%%  ", x.median, x.low, x.high,
              100 * x.median * flop / r->machine.peak);
    print_named(mode_texts[mode].text, r->ranks);
    log_print("\n");
}

static void report_ratio(const struct results *r, const struct net_speed *s,
                         const struct ratio *q)
{
    double x =
        spread_ratio(s->rate[q->over], s->rate[q->under], r->options->rounds);

    if (isnan(x))
        return;
    log_print("  %9.2f x  ", x);
    print_named(q->text, r->ranks);
    log_print("\n");
}

void report_net(const struct results *r, const struct net_speed *s)
{
    log_print("\n%s: %lld parameters, %lld MACs, %.1f MiB; batch %d in %d "
              "shard%s; PPO %.0f us a trial\n",
              s->name, (long long)s->params, (long long)s->macs,
              (double)s->bytes / 0x1p20, s->batch, s->shards,
              s->shards == 1 ? "" : "s", 1e6 * s->ask_tell);
    log_print("     median     least      most    peak   images/s\n");
    for (int mode = 0; mode < MODES; mode++)
        report_mode(r, s, (enum mode)mode);
    for (int i = 0; i < RATIOS; i++)
        report_ratio(r, s, &ratios[i]);
    if (s->peer_params != 0 && s->peer_params != s->params)
        log_warn("%s: the peer has %lld parameters: another network", s->name,
                 (long long)s->peer_params);
}

void report_end(const struct results *r)
{
    if (!isnan(r->farm))
        log_print("\nfarm       %.0f tasks/s that do nothing\n", r->farm);
}
