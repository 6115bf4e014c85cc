/* SPDX-License-Identifier: MIT */
#include "run/farm.h"

#include <math.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/timer.h"

struct farm {
    const struct ranks *ranks;
    const struct eval *eval;
    void *evaluator;
    int slots;           /* groups, or 1 */
    int busy;            /* of them */
    bool *has_task;      /* [slots] */
    double *since;       /* [slots] when it got its task */
    double seconds;      /* all groups have spent on finished tasks */
    double first;        /* when the first task was submitted; < 0 not yet */
    struct result alone; /* the result of a farm without groups */
};

struct farm *farm_new(const struct ranks *r, const struct eval *eval,
                      void *evaluator)
{
    struct farm *f = MEM_NEW(struct farm, 1);

    f->ranks = r;
    f->eval = eval;
    f->evaluator = evaluator;
    f->slots = r->groups > 0 ? r->groups : 1;
    f->has_task = MEM_NEW(bool, f->slots);
    f->since = MEM_NEW(double, f->slots);
    f->first = -1;
    return f;
}

void farm_free(struct farm *f)
{
    if (!f)
        return;
    for (int rank = 1; rank < comm_size(f->ranks->world); rank++)
        comm_send(f->ranks->world, rank, COMM_STOP, NULL, 0);
    mem_free(f->has_task);
    mem_free(f->since);
    mem_free(f);
}

int farm_idle(const struct farm *f)
{
    return f->slots - f->busy;
}

static int idle_slot(const struct farm *f)
{
    int i = 0;

    while (i < f->slots && f->has_task[i])
        i++;
    CHECK(i < f->slots);
    return i;
}

void farm_evaluate(const struct eval *eval, void *evaluator,
                   const struct task *t, struct result *r)
{
    double start = comm_clock();
    enum err e;

    *r = (struct result){.id = t->id,
                         .state = TRIAL_FAILED,
                         .accuracy = (double)NAN,
                         .loss = (double)NAN,
                         .train_loss = (double)NAN,
                         .latency = (double)NAN};
    timer_start(TIMER_CHILD);
    e = eval->run(evaluator, t, r);
    timer_stop(TIMER_CHILD);
    if (e != ERR_NONE) {
        r->state = TRIAL_FAILED;
        r->accuracy = (double)NAN;
        (void)snprintf(r->reason, sizeof r->reason, "%s", err_message());
        err_clear();
    }
    r->seconds = comm_clock() - start;
}

void farm_submit(struct farm *f, const struct task *t)
{
    int slot = idle_slot(f);

    f->has_task[slot] = true;
    f->busy++;
    f->since[slot] = comm_clock();
    if (f->first < 0)
        f->first = f->since[slot];
    if (f->ranks->groups == 0)
        farm_evaluate(f->eval, f->evaluator, t, &f->alone);
    else
        comm_send(f->ranks->world, ranks_leader(f->ranks, slot), COMM_TASK, t,
                  sizeof *t);
}

/* Wait for a result from the leader of a group; its slot. */
static int receive(struct farm *f, struct result *r)
{
    enum comm_tag tag;
    size_t size;
    int sender;

    timer_start(TIMER_WAIT);
    comm_wait(f->ranks->world, COMM_ANY, &sender, &tag, &size);
    timer_stop(TIMER_WAIT);
    CHECK(tag == COMM_RESULT && size == sizeof *r);
    comm_receive(f->ranks->world, sender, tag, r, size);
    return (sender - 1) / f->ranks->per_child;
}

void farm_collect(struct farm *f, struct result *r)
{
    int slot = 0;

    CHECK(f->busy > 0);
    if (f->ranks->groups == 0)
        *r = f->alone;
    else
        slot = receive(f, r);
    CHECK(f->has_task[slot]);
    f->has_task[slot] = false;
    f->busy--;
    f->seconds += comm_clock() - f->since[slot];
}

double farm_busy(const struct farm *f)
{
    double now = comm_clock(), seconds = f->seconds;
    double span = (now - f->first) * f->slots;

    for (int i = 0; i < f->slots; i++)
        if (f->has_task[i])
            seconds += now - f->since[i];
    return f->first >= 0 && span > 0 ? seconds / span : 0;
}

/* The leader hears rank 0 and passes on; the others hear their leader.  Spare
 * ranks hear only the end. */
static enum comm_tag hear(const struct ranks *r, struct task *t)
{
    enum comm_tag tag;
    size_t size;
    int sender;

    timer_start(TIMER_WAIT);
    comm_wait(r->world, COMM_ANY, &sender, &tag, &size);
    timer_stop(TIMER_WAIT);
    CHECK(tag == COMM_STOP || (tag == COMM_TASK && size == sizeof *t));
    comm_receive(r->world, sender, tag, tag == COMM_TASK ? t : NULL, size);
    return tag;
}

static void pass_on(const struct ranks *r, const struct task *t)
{
    int leader = comm_rank(r->world);

    for (int i = 1; i < r->per_child; i++)
        comm_send(r->world, leader + i, COMM_TASK, t, sizeof *t);
}

void farm_work(const struct ranks *r, const struct eval *eval, void *evaluator)
{
    struct task t;
    struct result result;

    while (hear(r, &t) != COMM_STOP) {
        bool leader = comm_rank(r->group) == 0;

        if (leader)
            pass_on(r, &t);
        farm_evaluate(eval, evaluator, &t, &result);
        if (leader)
            comm_send(r->world, 0, COMM_RESULT, &result, sizeof result);
    }
}
