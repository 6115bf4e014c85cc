/* SPDX-License-Identifier: MIT */
#include "run/farm.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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
    struct luggage left; /* what came with it */
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
                   const struct task *t, const struct luggage *with,
                   struct result *r, struct luggage *left)
{
    double start = comm_clock();
    enum err e;

    *r = (struct result){.id = t->id,
                         .state = TRIAL_FAILED,
                         .accuracy = (double)NAN,
                         .loss = (double)NAN,
                         .train_loss = (double)NAN,
                         .latency = (double)NAN,
                         .generation = -1,
                         .scratch = (double)NAN};
    *left = (struct luggage){0};
    timer_start(TIMER_CHILD);
    e = eval->run(evaluator, t, with, r, left);
    timer_stop(TIMER_CHILD);
    if (e != ERR_NONE) {
        r->state = TRIAL_FAILED;
        r->accuracy = (double)NAN;
        (void)snprintf(r->reason, sizeof r->reason, "%s", err_message());
        err_clear();
    }
    r->seconds = comm_clock() - start;
}

/* A message: a task or a result, then its luggage. */
static void send(struct comm *c, int to, enum comm_tag tag, const void *head,
                 size_t size, const struct luggage *l)
{
    char *message;

    if (l->size == 0) {
        comm_send(c, to, tag, head, size);
        return;
    }
    message = MEM_NEW(char, size + l->size);
    memcpy(message, head, size);
    memcpy(message + size, l->bytes, l->size);
    comm_send(c, to, tag, message, size + l->size);
    mem_free(message);
}

/* The one that was announced; its luggage is the caller's. */
static void take(struct comm *c, int from, enum comm_tag tag, size_t bytes,
                 void *head, size_t size, struct luggage *l)
{
    char *message;

    *l = (struct luggage){.size = bytes - size};
    if (l->size == 0) {
        comm_receive(c, from, tag, head, size);
        return;
    }
    message = MEM_NEW(char, bytes);
    comm_receive(c, from, tag, message, bytes);
    memcpy(head, message, size);
    l->bytes = MEM_NEW(char, l->size);
    memcpy(l->bytes, message + size, l->size);
    mem_free(message);
}

void farm_submit(struct farm *f, const struct task *t,
                 const struct luggage *with)
{
    int slot = idle_slot(f);

    f->has_task[slot] = true;
    f->busy++;
    f->since[slot] = comm_clock();
    if (f->first < 0)
        f->first = f->since[slot];
    if (f->ranks->groups == 0)
        farm_evaluate(f->eval, f->evaluator, t, with, &f->alone, &f->left);
    else
        send(f->ranks->world, ranks_leader(f->ranks, slot), COMM_TASK, t,
             sizeof *t, with);
}

/* Wait for a result from the leader of a group; its slot. */
static int receive(struct farm *f, struct result *r, struct luggage *left)
{
    enum comm_tag tag;
    size_t size;
    int sender;

    timer_start(TIMER_WAIT);
    comm_wait(f->ranks->world, COMM_ANY, &sender, &tag, &size);
    timer_stop(TIMER_WAIT);
    CHECK(tag == COMM_RESULT && size >= sizeof *r);
    take(f->ranks->world, sender, tag, size, r, sizeof *r, left);
    return (sender - 1) / f->ranks->per_child;
}

bool farm_working(const struct farm *f)
{
    return f->ranks->groups > 0 && f->busy > 0;
}

bool farm_ready(struct farm *f)
{
    enum comm_tag tag;
    size_t size;
    int sender;

    return f->ranks->groups == 0 ||
           comm_poll(f->ranks->world, COMM_ANY, &sender, &tag, &size);
}

void farm_collect(struct farm *f, struct result *r, struct luggage *left)
{
    int slot = 0;

    CHECK(f->busy > 0);
    if (f->ranks->groups == 0) {
        *r = f->alone;
        *left = f->left;
    } else {
        slot = receive(f, r, left);
    }
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
static enum comm_tag hear(const struct ranks *r, struct task *t,
                          struct luggage *with)
{
    enum comm_tag tag;
    size_t size;
    int sender;

    timer_start(TIMER_WAIT);
    comm_wait(r->world, COMM_ANY, &sender, &tag, &size);
    timer_stop(TIMER_WAIT);
    CHECK(tag == COMM_STOP || (tag == COMM_TASK && size >= sizeof *t));
    if (tag == COMM_TASK)
        take(r->world, sender, tag, size, t, sizeof *t, with);
    else
        comm_receive(r->world, sender, tag, NULL, size);
    return tag;
}

static void pass_on(const struct ranks *r, const struct task *t,
                    const struct luggage *with)
{
    int leader = comm_rank(r->world);

    for (int i = 1; i < r->per_child; i++)
        send(r->world, leader + i, COMM_TASK, t, sizeof *t, with);
}

void farm_work(const struct ranks *r, const struct eval *eval, void *evaluator)
{
    struct task t;
    struct result result;
    struct luggage with, left;

    while (hear(r, &t, &with) != COMM_STOP) {
        bool leader = comm_rank(r->group) == 0;

        if (leader)
            pass_on(r, &t, &with);
        farm_evaluate(eval, evaluator, &t, &with, &result, &left);
        if (leader)
            send(r->world, 0, COMM_RESULT, &result, sizeof result, &left);
        mem_free(with.bytes);
        mem_free(left.bytes);
    }
}
