/* SPDX-License-Identifier: MIT */
/* fnas_mpi: settings, ranks, work, farewell. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/timer.h"
#include "program.h"
#include "run/blas_core.h"
#include "run/deadline.h"
#include "run/driver.h"
#include "run/health.h"
#include "run/progress.h"
#include "run/report.h"
#include "run/settings.h"

/* How it ended, if not well. */
static void say(enum err e, const char *message)
{
    if (e == ERR_STOPPED)
        log_warn("%s", message);
    else if (e != ERR_NONE)
        log_error("%s", message);
}

static enum err outcome(const struct program *p, const struct driver *d,
                        enum run_status status)
{
    if (status == RUN_STOPPED)
        return ERR(ERR_STOPPED, "stopped by %s; to go on: --restart",
                   d->stop.why);
    if (status == RUN_FAILED)
        return ERR(ERR_FAILED,
                   "too many trials failed; the reasons are in /trials/reason "
                   "of %s",
                   p->results.path);
    return ERR_NONE;
}

/* Some ranks are still at work, or silent: all there is time for is to
 * publish. */
static void abandon(struct program *p, const struct driver *d,
                    enum run_status status)
{
    enum err e = results_publish(&p->results, d, run_status_text(status), NULL);

    report_done(d, status);
    if (e == ERR_NONE)
        e = outcome(p, d, status);
    say(e, err_message());
    comm_abandon(err_exit_code(e));
}

/* This rank's use of time and memory. */
static struct usage used(const struct program *p)
{
    struct usage mine = report_usage();

    mine.cpu -= p->before.cpu;
    return mine;
}

/* Print and store how it went. */
static enum err finish(struct program *p, const struct driver *d,
                       enum run_status status, const struct usage *usage)
{
    TRY(results_publish(&p->results, d, run_status_text(status), usage));
    report_times(usage, comm_size(p->world), timer_seconds(TIMER_RUN));
    health_report(d);
    report_done(d, status);
    return outcome(p, d, status);
}

/* What nobody watches: the set-up, which may read much, and the end. */
static void set_deadline(const struct program *p, bool setup)
{
    enum { SETUP_FACTOR = 6 };
    const struct run_conf *c = conf_of(p->conf, &run_section);

    deadline_set(setup ? SETUP_FACTOR * c->watch : c->watch,
                 setup ? "the set-up" : "the end of the run");
}

/* End the farm and the run. */
static enum err end(struct program *p, struct driver *d, enum run_status status)
{
    struct usage *usage = MEM_NEW(struct usage, comm_size(p->world));
    char who[sizeof d->stop.why];
    enum err e;

    if (d->stop.asked == STOP_NOW && farm_working(d->farm))
        abandon(p, d, status);
    if (!farm_end(d->farm, usage, sizeof *usage, who, sizeof who)) {
        log_warn("%s: is given up", who);
        abandon(p, d, status);
    }
    set_deadline(p, false);
    usage[0] = used(p);
    e = finish(p, d, status, usage);
    mem_free(usage);
    return e;
}

/* What the driver calls now and then. */
struct beside {
    struct meter meter;
    struct checkpoint *checkpoint;
};

static void after(struct driver *d, void *beside)
{
    struct beside *b = beside;

    meter_after(&b->meter, d);
}

static void rest(struct driver *d, void *beside)
{
    struct beside *b = beside;

    checkpoint_rest(b->checkpoint, d);
}

static void publish(struct driver *d, void *beside)
{
    struct beside *b = beside;

    meter_publish(&b->meter, d);
    checkpoint_ask(b->checkpoint);
}

static enum err search(struct program *p)
{
    struct beside beside = {.meter = {.results = &p->results},
                            .checkpoint = &p->resume.checkpoint};
    const struct search_conf *c = conf_of(p->conf, &search_section);
    const struct run_conf *run = conf_of(p->conf, &run_section);
    struct driver d = {.conf = p->conf,
                       .space = &p->space,
                       .method = search_find(c->method.s),
                       .eval = p->eval,
                       .evaluator = p->evaluator,
                       .transfer = &p->transfer,
                       .journal = p->resume.journal,
                       .after = after,
                       .rest = rest,
                       .publish = publish,
                       .context = &beside};
    enum err e;

    CHECK(d.method != NULL);
    report_banner(&p->ranks, p->conf, &p->space, p->eval, p->evaluator,
                  p->results.path);
    transfer_print(&p->transfer);
    if (p->transfer.count > 0 && !d.method->transfers)
        log_warn("transfer.from: search.method = \"%s\" learns nothing from "
                 "earlier results; \"fnas\" and \"list\" do",
                 d.method->name);
    report_head();
    d.stop = resume_stop(&p->resume, p->conf);
    d.farm = farm_new(&p->ranks, p->eval, p->evaluator, run->watch);
    beside.checkpoint->meter = &beside.meter;
    checkpoint_load(beside.checkpoint, &d);
    e = end(p, &d, driver_run(&d));
    farm_free(d.farm);
    driver_end(&d);
    return e;
}

static enum err work(struct program *p)
{
    struct usage mine;

    deadline_end();
    if (comm_rank(p->world) == 0)
        return search(p);
    farm_work(&p->ranks, p->eval, p->evaluator);
    mine = used(p);
    farm_leave(&p->ranks, &mine, sizeof mine);
    set_deadline(p, false);
    return ERR_NONE;
}

static enum err open_results(struct program *p)
{
    bool replace = p->args.force || resume_wanted(p->args.restart);
    enum err e = ERR_NONE;

    p->results.ranks = &p->ranks;
    p->results.command = p->command;
    if (comm_rank(p->world) == 0) {
        e = results_open(&p->results, p->conf, replace);
        if (e == ERR_NONE)
            e = checkpoint_ready(&p->resume.checkpoint, p->conf, replace);
    }
    return comm_agree(p->world, e);
}

/* What was found out before.  The evaluator tells which results are of the same
 * task. */
static enum err open_earlier(struct program *p)
{
    char task[RESULTS_TASK];
    enum err e = ERR_NONE;

    p->results.eval = p->eval;
    p->results.evaluator = p->evaluator;
    if (comm_rank(p->world) == 0) {
        results_task(&p->results, task);
        e = transfer_open(&p->transfer, p->conf, &p->space, task);
        if (e == ERR_NONE)
            e = resume_open(&p->resume, p->conf, resume_wanted(p->args.restart),
                            p->args.force);
    }
    return comm_agree(p->world, e);
}

static enum err with_results(struct program *p)
{
    struct eval_place at = {p->world, p->ranks.node, p->ranks.group,
                            &p->ranks.pulse};
    enum err e = program_evaluator(p, &at);

    timer_stop(TIMER_SETUP);
    TRY(e);
    e = open_earlier(p);
    if (e == ERR_NONE)
        e = work(p);
    transfer_close(&p->transfer);
    p->eval->close(p->evaluator);
    return e;
}

/* With settings and ranks: data, results, work. */
static enum err on_ranks(struct program *p)
{
    enum err e = open_results(p);

    if (e == ERR_NONE)
        e = with_results(p);
    results_close(&p->results);
    resume_close(&p->resume);
    return e;
}

static enum err with_mpi(struct program *p)
{
    enum err e;

    p->before = report_usage();
    timer_start(TIMER_RUN);
    timer_start(TIMER_SETUP);
    TRY(comm_agree(p->world, program_input(p, comm_rank(p->world) == 0)));
    set_deadline(p, true);
    e = ranks_open(&p->ranks, p->world, p->conf);
    if (e == ERR_NONE)
        e = on_ranks(p);
    ranks_close(&p->ranks);
    return e;
}

/* The failure of one rank, told by rank 0: its own before another's. */
struct farewell {
    enum err e;
    char message[1024];
};

static enum err say_farewell(struct comm *world, enum err mine)
{
    struct farewell own = {.e = mine}, *all = NULL;
    int size = comm_size(world);
    enum err told = mine;

    (void)snprintf(own.message, sizeof own.message, "%s", err_message());
    if (comm_rank(world) == 0)
        all = MEM_NEW(struct farewell, size);
    comm_gather(world, 0, &own, sizeof own, all);
    for (int i = 0; all && i < size; i++)
        if (all[i].e != ERR_NONE && all[i].e != ERR_PEER) {
            say(all[i].e, all[i].message);
            told = all[i].e;
            break;
        }
    mem_free(all);
    return comm_rank(world) == 0 ? told : ERR_NONE;
}

static enum err run_on_mpi(struct program *p)
{
    enum err e;

    p->world = comm_start(&p->argc, &p->argv);
    stop_listen(comm_rank(p->world) == 0);
    log_open(comm_rank(p->world), p->args.level);
    e = say_farewell(p->world, with_mpi(p));
    comm_finish(p->world);
    return e;
}

/* Number of this process among those that mpirun or srun started, 0 if it was
 * started alone: known without MPI. */
static int launched_rank(void)
{
    const char *rank = getenv("PMIX_RANK");

    if (!rank)
        rank = getenv("OMPI_COMM_WORLD_RANK");
    return rank ? atoi(rank) : 0;
}

/* One process speaks, however many were started. */
static enum err run_without_mpi(struct program *p, enum err wrong_use)
{
    enum err e = wrong_use;

    if (launched_rank() != 0)
        return e;
    if (e == ERR_NONE)
        e = program_offline(p);
    if (e != ERR_NONE && e != ERR_STOPPED)
        log_error("%s", err_message());
    return e;
}

int main(int argc, char **argv)
{
    struct program p = {.argc = argc, .argv = argv};
    enum err e;

    blas_core_settle(argv);
    p.command = args_join(argc, argv);
    e = args_read(&p.args, argc, argv);

    log_open(0, p.args.level);
    p.conf = settings_new();
    if (e == ERR_NONE && p.args.mode == ARGS_RUN)
        e = run_on_mpi(&p);
    else
        e = run_without_mpi(&p, e);
    conf_free(p.conf);
    mem_free(p.command);
    DCHECK(e != ERR_NONE || mem_live() == 0);
    return err_exit_code(e);
}
