/* SPDX-License-Identifier: MIT */
#include "run/progress.h"

#include <limits.h>
#include <math.h>

#include "base/log.h"
#include "base/state.h"
#include "base/timer.h"
#include "run/report.h"
#include "run/results.h"
#include "run/settings.h"

/* A hundredth of a run's time, or less, goes to results, unless they are wanted
 * after each trial. */
enum { PUBLISH_SHARE = 100 };

static struct progress row_of(const struct meter *m, const struct driver *d)
{
    const struct trials *t = &d->trials;
    const struct run_conf *run = conf_of(d->conf, &run_section);
    double seconds = comm_clock() - d->started;
    double evaluated = (double)t->evaluated;

    return (struct progress){
        .evaluated = t->evaluated,
        .failed = t->failed,
        .repeats = t->repeats,
        .predicted = t->predicted,
        .seconds = seconds,
        .best = t->best_accuracy,
        .mean = m->count > 0 ? m->sum / m->count : (double)NAN,
        .entropy = search_health_of(d->method, d->search).entropy,
        .busy = farm_busy(d->farm),
        .per_hour = 3600 * evaluated / seconds,
        .left = seconds * (run->trials - evaluated) / evaluated,
    };
}

static void print_row(struct meter *m, const struct driver *d)
{
    struct progress row = row_of(m, d);

    report_row(&row);
    results_progress(m->results, &row);
    m->sum = m->count = 0;
    m->at = d->trials.evaluated;
}

void meter_publish(struct meter *m, struct driver *d)
{
    timer_start(TIMER_STORE);
    if (results_publish(m->results, d, "running", NULL) != ERR_NONE) {
        log_warn("%s; the search goes on", err_message());
        err_clear();
    }
    timer_stop(TIMER_STORE);
}

static double pause_of(const struct results *s, const struct run_conf *run)
{
    return run->publish_every > 0
               ? fmax(run->publish_every, PUBLISH_SHARE * s->took)
               : 0;
}

void meter_after(struct meter *m, struct driver *d)
{
    const struct run_conf *run = conf_of(d->conf, &run_section);
    const struct trials *t = &d->trials;
    const struct trial *trial = trials_at(t, t->settled - 1);
    const struct result *r = &trial->result;

    results_note(m->results, d, trial);
    if (result_counts(r)) {
        m->sum += r->accuracy;
        m->count++;
    }
    if (t->evaluated - m->at >= run->report_every ||
        (t->evaluated == run->trials && m->at < t->evaluated))
        print_row(m, d);
    if (comm_clock() - m->results->published > pause_of(m->results, run))
        meter_publish(m, d);
}

void meter_state(struct meter *m, const struct driver *d, struct state *s)
{
    state_enter(s, "progress");
    state_doubles(s, "sum", &m->sum, 1);
    state_int(s, "count", &m->count, 0, INT_MAX);
    state_count(s, "at", &m->at, 0, d->trials.evaluated);
    results_state(m->results, d, s);
    state_leave(s);
}

void meter_begin(struct meter *m)
{
    m->sum = 0;
    m->count = 0;
    m->at = 0;
    results_forget(m->results);
}
