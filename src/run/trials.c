/* SPDX-License-Identifier: MIT */
#include "run/trials.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/state.h"

enum { FIRST_ROOM = 64 };

#define TRIALS_MOST UINT32_MAX /* numbers that the index takes */

void trials_new(struct trials *t, const char *name)
{
    *t = (struct trials){.best.task.id = -1, .best_accuracy = (double)NAN};
    spool_new(&t->spool, name, sizeof(struct trial));
}

struct trial *trials_at(const struct trials *t, int64_t id)
{
    CHECK(id >= t->told && id < t->count);
    return &t->list[id % t->room];
}

void trials_free(struct trials *t)
{
    for (int64_t i = t->told; i < t->count; i++)
        mem_free(trials_at(t, i)->left.bytes);
    spool_free(&t->spool);
    mem_free(t->list);
    arch_index_free(&t->index);
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

static void add(struct trials *t, const struct trial *trial, struct trial **new)
{
    if (t->count - t->told == t->room)
        grow(t);
    t->count++;
    *new = trials_at(t, t->count - 1);
    **new = *trial;
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
    add(t, &(struct trial){.task = *task, .twin = twin, .reward = (double)NAN},
        new);
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

/* Is a byte that is a bool 0 or 1? */
static bool is_truth(const bool *b)
{
    unsigned char byte;

    memcpy(&byte, b, 1);
    return byte <= 1;
}

/* May what a file says of a trial be believed? */
static bool sound(const struct trial *t, int64_t id, const struct space *space)
{
    const struct result *r = &t->result;

    return t->task.id == id && space_has(space, &t->task.arch) &&
           is_truth(&t->task.said.replaces) && is_truth(&t->answered) &&
           t->twin >= -1 && t->twin < id &&
           (!t->answered || (r->id == id && r->state < TRIAL_STATES &&
                             memchr(r->reason, '\0', RESULT_REASON_MAX)));
}

/* Trials on their way from or to a file. */
struct passage {
    struct trials *trials;
    const struct space *space;
    bool reuse;
    int64_t count, settled, told; /* when it was saved */
};

static enum err get_trials(void *self, int64_t first, int64_t n, void *rows)
{
    const struct passage *p = self;
    struct trial *list = rows;

    TRY(trials_read(p->trials, first, n, list));
    for (int64_t i = 0; i < n; i++)
        list[i].left = (struct luggage){0};
    return ERR_NONE;
}

/* Append, settle and tell it once more, as far as that had come. */
static bool put_trial(void *self, int64_t id, const void *row)
{
    const struct passage *p = self;
    struct trials *t = p->trials;
    struct trial *new;

    add(t, row, &new);
    new->left = (struct luggage){0};
    if (!sound(new, id, p->space) || (id < p->settled && !new->answered))
        return false;
    if (p->reuse && trial_fresh(new))
        arch_index_put(&t->index, &new->task.arch, id);
    if (id < p->settled)
        trials_settle(t);
    if (id < p->told)
        trials_tell(t);
    return true;
}

void trials_state(struct trials *t, struct state *s, const struct space *space,
                  bool reuse)
{
    struct passage p = {t, space, reuse, t->count, t->settled, t->told};
    uint64_t hash = t->hash;

    state_enter(s, "trials");
    state_count(s, "count", &p.count, 0, TRIALS_MOST);
    state_count(s, "settled", &p.settled, 0, p.count);
    state_count(s, "told", &p.told, 0, p.settled);
    state_list(s, &(struct state_list){"list", sizeof(struct trial), p.count,
                                       &p, get_trials, put_trial});
    state_raw(s, "trajectory", &hash, sizeof hash);
    state_need(s, hash == t->hash, "of another trajectory");
    state_leave(s);
}
