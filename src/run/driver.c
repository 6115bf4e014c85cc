/* SPDX-License-Identifier: MIT */
#include "run/driver.h"

#include <math.h>

#include "base/mem.h"
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
    t->result.seconds = t->result.epochs = t->result.scratch_epochs = 0;
    t->result.scratch = (double)NAN;
    if (t->result.state == TRIAL_DONE)
        t->result.state = TRIAL_CACHED;
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
    struct luggage left;
    struct result r;
    struct trial *t;

    farm_collect(d->farm, &r, &left);
    CHECK(r.id >= 0 && r.id < d->trials.count);
    t = &d->trials.list[r.id];
    t->result = r;
    t->left = left;
    t->finished = comm_clock() - d->started;
    t->answered = true;
    settle(d);
}

/* Tell the oldest trial that was not told; wait for its result if need be. */
static void tell_next(struct driver *d)
{
    struct trial *t;

    settle(d);
    while (d->trials.settled == d->told)
        collect(d);
    t = &d->trials.list[d->told++];
    d->told_fresh += t->twin < 0;
    d->told_failed += t->twin < 0 && !result_counts(&t->result);
    timer_start(TIMER_SEARCH);
    d->method->tell(d->search, &t->task, &t->result, t->reward);
    if (t->twin < 0 && d->eval->learn)
        d->eval->learn(d->evaluator, &t->result, t->reward, t->left);
    t->left = (struct luggage){0};
    timer_stop(TIMER_SEARCH);
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
    struct luggage with = {0};

    CHECK(space_has(d->space, &task->arch));
    if (t->twin >= 0) {
        d->repeats++;
        return;
    }
    d->repeats = 0;
    d->fresh++;
    if (d->eval->start)
        with = d->eval->start(d->evaluator, task);
    while (farm_idle(d->farm) == 0)
        collect(d);
    farm_submit(d->farm, task, &with);
    mem_free(with.bytes);
}

/* Of what was told, so that the end depends on the settings alone. */
static bool too_many_failed(const struct driver *d)
{
    return d->told_fresh >= FAILURES_FROM &&
           (double)d->told_failed >
               settings(d)->max_failed * (double)d->told_fresh;
}

static int64_t out(const struct driver *d)
{
    return d->trials.count - d->told;
}

/* Ask and submit one task, once the window has room and the method is ready;
 * false if the method has nothing more to propose. */
static bool ask_next(struct driver *d)
{
    const struct search_conf *c = conf_of(d->conf, &search_section);
    struct task t;

    while (out(d) == c->window || !ask(d, &t)) {
        if (out(d) == 0)
            return false;
        tell_next(d);
    }
    submit(d, &t);
    return true;
}

static bool wants_more(const struct driver *d)
{
    const struct run_conf *c = settings(d);

    return d->fresh < c->trials && d->repeats < c->patience &&
           !too_many_failed(d);
}

enum run_status driver_run(struct driver *d)
{
    const struct run_conf *c = settings(d);

    trials_new(&d->trials);
    d->started = comm_clock();
    d->search = d->method->create(d->space, d->conf, (uint64_t)c->seed);
    while (wants_more(d) && ask_next(d))
        ;
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
