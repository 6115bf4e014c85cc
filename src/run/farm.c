/* SPDX-License-Identifier: MIT */
#include "run/farm.h"

#include <limits.h>
#include <string.h>

#include "base/mem.h"
#include "base/timer.h"
#include "run/apart.h"
#include "run/watch.h"

/* A group, and the task it works on. */
struct slot {
    bool busy;
    double since;               /* when it got its task */
    char *message;              /* task and luggage, */
    struct comm_posted *posted; /* which may still be on its way */
};

struct farm {
    struct ranks *ranks;
    struct watch *watch;
    const struct eval *eval;
    void *evaluator;
    int slots;           /* groups, or 1 */
    int busy;            /* of them */
    struct slot *slot;   /* [slots] */
    double seconds;      /* all groups have spent on finished tasks */
    double first;        /* when the first task was submitted; < 0 not yet */
    struct result alone; /* the result of a farm without groups */
    struct luggage left; /* what came with it */
};

struct farm *farm_new(struct ranks *r, const struct eval *eval, void *evaluator,
                      double patience)
{
    struct farm *f = MEM_NEW(struct farm, 1);

    f->ranks = r;
    f->watch = watch_new(r, patience);
    f->eval = eval;
    f->evaluator = evaluator;
    f->slots = r->groups > 0 ? r->groups : 1;
    f->slot = MEM_NEW(struct slot, f->slots);
    f->first = -1;
    return f;
}

void farm_free(struct farm *f)
{
    if (!f)
        return;
    watch_free(f->watch);
    mem_free(f->slot);
    mem_free(f);
}

int farm_idle(const struct farm *f)
{
    return f->slots - f->busy;
}

/* In a process of its own, if that is wanted and worth it. */
static void evaluate(const struct eval *eval, void *evaluator,
                     struct ranks *ranks, const struct task *t,
                     const struct luggage *with, struct result *r,
                     struct luggage *left)
{
    if (ranks->apart && eval->apart)
        apart_evaluate(eval, evaluator, &ranks->pulse, t, with, r, left);
    else
        eval_task(eval, evaluator, t, with, r, left);
}

static int idle_slot(const struct farm *f)
{
    int i = 0;

    while (i < f->slots && f->slot[i].busy)
        i++;
    CHECK(i < f->slots);
    return i;
}

/* A message: a task or a result, then its luggage. */
static char *pack(const void *head, size_t size, const struct luggage *l)
{
    char *message = MEM_NEW(char, size + l->size);

    memcpy(message, head, size);
    if (l->size > 0)
        memcpy(message + size, l->bytes, l->size);
    return message;
}

static void send(struct comm *c, int to, enum comm_tag tag, const void *head,
                 size_t size, const struct luggage *l)
{
    char *message = pack(head, size, l);

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
    int number = idle_slot(f);
    struct slot *slot = &f->slot[number];

    slot->busy = true;
    slot->since = comm_clock();
    f->busy++;
    if (f->first < 0)
        f->first = slot->since;
    if (f->ranks->groups == 0) {
        evaluate(f->eval, f->evaluator, f->ranks, t, with, &f->alone, &f->left);
        return;
    }
    slot->message = pack(t, sizeof *t, with);
    slot->posted = comm_post(f->ranks->world, ranks_leader(f->ranks, number),
                             COMM_TASK, slot->message, sizeof *t + with->size);
}

/* Its result is there, so its task has arrived. */
static void release(struct farm *f, struct slot *slot)
{
    comm_posted_free(slot->posted);
    mem_free(slot->message);
    f->seconds += comm_clock() - slot->since;
    f->busy--;
    *slot = (struct slot){.busy = false};
}

/* A message that waits to be received. */
struct message {
    int sender;
    enum comm_tag tag;
    size_t size;
};

static bool poll(struct comm *c, struct message *m)
{
    return comm_poll(c, COMM_ANY, &m->sender, &m->tag, &m->size);
}

/* Is there one, beside signs of life? */
static bool listen(struct farm *f, struct message *m)
{
    struct comm *world = f->ranks->world;
    struct beat b;

    while (poll(world, m)) {
        if (m->tag != COMM_BEAT)
            return true;
        CHECK(m->size == sizeof b);
        comm_receive(world, m->sender, COMM_BEAT, &b, sizeof b);
        watch_hear(f->watch, m->sender, &b);
    }
    return false;
}

static void rest(int *turn)
{
    *turn += *turn < INT_MAX;
    comm_rest(*turn);
}

/* Wait for a result from the leader of a group; its slot. */
static int receive(struct farm *f, struct result *r, struct luggage *left)
{
    struct message m;

    timer_start(TIMER_WAIT);
    for (int turn = 0; !listen(f, &m);)
        rest(&turn);
    timer_stop(TIMER_WAIT);
    CHECK(m.tag == COMM_RESULT && m.size >= sizeof *r);
    take(f->ranks->world, m.sender, m.tag, m.size, r, sizeof *r, left);
    return (m.sender - 1) / f->ranks->per_child;
}

bool farm_working(const struct farm *f)
{
    return f->ranks->groups > 0 && f->busy > 0;
}

bool farm_ready(struct farm *f)
{
    struct message m;

    return f->ranks->groups == 0 || listen(f, &m);
}

bool farm_late(struct farm *f, char *who, size_t size)
{
    struct message m;

    return !listen(f, &m) && watch_late(f->watch, who, size);
}

/* Wait for the last word of some rank. */
static bool hear_last(struct farm *f, void *all, size_t size, char *who,
                      size_t who_size)
{
    struct message m;

    for (int turn = 0; !listen(f, &m); rest(&turn))
        if (watch_late(f->watch, who, who_size))
            return false;
    CHECK(m.tag == COMM_LEAVE && m.size == size);
    comm_receive(f->ranks->world, m.sender, m.tag,
                 (char *)all + (size_t)m.sender * size, size);
    watch_dismiss(f->watch, m.sender);
    return true;
}

bool farm_end(struct farm *f, void *all, size_t size, char *who,
              size_t who_size)
{
    int ranks = comm_size(f->ranks->world);

    for (int rank = 1; rank < ranks; rank++)
        comm_send(f->ranks->world, rank, COMM_STOP, NULL, 0);
    for (int rank = 1; rank < ranks; rank++)
        if (!hear_last(f, all, size, who, who_size))
            return false;
    return true;
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
    CHECK(f->slot[slot].busy);
    release(f, &f->slot[slot]);
}

double farm_busy(const struct farm *f)
{
    double now = comm_clock(), seconds = f->seconds;
    double span = (now - f->first) * f->slots;

    for (int i = 0; i < f->slots; i++)
        if (f->slot[i].busy)
            seconds += now - f->slot[i].since;
    return f->first >= 0 && span > 0 ? seconds / span : 0;
}

/* The leader hears rank 0 and passes on; the others hear their leader.  Spare
 * ranks hear only the end. */
static enum comm_tag hear(struct ranks *r, struct task *t, struct luggage *with)
{
    struct message m;

    r->pulse.task = -1;
    timer_start(TIMER_WAIT);
    for (int turn = 0; !poll(r->world, &m); rest(&turn))
        pulse_beat(&r->pulse, PHASE_IDLE, 0, 0);
    timer_stop(TIMER_WAIT);
    CHECK(m.tag == COMM_STOP || (m.tag == COMM_TASK && m.size >= sizeof *t));
    if (m.tag == COMM_TASK) {
        take(r->world, m.sender, m.tag, m.size, t, sizeof *t, with);
        r->pulse.task = t->id;
    } else {
        comm_receive(r->world, m.sender, m.tag, NULL, m.size);
    }
    return m.tag;
}

static void pass_on(const struct ranks *r, const struct task *t,
                    const struct luggage *with)
{
    int leader = comm_rank(r->world);

    for (int i = 1; i < r->per_child; i++)
        send(r->world, leader + i, COMM_TASK, t, sizeof *t, with);
}

void farm_work(struct ranks *r, const struct eval *eval, void *evaluator)
{
    struct task t;
    struct result result;
    struct luggage with, left;

    while (hear(r, &t, &with) != COMM_STOP) {
        bool leader = comm_rank(r->group) == 0;

        if (leader)
            pass_on(r, &t, &with);
        evaluate(eval, evaluator, r, &t, &with, &result, &left);
        if (leader)
            send(r->world, 0, COMM_RESULT, &result, sizeof result, &left);
        mem_free(with.bytes);
        mem_free(left.bytes);
    }
}

void farm_leave(const struct ranks *r, const void *word, size_t size)
{
    comm_send(r->world, 0, COMM_LEAVE, word, size);
}
