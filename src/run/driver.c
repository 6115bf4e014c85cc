/* SPDX-License-Identifier: MIT */
#include "run/driver.h"

#include <limits.h>
#include <math.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/state.h"
#include "base/timer.h"
#include "run/settings.h"
#include "search/reward.h"

enum { FAILURES_FROM = 16 }; /* trials before their share is judged */

static const struct run_conf *settings(const struct driver *d)
{
    return conf_of(d->conf, &run_section);
}

/* Earlier trials cannot be read: the search cannot go on, but nothing is lost. */
static void give_up(struct driver *d)
{
    log_warn("%s; the search stops here, to be gone on with by --restart",
             err_message());
    err_clear();
    stop_ask(&d->stop, STOP_NOW, "earlier trials, which cannot be read");
}

/* The result of an earlier trial, at no cost. */
static void answer_twin(struct driver *d, struct trial *t)
{
    struct trial twin;

    if (trials_read(&d->trials, t->twin, 1, &twin) != ERR_NONE) {
        give_up(d);
        return;
    }
    t->result = twin.result;
    t->result.id = t->task.id;
    t->result.seconds = t->result.epochs = t->result.scratch_epochs = 0;
    t->result.scratch = (double)NAN;
    if (t->result.state == TRIAL_DONE)
        t->result.state = TRIAL_CACHED;
    t->finished = comm_clock() - d->started;
    t->answered = true;
}

/* A trial that the method predicted: nothing of it may enter a mean. */
static void answer_predicted(struct driver *d, struct trial *t)
{
    t->result = result_bare(t->task.id, TRIAL_PREDICTED);
    t->finished = comm_clock() - d->started;
    t->answered = true;
}

/* Count all trials whose results are in, up to the first that is still out. */
static void settle(struct driver *d)
{
    struct trials *t = &d->trials;

    while (t->settled < t->count) {
        struct trial *next = trials_at(t, t->settled);

        if (next->twin >= 0)
            answer_twin(d, next);
        else if (next->task.said.replaces)
            answer_predicted(d, next);
        if (!next->answered)
            return;
        next->reward =
            reward_of(conf_of(d->conf, &reward_section), &next->result);
        trials_settle(t);
        audit_count(&d->audit, next);
        evidence_add(&d->evidence, next);
        d->after(d, d->context);
    }
}

static void answer(struct driver *d, struct trial *t, const struct result *r,
                   struct luggage left)
{
    t->result = *r;
    t->left = left;
    t->finished = comm_clock() - d->started;
    t->answered = true;
    if (!result_counts(r))
        return;
    pace_note(&d->pace, t->work, r->seconds);
    d->longest = fmax(d->longest, r->seconds);
    d->shortest = d->shortest > 0 ? fmin(d->shortest, r->seconds) : r->seconds;
}

/* A journal that cannot be written is no reason to lose what is going on. */
static void keep(struct driver *d, const struct trial *t)
{
    enum err e = ERR_NONE;

    timer_start(TIMER_STORE);
    if (d->journal)
        e = journal_append(d->journal, &t->task, &t->result, &t->left);
    timer_stop(TIMER_STORE);
    if (e == ERR_NONE)
        return;
    log_warn("%s; the search goes on, but this trial will be evaluated again "
             "after a restart",
             err_message());
    err_clear();
}

/* What may happen beside results; false: there is no time left. */
static bool look_around(struct driver *d)
{
    char who[sizeof d->stop.why];

    if (stop_publish())
        d->publish(d, d->context);
    if (farm_late(d->farm, who, sizeof who))
        stop_ask(&d->stop, STOP_NOW, who);
    return stop_look(&d->stop) != STOP_NOW;
}

/* Wait for a result; false: there is no time left. */
static bool wait_for_result(struct driver *d)
{
    int turn = 0;

    timer_start(TIMER_WAIT);
    while (!farm_ready(d->farm) && look_around(d))
        comm_rest(turn < INT_MAX ? ++turn : turn);
    timer_stop(TIMER_WAIT);
    return farm_ready(d->farm);
}

static bool collect(struct driver *d)
{
    struct luggage left;
    struct result r;
    struct trial *t;

    if (d->in_flight == 0 || !wait_for_result(d))
        return false;
    farm_collect(d->farm, &r, &left);
    d->in_flight--;
    t = trials_at(&d->trials, r.id);
    answer(d, t, &r, left);
    keep(d, t);
    settle(d);
    return true;
}

/* Tell the oldest trial that was not told; wait for its result if need be.
 * False: there is no time left for it. */
static bool tell_next(struct driver *d)
{
    struct trial *t;

    settle(d);
    while (d->trials.settled == d->trials.told)
        if (!collect(d))
            return false;
    t = trials_at(&d->trials, d->trials.told);
    d->out -= !t->task.said.replaces;
    d->told_fresh += trial_fresh(t);
    d->told_failed += trial_fresh(t) && !result_counts(&t->result);
    timer_start(TIMER_SEARCH);
    search_tell(d->method, d->search, &t->task, &t->result, t->reward);
    if (trial_fresh(t) && d->eval->learn)
        d->eval->learn(d->evaluator, &t->result, t->reward, t->left);
    t->left = (struct luggage){0};
    timer_stop(TIMER_SEARCH);
    trials_tell(&d->trials);
    return true;
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

/* Did an earlier run of this search evaluate it? */
static bool resume(struct driver *d, struct trial *t)
{
    struct luggage left;
    struct result r;

    if (!d->journal || !journal_find(d->journal, &t->task, &r, &left))
        return false;
    answer(d, t, &r, left);
    d->resumed++;
    return true;
}

/* Will it be ready in time?  Only near the end this needs a closer look. */
static bool fits(const struct driver *d, const struct trial *t)
{
    enum { AMPLE = 8 };
    double left = d->stop.until - comm_clock();

    return AMPLE * d->longest < left || pace_seconds(&d->pace, t->work) < left;
}

static void submit(struct driver *d, const struct task *task)
{
    struct luggage with = {0};

    if (d->eval->start)
        with = d->eval->start(d->evaluator, task);
    while (farm_idle(d->farm) == 0 && collect(d))
        ;
    if (farm_idle(d->farm) > 0) {
        farm_submit(d->farm, task, &with);
        d->in_flight++;
    }
    mem_free(with.bytes);
}

/* See to it that a new trial is answered, now or later. */
static void begin(struct driver *d, const struct task *task)
{
    struct trial *t;

    if (trials_append(&d->trials, task, settings(d)->reuse, &t) != ERR_NONE) {
        give_up(d);
        return;
    }
    CHECK(space_has(d->space, &task->arch));
    d->out += !task->said.replaces;
    if (!trial_fresh(t)) {
        d->idle++;
        return;
    }
    d->idle = 0;
    d->fresh++;
    t->work = d->eval->work ? d->eval->work(d->evaluator, task) : 1;
    if (resume(d, t))
        return;
    if (fits(d, t))
        submit(d, task);
    else
        d->put_off++;
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
    return d->trials.told == d->trials.count;
}

/* Ask for one task and begin it, once the window has room and the method is ready;
 * false if the method has nothing more to propose. */
static bool ask_next(struct driver *d)
{
    const struct search_conf *c = conf_of(d->conf, &search_section);
    struct task t;

    while (d->out == c->window || !ask(d, &t)) {
        if (all_told(d) || !tell_next(d))
            return false;
    }
    begin(d, &t);
    return true;
}

/* Is there time for a short trial? */
static bool may_start(struct driver *d)
{
    return look_around(d) && d->stop.asked == STOP_NOT &&
           stop_has_time(&d->stop, d->shortest);
}

static bool wants_more(const struct driver *d)
{
    const struct run_conf *c = settings(d);

    return d->fresh < c->trials && d->idle < c->patience && !too_many_failed(d);
}

void driver_begin(struct driver *d)
{
    const struct run_conf *c = settings(d);

    trials_new(&d->trials, c->name.s);
    d->started = comm_clock();
    d->search = d->method->create(&(struct search_start){
        d->space, d->conf, (uint64_t)c->seed, d->transfer});
}

void driver_end(struct driver *d)
{
    d->method->destroy(d->search);
    trials_free(&d->trials);
}

/* What the state has not of a trial that was not told: what came with its result,
 * or all of it. */
static bool recover(struct driver *d, struct trial *t)
{
    struct result r;

    if (!trial_fresh(t))
        return true;
    if (!t->answered)
        return resume(d, t);
    return d->journal && journal_find(d->journal, &t->task, &r, &t->left);
}

static bool recover_all(struct driver *d)
{
    for (int64_t i = d->trials.told; i < d->trials.count; i++)
        if (!recover(d, trials_at(&d->trials, i)))
            return false;
    return true;
}

static void state_counts(struct driver *d, struct state *s)
{
    int64_t most = d->trials.count;

    state_count(s, "fresh", &d->fresh, 0, most);
    state_count(s, "idle", &d->idle, 0, most);
    state_count(s, "out", &d->out, 0, most);
    state_count(s, "told_fresh", &d->told_fresh, 0, most);
    state_count(s, "told_failed", &d->told_failed, 0, d->told_fresh);
    state_doubles(s, "longest", &d->longest, 1);
    state_doubles(s, "shortest", &d->shortest, 1);
}

void driver_state(struct driver *d, struct state *s)
{
    double seconds = comm_clock() - d->started;

    state_enter(s, "driver");
    trials_state(&d->trials, s, d->space, settings(d)->reuse);
    audit_state(&d->audit, s);
    evidence_state(&d->evidence, s, d->space);
    pace_state(&d->pace, s);
    state_counts(d, s);
    state_doubles(s, "seconds", &seconds, 1);
    if (state_loads(s))
        d->started = comm_clock() - seconds;
    state_leave(s);
    if (d->method->state)
        d->method->state(d->search, s, d->trials.count, d->trials.told);
    state_need(s, state_loads(s) && recover_all(d),
               "was saved with trials in flight whose results are missing");
}

static void rest(struct driver *d)
{
    if (d->rest)
        d->rest(d, d->context);
}

enum run_status driver_run(struct driver *d)
{
    const struct run_conf *c = settings(d);

    while (wants_more(d) && may_start(d) && ask_next(d))
        rest(d);
    while (!all_told(d) && tell_next(d))
        ; /* no rest: had it not ended, it would have asked in between */
    if (d->put_off > 0)
        stop_ask(&d->stop, STOP_SOON, "the time limit");
    if (!all_told(d) || (wants_more(d) && d->stop.asked != STOP_NOT))
        return RUN_STOPPED;
    if (too_many_failed(d) || isnan(d->trials.best_accuracy))
        return RUN_FAILED;
    return d->fresh < c->trials ? RUN_EXHAUSTED : RUN_COMPLETE;
}

const char *run_status_text(enum run_status s)
{
    static const char *const texts[] = {[RUN_COMPLETE] = "complete",
                                        [RUN_EXHAUSTED] = "exhausted",
                                        [RUN_STOPPED] = "stopped",
                                        [RUN_FAILED] = "failed"};

    return texts[s];
}
