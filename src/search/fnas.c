/* SPDX-License-Identifier: MIT */
/* Search in rounds: the policy draws a round of architectures, and learns from
 * it by PPO once all its results are in.  That is "ppo", the baseline of FNAS
 * (Liu et al. 2021); "fnas" has two accelerators, each a switch:
 *
 *     critic   once it has results enough, the policy draws many more than can
 *              be trained.  The gate picks those that may change the search;
 *              of the others the policy learns by what the critic predicts.
 *              What was trained already is mutated first, until it is new: so
 *              a settled policy is searched around, and not asked in vain.
 *     replay   half of what the policy learns from are results of earlier
 *              rounds, weighted by importance; so a round may be drawn while
 *              the ones before it are still out, `lag` of them.
 *
 * Predictions are never learned by the critic, nor replayed, nor the best. */
#include "search/fnas.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/state.h"
#include "judge.h"
#include "learn/policy.h"
#include "learn/ppo.h"
#include "learn/replay.h"
#include "round.h"
#include "search/search.h"
#include "search/transfer.h"

CONF_ROWS(rows, struct fnas_conf, FNAS_SETTINGS)
const struct conf_section fnas_section = {
    .name = "fnas",
    .help = "Search as ppo does, accelerated by a critic and by replay",
    .bytes = sizeof(struct fnas_conf),
    .count = CONF_COUNT(rows),
    .rows = rows,
};

struct fnas {
    const struct space *space;
    const struct ppo_conf *ppo_conf;
    const struct fnas_conf *conf; /* NULL: ppo */
    uint64_t seed;
    int slots;
    struct policy *policy;
    struct ppo *ppo;
    struct judge *judge;   /* the critic's; NULL: none */
    struct replay *replay; /* NULL: none */
    double spread;         /* of the policy at the latest round */
    struct rounds rounds;
    int room; /* architectures of a round, at most */
    int most; /* that the policy learns from at a time */

    /* scratch */
    struct rng *streams;      /* [room] */
    float *entropy;           /* [most, slots] */
    struct arch *arch;        /* [most]: what is learned from */
    double *reward;           /* [most] */
    float *mu;                /* [most, slots] */
    struct experience *again; /* [most]: what is learned from again */
};

static void make_parts(struct fnas *s, const struct space *space)
{
    const struct ppo_conf *p = s->ppo_conf;
    const struct fnas_conf *c = s->conf;
    struct policy_shape shape = {p->hidden, p->embedding, s->most};

    s->policy = policy_new(space, &shape, s->seed);
    s->ppo = ppo_new(s->policy, p, s->most, s->seed);
    if (c && c->critic)
        s->judge = judge_new(space, c, s->room, s->seed);
    if (c && c->replay)
        s->replay = replay_new(space->count, c->capacity);
    rounds_new(&s->rounds, c && c->replay ? c->lag + 1 : 1, s->room, s->slots);
}

static void make_scratch(struct fnas *s)
{
    size_t room = (size_t)s->room, slots = (size_t)s->slots;
    size_t most = (size_t)s->most;

    s->streams = MEM_NEW(struct rng, room);
    s->entropy = MEM_NEW(float, most *slots);
    s->arch = MEM_NEW(struct arch, most);
    s->reward = MEM_NEW(double, most);
    s->mu = MEM_NEW(float, most *slots);
    s->again = MEM_NEW(struct experience, most);
}

static struct fnas *make(const struct search_start *start,
                         const struct fnas_conf *c)
{
    const struct ppo_conf *p = conf_of(start->conf, &ppo_section);
    const struct space *space = start->space;
    struct fnas *s = MEM_NEW(struct fnas, 1);

    s->space = space;
    s->ppo_conf = p;
    s->conf = c;
    s->seed = start->seed;
    s->slots = space->count;
    s->spread = 1;
    s->room = c && c->critic && c->sample > p->batch ? c->sample : p->batch;
    s->most = c && c->replay ? 2 * s->room : s->room;
    make_parts(s, space);
    make_scratch(s);
    return s;
}

/* Results of this task, to be learned from again.  Who drew them is not known:
 * they count as if the first policy had. */
static void replay_earlier(struct fnas *s, const struct earlier *run)
{
    float *value = MEM_NEW(float, s->most * s->slots);

    for (int at = 0; at < run->count; at += s->most) {
        int n = run->count - at < s->most ? run->count - at : s->most;

        policy_evaluate(s->policy, n, run->arch + at, s->mu, s->entropy, value);
        for (int i = 0; i < n; i++)
            replay_add(s->replay,
                       &(struct experience){run->arch[at + i],
                                            run->reward[at + i],
                                            run->age[at + i], 0},
                       s->mu + i * s->slots);
    }
    mem_free(value);
}

/* What earlier runs found out. */
static void take_over(struct fnas *s, const struct transfer *t)
{
    if (s->judge)
        judge_earlier(s->judge, t);
    for (int i = 0; i < t->count && s->replay; i++)
        if (t->runs[i].same)
            replay_earlier(s, &t->runs[i]);
}

static void *create_ppo(const struct search_start *start)
{
    return make(start, NULL);
}

static void *create_fnas(const struct search_start *start)
{
    struct fnas *s = make(start, conf_of(start->conf, &fnas_section));

    if (start->transfer)
        take_over(s, start->transfer);
    return s;
}

static void destroy(void *self)
{
    struct fnas *s = self;

    if (!s)
        return;
    rounds_free(&s->rounds);
    ppo_free(s->ppo);
    policy_free(s->policy);
    judge_free(s->judge);
    replay_free(s->replay);
    void *const arrays[] = {s->streams, s->entropy, s->arch,
                            s->reward,  s->mu,      s->again};

    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        mem_free(arrays[i]);
    mem_free(s);
}

/* Architectures of the next round: until the critic decides, no more than it
 * still wants to see. */
static int round_size(const struct fnas *s)
{
    int wanted = s->judge ? judge_wants(s->judge) : INT_MAX;
    int batch = s->ppo_conf->batch;

    if (wanted == 0)
        return s->conf->sample;
    if (s->replay && s->rounds.drawn > 0)
        batch = (batch + 1) / 2;
    return batch < wanted ? batch : wanted;
}

static void draw_round(struct fnas *s, struct round *r)
{
    for (int i = 0; i < r->count; i++)
        s->streams[i] =
            rng_stream(s->seed, RNG_SEARCH, (uint64_t)(r->first + i));
    policy_sample(s->policy, r->count, s->streams, r->arch, r->mu, s->entropy);
    s->spread = policy_spread(s->policy, r->count, s->entropy);
}

/* What the critic says of a round, knowing what is still out. */
static void judge(struct fnas *s, struct round *r)
{
    judge_settle(s->judge);
    for (int64_t k = s->rounds.learned; k < s->rounds.drawn; k++)
        judge_expect(s->judge, rounds_at(&s->rounds, k));
    judge_round(s->judge, r);
}

static void begin_round(struct fnas *s, int64_t first)
{
    struct round *r = rounds_at(&s->rounds, s->rounds.drawn);

    round_begin(r, first, round_size(s));
    draw_round(s, r);
    if (s->judge)
        judge(s, r);
    s->rounds.drawn++;
}

static bool ask(void *self, struct task *t)
{
    struct fnas *s = self;
    struct round *r =
        s->rounds.drawn > 0 ? rounds_at(&s->rounds, s->rounds.drawn - 1) : NULL;
    int i;

    if (!r || r->asked == r->count) {
        if (s->rounds.drawn - s->rounds.learned == s->rounds.open)
            return false;
        begin_round(s, t->id);
        r = rounds_at(&s->rounds, s->rounds.drawn - 1);
    }
    i = r->asked++;
    CHECK(t->id == r->first + i);
    t->arch = r->arch[i];
    t->said = r->said[i];
    return true;
}

/* A reward without what it owes to inherited weights, if a critic can tell. */
static double level(const struct fnas *s, double reward, double age)
{
    return s->judge ? judge_level(s->judge, reward, age) : reward;
}

/* What counts of a round, in front; its number. */
static int gather(struct fnas *s, const struct round *r)
{
    size_t row = sizeof(float) * (size_t)s->slots;
    int n = 0;

    for (int i = 0; i < r->count; i++) {
        if (!isfinite(r->reward[i]))
            continue;
        s->arch[n] = r->arch[i];
        s->reward[n] = r->said[i].replaces ? r->reward[i]
                                           : level(s, r->reward[i], r->age[i]);
        memcpy(s->mu + n * s->slots, r->mu + i * s->slots, row);
        n++;
    }
    return n;
}

static void remember(struct fnas *s, const struct round *r)
{
    for (int i = 0; i < r->count; i++)
        if (isfinite(r->reward[i]) && !r->said[i].replaces)
            replay_add(s->replay,
                       &(struct experience){r->arch[i], r->reward[i], r->age[i],
                                            s->rounds.learned},
                       r->mu + i * s->slots);
}

/* As many of earlier rounds as there are new ones. */
static int recall(struct fnas *s, int n)
{
    struct rng r = rng_stream(s->seed, RNG_REPLAY, (uint64_t)s->rounds.learned);

    int drawn =
        replay_draw(s->replay, &r, n, s->rounds.learned - s->conf->stale,
                    s->again, s->mu + n * s->slots);

    for (int i = 0; i < drawn; i++) {
        s->arch[n + i] = s->again[i].arch;
        s->reward[n + i] = level(s, s->again[i].reward, s->again[i].age);
    }
    return drawn;
}

static void learn(struct fnas *s)
{
    const struct round *r = rounds_at(&s->rounds, s->rounds.learned);
    int news = gather(s, r), n = news;

    if (s->replay) {
        n += recall(s, news);
        remember(s, r);
    }
    if (n >= 2)
        (void)ppo_update(
            s->ppo,
            &(struct ppo_batch){
                .n = n,
                .news = news,
                .arch = s->arch,
                .reward = s->reward,
                .mu = s->replay ? s->mu : NULL,
                .naive = s->replay &&
                         strcmp(s->conf->replay_correction.s, "naive") == 0});
    s->rounds.learned++;
}

static void tell(void *self, const struct task *t, const struct result *r,
                 double reward)
{
    struct fnas *s = self;
    struct round *round = rounds_at(&s->rounds, s->rounds.learned);
    int i = round_find(round, t->id);

    CHECK(s->rounds.learned < s->rounds.drawn && i == round->told);
    if (!round->said[i].replaces && !round->moved[i])
        round->reward[i] = reward;
    round->age[i] = r->age;
    if (s->judge && r->state == TRIAL_DONE)
        judge_result(s->judge, round, i, reward, r->age);
    if (++round->told == round->count)
        learn(s);
}

static void state(void *self, struct state *state, int64_t asked, int64_t told)
{
    struct fnas *s = self;

    state_enter(state, "fnas");
    ppo_state(s->ppo, state);
    if (s->judge)
        judge_state(s->judge, state);
    if (s->replay)
        replay_state(s->replay, state, s->space);
    state_doubles(state, "spread", &s->spread, 1);
    rounds_state(&s->rounds, state, s->space, asked, told);
    state_leave(state);
}

static struct search_health health(const void *self)
{
    const struct fnas *s = self;
    struct search_health h = {.entropy = s->spread};

    if (s->judge)
        h.critic = judge_health(s->judge);
    return h;
}

const struct search search_ppo = {
    .name = "ppo",
    .help = "An LSTM policy, learned by proximal policy optimisation",
    .section = &ppo_section,
    .create = create_ppo,
    .ask = ask,
    .tell = tell,
    .state = state,
    .health = health,
    .destroy = destroy,
};

const struct search search_fnas = {
    .name = "fnas",
    .help = "As ppo, with a critic that predicts, and replay of results",
    .section = &fnas_section,
    .transfers = true,
    .create = create_fnas,
    .ask = ask,
    .tell = tell,
    .state = state,
    .health = health,
    .destroy = destroy,
};
