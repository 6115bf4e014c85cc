/* SPDX-License-Identifier: MIT */
/* Regularised evolution (Real et al. 2019, algorithm 1): the best of a few
 * members is mutated, the child enters and the oldest leaves, good or not.
 *
 * Asked before the population is full, it proposes at random.  A member whose
 * trial gave no reward takes its turn in the queue but is never a parent. */
#include <math.h>

#include "base/conf.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/state.h"
#include "search/search.h"

#define EVOLUTION_SETTINGS(X)                                                  \
    X(INT, population, "50", 1, 1000000, "architectures",                      \
      "Members; the first ones are random, then the oldest leaves")            \
    X(INT, tournament, "10", 1, 1000000, "architectures",                      \
      "Members drawn for a tournament, whose best becomes the parent; more "   \
      "is "                                                                    \
      "greedier")

struct evolution_conf {
    EVOLUTION_SETTINGS(CONF_FIELD)
};

static const struct conf_section section;

static void check(struct conf *conf, const void *values)
{
    const struct evolution_conf *c = values;

    if (c->tournament > c->population)
        conf_complain(conf, &section, "tournament",
                      "%d members drawn from a population of %d", c->tournament,
                      c->population);
}

CONF_ROWS(rows, struct evolution_conf, EVOLUTION_SETTINGS)
static const struct conf_section section = {
    .name = "evolution",
    .help = "Search by regularised evolution",
    .bytes = sizeof(struct evolution_conf),
    .count = CONF_COUNT(rows),
    .rows = rows,
    .check = check,
};

struct member {
    struct arch arch;
    double reward; /* -inf if there is none */
};

struct evolution {
    const struct space *space;
    const struct evolution_conf *conf;
    uint64_t seed;
    int64_t told;
    struct member *members; /* [population], a ring: the oldest is at
                               told % population once it is full */
};

static void *create(const struct search_start *start)
{
    struct evolution *self = MEM_NEW(struct evolution, 1);

    self->space = start->space;
    self->conf = conf_of(start->conf, &section);
    self->seed = start->seed;
    self->members = MEM_NEW(struct member, self->conf->population);
    return self;
}

static void destroy(void *self)
{
    struct evolution *s = self;

    if (s)
        mem_free(s->members);
    mem_free(s);
}

/* Best of those drawn; as in the paper, one may be drawn twice. */
static const struct member *tournament(const struct evolution *s, struct rng *r)
{
    const struct member *best = NULL;

    for (int i = 0; i < s->conf->tournament; i++) {
        const struct member *m = &s->members[rng_below(r, s->conf->population)];

        if (!best || m->reward > best->reward)
            best = m;
    }
    return best;
}

static bool ask(void *self, struct task *t)
{
    const struct evolution *s = self;
    struct rng r = rng_stream(s->seed, RNG_SEARCH, (uint64_t)t->id);
    const struct member *parent =
        s->told < s->conf->population ? NULL : tournament(s, &r);

    if (parent && isfinite(parent->reward))
        t->arch = space_mutate(s->space, &parent->arch, &r);
    else
        t->arch = space_random(s->space, &r);
    return true;
}

static void tell(void *self, const struct task *t, const struct result *r,
                 double reward)
{
    struct evolution *s = self;
    struct member *oldest = &s->members[s->told++ % s->conf->population];

    (void)r;
    oldest->arch = t->arch;
    oldest->reward = isnan(reward) ? (double)-INFINITY : reward;
}

static void state(void *self, struct state *s, int64_t asked, int64_t told)
{
    struct evolution *e = self;
    int most = e->conf->population;
    size_t n;

    (void)asked;
    state_enter(s, "evolution");
    state_count(s, "told", &e->told, 0, STATE_COUNT_MAX);
    n = e->told < most ? (size_t)e->told : (size_t)most;
    space_state(e->space, s, "arch", &e->members->arch, n, sizeof *e->members);
    state_reals_in(s, "reward", &e->members->reward, n, sizeof *e->members);
    state_need(s, e->told == told, "of other tasks");
    state_leave(s);
}

const struct search search_evolution = {
    .name = "evolution",
    .help =
        "Regularised evolution: mutate the best of a few, retire the oldest",
    .section = &section,
    .create = create,
    .ask = ask,
    .tell = tell,
    .state = state,
    .destroy = destroy,
};
