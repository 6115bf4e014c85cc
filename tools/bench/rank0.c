/* SPDX-License-Identifier: MIT */
/* What a trial costs rank 0, apart from the trial. */
#include <math.h>

#include "base/mem.h"
#include "bench.h"
#include "eval/eval.h"
#include "run/farm.h"
#include "run/ranks.h"
#include "run/settings.h"
#include "search/search.h"

enum { ROUND_MAX = 4096 }; /* the largest ppo.batch */

/* Ask as much as PPO has to ask, then tell all of it. */
static int one_round(void *search, int64_t first, struct task *tasks,
                     struct rng *r)
{
    int n = 0;

    for (; n < ROUND_MAX; n++) {
        tasks[n].id = first + n;
        if (!search_ppo.ask(search, &tasks[n]))
            break;
    }
    for (int i = 0; i < n; i++) {
        double reward = 0.5 + 0.1 * rng_uniform(r);
        struct result result = {.state = TRIAL_DONE, .accuracy = reward};

        search_ppo.tell(search, &tasks[i], &result, reward);
    }
    return n;
}

double search_measure(const struct space *space, const struct conf *conf,
                      double seconds)
{
    void *search =
        search_ppo.create(&(struct search_start){space, conf, 1, NULL});
    struct task *tasks = MEM_NEW(struct task, ROUND_MAX);
    struct rng r = rng_stream(1, RNG_TEST, 0);
    double start = comm_clock();
    int64_t trials = 0;

    do
        trials += one_round(search, trials, tasks, &r);
    while (comm_clock() < start + seconds);
    start = comm_clock() - start;
    mem_free(tasks);
    search_ppo.destroy(search);
    return start / (double)trials;
}

static enum err evaluate(void *self, const struct task *t,
                         const struct luggage *with, struct result *r,
                         struct luggage *left)
{
    (void)self;
    (void)t;
    (void)with;
    (void)left;
    r->state = TRIAL_DONE;
    return ERR_NONE;
}

static const struct eval nothing = {.name = "nothing", .run = evaluate};

/* Keep all groups busy for a while; tasks a second. */
static double keep_busy(struct farm *f, double seconds)
{
    double start = comm_clock();
    int64_t asked = 0, done = 0;

    while (done < asked || comm_clock() < start + seconds) {
        const struct task t = {.id = asked};
        const struct luggage with = {0};
        struct luggage left;
        struct result r;

        if (farm_idle(f) > 0 && comm_clock() < start + seconds) {
            farm_submit(f, &t, &with);
            asked++;
        } else if (done < asked) {
            farm_collect(f, &r, &left);
            done++;
        }
    }
    return (double)done / (comm_clock() - start);
}

static void end(struct farm *f, int ranks)
{
    char *words = MEM_NEW(char, ranks), who[1];

    (void)farm_end(f, words, 1, who, sizeof who);
    mem_free(words);
    farm_free(f);
}

double farm_measure(struct comm *world, double seconds)
{
    struct conf *conf = settings_new();
    struct ranks ranks;
    double rate = (double)NAN;

    if (comm_size(world) > 1 && ranks_open(&ranks, world, conf) == ERR_NONE) {
        if (comm_rank(world) == 0) {
            struct farm *f = farm_new(&ranks, &nothing, NULL, 0);

            rate = keep_busy(f, seconds);
            end(f, comm_size(world));
        } else {
            farm_work(&ranks, &nothing, NULL);
            farm_leave(&ranks, "", 1);
        }
        ranks_close(&ranks);
    }
    conf_free(conf);
    return rate;
}
