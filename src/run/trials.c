/* SPDX-License-Identifier: MIT */
#include "run/trials.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

enum { FIRST_ROOM = 64 };

void trials_new(struct trials *t, const char *name)
{
    *t = (struct trials){.best.task.id = -1, .best_accuracy = (double)NAN};
    spool_new(&t->spool, name, sizeof(struct trial));
}

void trials_free(struct trials *t)
{
    spool_free(&t->spool);
    mem_free(t->list);
    arch_index_free(&t->index);
}

struct trial *trials_at(const struct trials *t, int64_t id)
{
    CHECK(id >= t->told && id < t->count);
    return &t->list[id % t->room];
}

enum err trials_read(const struct trials *t, int64_t first, int64_t n,
                     struct trial *list)
{
    int64_t told = t->told - first < n ? t->told - first : n;

    if (told > 0)
        TRY(spool_read(&t->spool, first, told, list));
    for (int64_t i = told > 0 ? told : 0; i < n; i++)
        list[i] = *trials_at(t, first + i);
    return ERR_NONE;
}

static void grow(struct trials *t)
{
    struct trials old = *t;

    t->room = old.room > 0 ? 2 * old.room : FIRST_ROOM;
    t->list = MEM_NEW(struct trial, t->room);
    for (int64_t i = t->told; i < t->count; i++)
        *trials_at(t, i) = *trials_at(&old, i);
    mem_free(old.list);
}

/* Who was first evaluated of that architecture; -1: nobody. */
static enum err find(const struct trials *t, const struct arch *a,
                     int64_t *first)
{
    struct trial trial;

    *first = arch_index_find(&t->index, a);
    if (*first < 0)
        return ERR_NONE;
    TRY(trials_read(t, *first, 1, &trial));
    if (!arch_equal(&trial.task.arch, a)) /* only its hash is the same */
        *first = -1;
    return ERR_NONE;
}

enum err trials_append(struct trials *t, const struct task *task, bool reuse,
                       struct trial **new)
{
    bool looks = reuse && !task->said.replaces;
    int64_t twin = -1;

    if (looks)
        TRY(find(t, &task->arch, &twin));
    if (looks && twin < 0)
        arch_index_put(&t->index, &task->arch, t->count);
    if (t->count - t->told == t->room)
        grow(t);
    t->count++;
    *new = trials_at(t, t->count - 1);
    **new = (struct trial){.task = *task, .twin = twin, .reward = (double)NAN};
    return ERR_NONE;
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
    const struct trial *trial = trials_at(t, t->settled++);
    bool counts = result_counts(&trial->result);

    CHECK(trial->answered);
    t->evaluated += trial_fresh(trial);
    t->repeats += trial->twin >= 0;
    t->predicted += trial->task.said.replaces;
    t->failed += trial_fresh(trial) && !counts;
    if (counts && !(trial->result.accuracy <= t->best_accuracy))
        t->best_accuracy = trial->result.accuracy;
    if (!isnan(trial->reward) &&
        (t->best.task.id < 0 || trial->reward > t->best.reward))
        t->best = *trial;
    mix(t, trial);
}

void trials_tell(struct trials *t)
{
    CHECK(t->told < t->settled);
    spool_append(&t->spool, trials_at(t, t->told));
    t->told++;
}
