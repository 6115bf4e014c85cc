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

/* The result of an earlier trial, at no cost. */
static void answer_twin(struct driver *d, struct trial *t)
{
    t->result = d->trials.list[t->twin].result;
    t->result.id = t->task.id;
    t->result.seconds = t->result.epochs = 0;
    if (t->result.state == TRIAL_DONE)
        t->result.state = TRIAL_CACHED;
    t->finished = comm_clock() - d->started;
    t->answered = true;
}

/* A trial that the method predicted: nothing of it may enter a mean. */
static void answer_predicted(struct driver *d, struct trial *t)
{
    t->result = (struct result){.id = t->task.id,
                                .state = TRIAL_PREDICTED,
                                .accuracy = (double)NAN,
                                .loss = (double)NAN,
                                .train_loss = (double)NAN,
                                .latency = (double)NAN};
    t->finished = comm_clock() - d->started;
    t->answered = true;
}

/* Count all trials whose results are in, up to the first that is still out. */
static void settle(struct driver *d)
{
    struct trials *t = &d->trials;

    while (t->settled < t->count) {
        struct trial *next = &t->list[t->settled];

        if (next->twin >= 0)
            answer_twin(d, next);
        else if (next->task.said.replaces)
            answer_predicted(d, next);
        if (!next->answered)
            return;
        next->reward =
            reward_of(conf_of(d->conf, &reward_section), &next->result);
        trials_settle(t);
        d->after(d, d->context);
    }
}

static void collect(struct driver *d)
{
    struct result r;
    struct trial *t;

    farm_collect(d->farm, &r);
    CHECK(r.id >= 0 && r.id < d->trials.count);
    t = &d->trials.list[r.id];
    t->result = r;
    t->finished = comm_clock() - d->started;
    t->answered = true;
    settle(d);
}

/* Tell the oldest trial that was not told; wait for its result if need be. */
static void tell_next(struct driver *d)
{
    const struct trial *t;

    settle(d);
    while (d->trials.settled == d->told)
        collect(d);
    t = &d->trials.list[d->told++];
    d->out -= !t->task.said.replaces;
    d->told_fresh += trial_fresh(t);
    d->told_failed += trial_fresh(t) && !result_counts(&t->result);
    timer_start(TIMER_SEARCH);
    d->method->tell(d->search, &t->task, &t->result, t->reward);
    timer_stop(TIMER_SEARCH);
}

static bool ask(struct driver *d, struct task *t)
{
    bool asked;

    timer_start(TIMER_SEARCH);
    *t = (struct task){.id = d->trials.count,
                       .said = {(double)NAN, (double)NAN, false}};
    asked = d->method->ask(d->search, t);
    timer_stop(TIMER_SEARCH);
    return asked;
}

static void submit(struct driver *d, const struct task *task)
{
    struct trial *t = trials_append(&d->trials, task, settings(d)->reuse);

    CHECK(space_has(d->space, &task->arch));
    d->out += !task->said.replaces;
    if (!trial_fresh(t)) {
        d->idle++;
        return;
    }
    d->idle = 0;
    d->fresh++;
    while (farm_idle(d->farm) == 0)
        collect(d);
    farm_submit(d->farm, task);
}

/* Of what was told, so that the end depends on the settings alone. */
static bool too_many_failed(const struct driver *d)
{
    return d->told_fresh >= FAILURES_FROM &&
           (double)d->told_failed >
               settings(d)->max_failed * (double)d->told_fresh;
}

static bool all_told(const struct driver *d)
{
    return d->told == d->trials.count;
}

/* Ask and submit one task, once the window has room and the method is ready;
 * false if the method has nothing more to propose. */
static bool ask_next(struct driver *d)
{
    const struct search_conf *c = conf_of(d->conf, &search_section);
    struct task t;

    while (d->out == c->window || !ask(d, &t)) {
        if (all_told(d))
            return false;
        tell_next(d);
    }
    submit(d, &t);
    return true;
}

static bool wants_more(const struct driver *d)
{
    const struct run_conf *c = settings(d);

    return d->fresh < c->trials && d->idle < c->patience && !too_many_failed(d);
}

enum run_status driver_run(struct driver *d)
{
    const struct run_conf *c = settings(d);

    trials_new(&d->trials);
    d->started = comm_clock();
    d->search = d->method->create(d->space, d->conf, (uint64_t)c->seed);
    while (wants_more(d) && ask_next(d))
        ;
    while (!all_told(d))
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
