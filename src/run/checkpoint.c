/* SPDX-License-Identifier: MIT */
#include "run/checkpoint.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/comm.h"
#include "base/h5.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/state.h"
#include "base/timer.h"
#include "run/results.h"
#include "run/settings.h"
#include "run/store.h"

#define FORMAT "fnas-state 1"

/* A two-hundredth of a run's time, or less, goes to states. */
enum { SAVE_SHARE = 200 };

enum err checkpoint_ready(struct checkpoint *c, const struct conf *conf,
                          bool replace)
{
    const struct run_conf *run = conf_of(conf, &run_section);

    (void)snprintf(c->path[0], sizeof c->path[0], "%s.state.h5", run->name.s);
    (void)snprintf(c->path[1], sizeof c->path[1], "%s.state.1.h5", run->name.s);
    for (int i = 0; i < CHECKPOINTS; i++)
        TRY(store_ready(c->path[i], replace));
    return ERR_NONE;
}

enum err checkpoint_open(struct checkpoint *c, const struct conf *conf,
                         bool goes_on)
{
    for (int i = 0; i < CHECKPOINTS && !goes_on; i++)
        if (store_exists(c->path[i]))
            TRY(store_remove(c->path[i]));
    c->settings = settings_text(conf);
    c->saved = comm_clock();
    return ERR_NONE;
}

void checkpoint_close(struct checkpoint *c)
{
    mem_free(c->settings);
}

/* All parts of the program that a search changes; the evaluator is last, as it
 * cannot begin anew. */
static void whole(const struct checkpoint *c, struct driver *d, struct state *s)
{
    state_same(s, "format", FORMAT);
    state_same(s, "settings", c->settings);
    driver_state(d, s);
    meter_state(c->meter, d, s);
    if (d->eval->state)
        d->eval->state(d->evaluator, s);
}

static enum err load(const struct checkpoint *c, struct driver *d,
                     const char *path)
{
    struct state *s;
    struct h5 *h;
    enum err e;

    TRY(h5_open(&h, path));
    s = state_load(h, path);
    whole(c, d, s);
    e = state_end(s);
    h5_close(h);
    return e;
}

/* One that is whole but does not hold is no news: it was saved just before the
 * end. */
static bool tried(const struct checkpoint *c, struct driver *d,
                  const char *path)
{
    struct driver begun = *d;

    store_set_aside(path);
    if (!store_exists(path))
        return false;
    driver_begin(d);
    if (load(c, d, path) == ERR_NONE)
        return true;
    log_print("restart    %s; it is not used\n", err_message());
    err_clear();
    driver_end(d);
    meter_begin(c->meter);
    *d = begun;
    return false;
}

void checkpoint_load(struct checkpoint *c, struct driver *d)
{
    for (int i = 0; i < CHECKPOINTS; i++) {
        if (!tried(c, d, c->path[i]))
            continue;
        c->holds = i == 0;
        c->told = d->trials.told;
        log_print("restart    from trial %" PRId64 " on, by %s\n",
                  d->trials.told, c->path[i]);
        return;
    }
    driver_begin(d);
}

static enum err save(struct checkpoint *c, struct driver *d)
{
    struct draft draft;
    struct state *s;

    if (d->journal)
        TRY(journal_sync(d->journal));
    TRY(store_begin(&draft, c->path[0]));
    s = state_save(draft.h5);
    whole(c, d, s);
    return store_end_keeping(&draft, state_end(s),
                             c->holds ? c->path[1] : NULL);
}

/* The later one has become the earlier, if it held. */
static void note_saved(struct checkpoint *c, const struct driver *d)
{
    if (c->holds)
        c->earlier = c->told;
    c->holds = false;
    c->waits = true;
    c->asked = d->trials.count;
    c->told = d->trials.told;
}

static void save_timed(struct checkpoint *c, struct driver *d)
{
    double start = comm_clock();

    timer_start(TIMER_STORE);
    if (save(c, d) == ERR_NONE) {
        note_saved(c, d);
    } else {
        log_warn("%s; the search goes on without this state", err_message());
        err_clear();
    }
    timer_stop(TIMER_STORE);
    c->saved = comm_clock();
    c->took = c->saved - start;
}

static bool is_due(const struct checkpoint *c, const struct driver *d)
{
    const struct run_conf *run = conf_of(d->conf, &run_section);
    double pause = fmax(run->state_every, SAVE_SHARE * c->took);

    return run->state_every == 0 || comm_clock() - c->saved > pause;
}

void checkpoint_rest(struct checkpoint *c, struct driver *d)
{
    if (c->waits && d->trials.told >= c->asked) {
        c->waits = false;
        c->holds = true;
        if (d->journal)
            journal_forget(d->journal, c->earlier);
    }
    if (!c->waits && d->trials.told > c->told && is_due(c, d))
        save_timed(c, d);
}

void checkpoint_ask(struct checkpoint *c)
{
    c->saved = (double)-INFINITY;
}
