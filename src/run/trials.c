/* SPDX-License-Identifier: MIT */
#include "run/trials.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

enum { FIRST_ROOM = 64 };

void trials_new(struct trials *t)
{
    *t = (struct trials){.best = -1, .best_accuracy = (double)NAN};
}

void trials_free(struct trials *t)
{
    mem_free(t->list);
    mem_free(t->index);
}

/* Where an architecture is, or would be, in the index. */
static int64_t *place(const struct trials *t, const struct arch *a)
{
    uint64_t size = 2 * (uint64_t)t->room;
    uint64_t i = arch_hash(a) % size;

    while (t->index[i] >= 0 && !arch_equal(&t->list[t->index[i]].task.arch, a))
        i = (i + 1) % size;
    return &t->index[i];
}

static void grow(struct trials *t)
{
    int64_t room = t->room > 0 ? 2 * t->room : FIRST_ROOM;

    t->list =
        mem_resize(t->list, (size_t)t->room, (size_t)room, sizeof t->list[0]);
    mem_free(t->index);
    t->room = room;
    t->index = MEM_NEW(int64_t, 2 * room);
    memset(t->index, -1, 2 * (size_t)room * sizeof t->index[0]);
    for (int64_t i = 0; i < t->count; i++)
        if (trial_fresh(&t->list[i]))
            *place(t, &t->list[i].task.arch) = i;
}

struct trial *trials_append(struct trials *t, const struct task *task,
                            bool reuse)
{
    struct trial *new;
    int64_t *at;

    if (t->count == t->room)
        grow(t);
    new = &t->list[t->count];
    *new = (struct trial){.task = *task, .twin = -1, .reward = (double)NAN};
    t->count++;
    if (task->said.replaces)
        return new;
    at = place(t, &task->arch);
    if (*at < 0)
        *at = t->count - 1;
    else if (reuse)
        new->twin = *at;
    return new;
}

static uint64_t bits(double x)
{
    uint64_t u;

    if (isnan(x))
        return 0;
    memcpy(&u, &x, sizeof u);
    return u;
}

static void mix(struct trials *t, const struct trial *trial)
{
    t->hash = rng_mix(t->hash, (uint64_t)trial->task.id);
    t->hash = rng_mix(t->hash, arch_hash(&trial->task.arch));
    t->hash = rng_mix(t->hash, (uint64_t)trial->result.state);
    t->hash = rng_mix(t->hash, bits(trial->reward));
    if (trial->task.said.replaces)
        t->hash = rng_mix(t->hash, bits(trial->task.said.value));
}

void trials_settle(struct trials *t)
{
    int64_t id = t->settled++;
    const struct trial *trial = &t->list[id];
    bool counts = result_counts(&trial->result);

    CHECK(trial->answered);
    t->evaluated += trial_fresh(trial);
    t->repeats += trial->twin >= 0;
    t->predicted += trial->task.said.replaces;
    t->failed += trial_fresh(trial) && !counts;
    if (counts && !(trial->result.accuracy <= t->best_accuracy))
        t->best_accuracy = trial->result.accuracy;
    if (!isnan(trial->reward) &&
        (t->best < 0 || trial->reward > t->list[t->best].reward))
        t->best = id;
    mix(t, trial);
}
