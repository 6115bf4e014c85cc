/* SPDX-License-Identifier: MIT */
/* A network measured in every mode, mode after mode, round after round: what
 * slows the machine down for a while slows all of them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "bench.h"
#include "child.h"
#include "eval/child.h"
#include "run/input.h"
#include "run/settings.h"
#include "search/search.h"

/* clang-format off */
const struct mode_text mode_texts[MODES] = {
    [TRAIN]              = {"train",              "training, 1 rank"},
    [PEER_TRAIN]         = {"peer_train",         "training, peer, 1 thread"},
    [TRAIN_RANKS]        = {"train_ranks",        "training, %d ranks, one child"},
    [PEER_THREADS]       = {"peer_train_threads", "training, peer, %d threads"},
    [TRAIN_EACH]         = {"train_each",         "training, %d ranks, a child each"},
    [INFER]              = {"infer",              "inference, 1 rank"},
    [PEER_INFER]         = {"peer_infer",         "inference, peer, 1 thread"},
    [INFER_EACH]         = {"infer_each",         "inference, %d ranks"},
    [PEER_INFER_THREADS] = {"peer_infer_threads", "inference, peer, %d threads"},
};

const struct ratio ratios[RATIOS] = {
    {TRAIN_RANKS, TRAIN,              "train_ranks",        "training: %d ranks, one child / 1 rank"},
    {TRAIN_EACH,  TRAIN,              "train_each",         "training: %d ranks, a child each / 1 rank"},
    {TRAIN,       PEER_TRAIN,         "peer_train",         "training: 1 rank / peer, 1 thread"},
    {TRAIN_RANKS, PEER_THREADS,       "peer_train_threads", "training: %d ranks, one child / peer, as many threads"},
    {INFER,       PEER_INFER,         "peer_infer",         "inference: 1 rank / peer, 1 thread"},
    {INFER_EACH,  PEER_INFER_THREADS, "peer_infer_threads", "inference: %d ranks / peer, as many threads"},
};
/* clang-format on */

/* A network on this rank. */
struct net {
    struct net_speed *speed;
    const struct options *options;
    struct comm *world, *node, *self;
    struct peer *peer;
    struct conf *conf;
    struct space space;
    struct blueprint blueprint;
    struct data *data;
    struct child child;
    int steps, passes; /* that take the seconds of a measurement on one rank */
};

static bool leads(const struct net *n)
{
    return comm_rank(n->world) == 0;
}

int net_cores(enum mode mode, int ranks)
{
    bool one = mode == TRAIN || mode == PEER_TRAIN || mode == INFER ||
               mode == PEER_INFER;

    return one ? 1 : ranks;
}

double net_macs(const struct net_speed *s, enum mode mode)
{
    return (double)(mode < INFER ? s->train_macs : s->macs);
}

static enum err read_input(struct net *n)
{
    const struct options *o = n->options;
    enum err e;

    n->conf = settings_new();
    e = input_read(n->conf, n->speed->input);
    for (int i = 0; i < o->sets && e == ERR_NONE; i++)
        e = input_set(n->conf, o->set[i]);
    if (e == ERR_NONE)
        conf_check(n->conf);
    if (conf_errors(n->conf) == 0)
        return e;
    err_clear();
    return leads(n) ? input_report(n->conf) : ERR(ERR_INPUT, "wrong input");
}

static uint64_t seed_of(const struct net *n)
{
    const struct run_conf *c = conf_of(n->conf, &run_section);

    return (uint64_t)c->seed;
}

/* What the input's method proposes first. */
static enum err propose(const struct net *n, struct arch *a)
{
    const struct search_conf *c = conf_of(n->conf, &search_section);
    const struct search *method = search_find(c->method.s);
    void *search = method->create(
        &(struct search_start){&n->space, n->conf, seed_of(n), NULL});
    struct task t = {.id = 0};
    bool asked = method->ask(search, &t);

    method->destroy(search);
    *a = t.arch;
    return asked ? ERR_NONE
                 : ERR(ERR_INPUT, "search.method = \"%s\" proposes nothing",
                       c->method.s);
}

/* Multiply-accumulates of the first layer: nobody wants the images' gradient. */
static int64_t first_macs(const struct blueprint *b)
{
    const struct layer *l = &b->layers[0];
    struct graph g;
    int64_t macs;

    graph_start(&g, (struct shape){b->channels, b->height, b->width}, 1);
    (void)graph_conv(&g, 0, l->channels, l->kernel, l->stride, false);
    macs = graph_cost(&g).macs;
    graph_end(&g);
    return macs;
}

static void count(struct net *n, const struct train_conf *c)
{
    struct net_speed *s = n->speed;
    const struct run_conf *run = conf_of(n->conf, &run_section);
    struct graph_cost cost = child_cost(&n->blueprint, 1);
    const struct trainer t = {.conf = c, .data = n->data};

    (void)snprintf(s->name, sizeof s->name, "%.63s", run->name.s);
    s->params = cost.params;
    s->macs = cost.macs;
    s->train_macs = 3 * cost.macs - first_macs(&n->blueprint);
    s->bytes = (int64_t)train_bytes(&t, &n->blueprint);
    s->batch = c->batch;
    s->shards = c->shards;
}

static enum err enough_images(const struct net *n, const struct train_conf *c)
{
    return n->data->trains >= c->batch
               ? ERR_NONE
               : ERR(ERR_INPUT, "train.batch: %d images, but only %d train",
                     c->batch, n->data->trains);
}

static enum err open(struct net *n, const struct kernels *kernels)
{
    const struct train_conf *c;
    struct arch a;

    TRY(comm_agree(n->world, read_input(n)));
    space_open(&n->space, n->conf);
    TRY(propose(n, &a));
    TRY(comm_agree(n->world,
                   data_open(&n->data, n->node, n->conf, seed_of(n))));
    c = conf_of(n->conf, &train_section);
    TRY(enough_images(n, c));
    space_blueprint(&n->space, &a, n->data->c, n->data->h, n->data->w,
                    n->data->classes, &n->blueprint);
    count(n, c);
    child_open(&n->child, &n->blueprint, c, n->data, kernels, seed_of(n));
    return ERR_NONE;
}

static void end(struct net *n)
{
    child_close(&n->child);
    data_close(n->data);
    conf_free(n->conf);
    comm_free(n->node);
    comm_free(n->self);
}

/* One child on all ranks: possible with a power of two, a shard for each. */
static bool shareable(const struct net *n)
{
    int ranks = comm_size(n->world);

    return ranks > 1 && (ranks & (ranks - 1)) == 0 && ranks <= n->speed->shards;
}

/* Images/s of the batches that this rank takes part in.  One comes first that
 * is not timed, so that all are there and caches are warm. */
static double train(struct net *n, struct comm *group)
{
    int steps = n->steps * comm_size(group);
    double start;
    float loss;

    (void)child_train(&n->child, group, 1);
    start = comm_clock();
    loss = child_train(&n->child, group, steps);
    start = comm_clock() - start;
    if (!isfinite(loss))
        log_warn("%s: the training loss is not finite", n->speed->name);
    return steps * (double)n->speed->batch / start;
}

static double infer(struct net *n)
{
    double start;

    child_infer_start(&n->child);
    child_infer(&n->child, 1);
    start = comm_clock();
    child_infer(&n->child, n->passes);
    return n->passes * (double)GRAPH_LANES / (comm_clock() - start);
}

/* The part of rank 0 in modes that need one rank only. */
static double measure_alone(struct net *n, enum mode mode)
{
    int ranks = comm_size(n->world), batch = n->speed->batch;
    double seconds = n->options->seconds;

    switch (mode) {
    case TRAIN:
        return train(n, n->self);
    case INFER:
        return infer(n);
    case PEER_TRAIN:
        return peer_train(n->peer, 1, batch, seconds);
    case PEER_THREADS:
        return peer_train(n->peer, ranks, batch, seconds);
    case PEER_INFER:
        return peer_infer(n->peer, 1, batch, seconds);
    case PEER_INFER_THREADS:
        return peer_infer(n->peer, ranks, batch, seconds);
    default:
        return (double)NAN;
    }
}

/* Rates of all ranks added, on rank 0. */
static double sum_over_ranks(struct comm *c, double mine)
{
    int size = comm_size(c);
    double *all = MEM_NEW(double, size), sum = 0;

    comm_gather(c, 0, &mine, sizeof mine, all);
    for (int i = 0; i < size; i++)
        sum += all[i];
    mem_free(all);
    return sum;
}

/* Images/s in a mode, on rank 0. Collective over the world. */
static double measure(struct net *n, enum mode mode)
{
    double rate = 0;

    comm_barrier(n->world);
    if (mode == TRAIN_EACH)
        return sum_over_ranks(n->world, train(n, n->self));
    if (mode == INFER_EACH)
        return sum_over_ranks(n->world, infer(n));
    if (mode == TRAIN_RANKS)
        return shareable(n) ? train(n, n->world) : (double)NAN;
    if (leads(n))
        rate = measure_alone(n, mode);
    comm_barrier(n->world);
    return rate;
}

/* With one rank there is nothing to share. */
static bool wanted(const struct net *n, enum mode mode)
{
    return comm_size(n->world) > 1 || net_cores(mode, 2) == 1;
}

/* How many steps and passes take the time of a measurement: rank 0 tries, all
 * do the same. */
static void calibrate(struct net *n)
{
    double seconds = n->options->seconds;
    int counts[2] = {1, 1};

    n->steps = n->passes = 1;
    comm_barrier(n->world);
    if (leads(n)) {
        counts[0] = (int)(seconds * train(n, n->self) / n->speed->batch) + 1;
        counts[1] = (int)(seconds * infer(n) / GRAPH_LANES) + 1;
    }
    comm_broadcast(n->world, 0, counts, sizeof counts);
    n->steps = counts[0];
    n->passes = counts[1];
}

static void measure_rounds(struct net *n)
{
    calibrate(n);
    for (int mode = 0; mode < MODES; mode++)
        for (int round = 0; round < ROUNDS_MAX; round++)
            n->speed->rate[mode][round] = (double)NAN;
    for (int round = 0; round < n->options->rounds; round++)
        for (int mode = 0; mode < MODES; mode++)
            if (wanted(n, (enum mode)mode))
                n->speed->rate[mode][round] = measure(n, (enum mode)mode);
}

enum err net_measure(struct net_speed *s, const char *input,
                     const struct options *o, struct comm *world,
                     const struct kernels *kernels, struct peer *peer)
{
    struct net n = {.speed = s, .options = o, .world = world, .peer = peer};
    enum err e;

    *s = (struct net_speed){.input = input};
    n.self = comm_self();
    n.node = comm_split_node(world);
    e = open(&n, kernels);
    if (e == ERR_NONE) {
        if (leads(&n)) {
            s->ask_tell = search_measure(&n.space, n.conf, o->seconds);
            s->peer_params = peer_build(peer, &n.blueprint, n.child.conf);
        }
        measure_rounds(&n);
    }
    end(&n);
    return e;
}
