/* SPDX-License-Identifier: MIT */
/* Random search: every architecture is uniform and independent. */
#include "base/mem.h"
#include "base/rng.h"
#include "search/search.h"

struct random {
    const struct space *space;
    uint64_t seed;
};

static void *create(const struct search_start *start)
{
    struct random *self = MEM_NEW(struct random, 1);

    *self = (struct random){start->space, start->seed};
    return self;
}

static bool ask(void *self, struct task *t)
{
    const struct random *s = self;
    struct rng r = rng_stream(s->seed, RNG_SEARCH, (uint64_t)t->id);

    t->arch = space_random(s->space, &r);
    return true;
}

const struct search search_random = {
    .name = "random",
    .help = "Uniform random architectures",
    .create = create,
    .ask = ask,
    .destroy = mem_free,
};
