/* SPDX-License-Identifier: MIT */
#include "run/driver.h"

#include <math.h>

#include "base/timer.h"
#include "run/settings.h"
#include "search/reward.h"

enum { FAILURES_FROM = 16 }; /* trials before their share is judged */

static const struct run_conf *settings(const struct driver *d)
{
    return conf_of(d->conf, &run_section);
}

static void collect(struct driver *d)
{
    struct result r;
    struct trial *t;

    farm_collect(d->farm, &r);
    CHECK(r.id >= 0 && r.id < d->trials.count);
    t = &d->trials.list[r.id];
    t->result = r;
    t->answered = true;
}

/* The result of an earlier trial, at no cost. */
static void answer_twin(struct driver *d, struct trial *t)
{
    t->result = d->trials.list[t->twin].result;
    t->result.id = t->task.id;
    t->result.seconds = t->result.epochs = 0;
    if (t->result.state == TRIAL_DONE)
        t->result.state = TRIAL_CACHED;
    t->answered = true;
}

/* Tell the oldest trial that is out; wait for its result if need be. */
static void tell_next(struct driver *d)
{
    struct trial *t = &d->trials.list[d->trials.told];

    if (t->twin >= 0)
        answer_twin(d, t);
    while (!t->answered)
        collect(d);
    t->reward = reward_of(conf_of(d->conf, &reward_section), &t->result);
    t->told = comm_clock() - d->started;
    timer_start(TIMER_SEARCH);
    d->method->tell(d->search, &t->task, &t->result, t->reward);
    timer_stop(TIMER_SEARCH);
    trials_tell(&d->trials);
    d->after(d, d->context);
}

static bool ask(struct driver *d, struct task *t)
{
    bool asked;

    timer_start(TIMER_SEARCH);
    *t = (struct task){.id = d->trials.count};
    asked = d->method->ask(d->search, t);
    timer_stop(TIMER_SEARCH);
    return asked;
}

static void submit(struct driver *d, const struct task *task)
{
    struct trial *t = trials_append(&d->trials, task, settings(d)->reuse);

    CHECK(space_has(d->space, &task->arch));
    if (t->twin >= 0) {
        d->repeats++;
        return;
    }
    d->repeats = 0;
    d->fresh++;
    while (farm_idle(d->farm) == 0)
        collect(d);
    farm_submit(d->farm, task);
}

static bool too_many_failed(const struct driver *d)
{
    const struct trials *t = &d->trials;

    return t->evaluated >= FAILURES_FROM &&
           (double)t->failed > settings(d)->max_failed * (double)t->evaluated;
}

static int64_t out(const struct driver *d)
{
    return d->trials.count - d->trials.told;
}

/* Ask and submit one task, once the window has room and the method is ready. */
static void ask_next(struct driver *d)
{
    const struct search_conf *c = conf_of(d->conf, &search_section);
    struct task t;

    while (out(d) == c->window || !ask(d, &t)) {
        CHECK(out(d) > 0);
        tell_next(d);
    }
    submit(d, &t);
}

enum run_status driver_run(struct driver *d)
{
    const struct run_conf *c = settings(d);

    trials_new(&d->trials);
    d->started = comm_clock();
    d->search = d->method->create(d->space, d->conf, (uint64_t)c->seed);
    while (d->fresh < c->trials && d->repeats < c->patience &&
           !too_many_failed(d))
        ask_next(d);
    while (out(d) > 0)
        tell_next(d);
    if (too_many_failed(d) || isnan(d->trials.best_accuracy))
        return RUN_FAILED;
    return d->fresh < c->trials ? RUN_EXHAUSTED : RUN_COMPLETE;
}

const char *run_status_text(enum run_status s)
{
    static const char *const texts[] = {[RUN_COMPLETE] = "complete",
                                        [RUN_EXHAUSTED] = "exhausted",
                                        [RUN_FAILED] = "failed"};

    return texts[s];
}
