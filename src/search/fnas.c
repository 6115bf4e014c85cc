/* SPDX-License-Identifier: MIT */
/* Search in rounds: the policy samples a round of architectures, and learns
 * from it by PPO once all its results are in.
 *
 * This is the baseline of FNAS (Liu et al. 2021). */
#include <math.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/rng.h"
#include "learn/policy.h"
#include "learn/ppo.h"
#include "search/search.h"

struct fnas {
    const struct ppo_conf *conf;
    uint64_t seed;
    struct policy *policy;
    struct ppo *ppo;
    double spread; /* of the policy at the latest round */

    /* the round: tasks first..first + batch - 1 */
    int64_t first;
    int asked, told;
    struct arch *arch; /* [batch] */
    double *reward;    /* [batch], NAN if it does not count */

    /* scratch */
    struct rng *streams;       /* [batch] */
    float *log_prob, *entropy; /* [batch, slots] */
};

static void *create(const struct space *space, const struct conf *conf,
                    uint64_t seed)
{
    struct fnas *self = MEM_NEW(struct fnas, 1);
    const struct ppo_conf *c = conf_of(conf, &ppo_section);
    struct policy_shape shape = {c->hidden, c->embedding, c->batch};
    size_t batch = (size_t)c->batch, count = batch * (size_t)space->count;

    self->conf = c;
    self->seed = seed;
    self->policy = policy_new(space, &shape, seed);
    self->ppo = ppo_new(self->policy, c, seed);
    self->spread = 1;
    self->arch = MEM_NEW(struct arch, batch);
    self->reward = MEM_NEW(double, batch);
    self->streams = MEM_NEW(struct rng, batch);
    self->log_prob = MEM_NEW(float, count);
    self->entropy = MEM_NEW(float, count);
    return self;
}

static void destroy(void *self)
{
    struct fnas *s = self;

    if (!s)
        return;
    ppo_free(s->ppo);
    policy_free(s->policy);
    mem_free(s->arch);
    mem_free(s->reward);
    mem_free(s->streams);
    mem_free(s->log_prob);
    mem_free(s->entropy);
    mem_free(s);
}

static void sample_round(struct fnas *s)
{
    int n = s->conf->batch;

    for (int i = 0; i < n; i++)
        s->streams[i] =
            rng_stream(s->seed, RNG_SEARCH, (uint64_t)(s->first + i));
    policy_sample(s->policy, n, s->streams, s->arch, s->log_prob, s->entropy);
    s->spread = policy_spread(s->policy, n, s->entropy);
}

static bool ask(void *self, struct task *t)
{
    struct fnas *s = self;

    if (s->asked == s->conf->batch)
        return false;
    if (s->asked == 0) {
        s->first = t->id;
        sample_round(s);
    }
    CHECK(t->id == s->first + s->asked);
    t->arch = s->arch[s->asked++];
    return true;
}

/* Move what counts to the front, and learn from it. */
static void learn(struct fnas *s)
{
    int n = 0;

    for (int i = 0; i < s->conf->batch; i++) {
        if (!isfinite(s->reward[i]))
            continue;
        s->arch[n] = s->arch[i];
        s->reward[n++] = s->reward[i];
    }
    if (n >= 2)
        (void)ppo_update(s->ppo, n, s->arch, s->reward);
}

static void tell(void *self, const struct task *t, const struct result *r,
                 double reward)
{
    struct fnas *s = self;
    int64_t i = t->id - s->first;

    (void)r;
    CHECK(i >= 0 && i < s->asked);
    s->reward[i] = reward;
    if (++s->told < s->conf->batch)
        return;
    learn(s);
    s->asked = s->told = 0;
}

static struct search_health health(const void *self)
{
    return (struct search_health){.entropy =
                                      ((const struct fnas *)self)->spread};
}

const struct search search_ppo = {
    .name = "ppo",
    .help = "An LSTM policy, learned by proximal policy optimisation",
    .section = &ppo_section,
    .create = create,
    .ask = ask,
    .tell = tell,
    .health = health,
    .destroy = destroy,
};
