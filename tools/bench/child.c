/* SPDX-License-Identifier: MIT */
#include "child.h"

#include <string.h>

#include "eval/batch.h"
#include "eval/child.h"
#include "nn/optim.h"

static void start_graph(struct graph *g, const struct blueprint *b,
                        const struct kernels *kernels, int groups)
{
    graph_start(g, (struct shape){b->channels, b->height, b->width}, groups);
    g->kernels = kernels;
    child_append(g, b);
}

static void build(struct child *c)
{
    struct arena *a = &c->arena;
    size_t images = (size_t)train_shard_images(c->conf);
    size_t flat = c->g.flat;

    arena_reserve(a, graph_cost(&c->g).bytes + graph_cost(&c->inference).bytes +
                         arena_piece(c->g.params * sizeof(float)) +
                         tree_bytes(c->conf->shards, flat) +
                         arena_piece(flat * sizeof(float)) +
                         arena_piece(images * sizeof(int)) +
                         arena_piece((size_t)c->data->trains * sizeof(int)));
    graph_build(&c->g, a);
    graph_build(&c->inference, a);
    c->velocity = ARENA_NEW(a, float, c->g.params);
    tree_build(&c->tree, a, c->conf->shards, flat);
    c->work = ARENA_NEW(a, float, flat);
    c->labels = ARENA_NEW(a, int, images);
    c->order = ARENA_NEW(a, int, c->data->trains);
}

void child_open(struct child *c, const struct blueprint *b,
                const struct train_conf *conf, const struct data *data,
                const struct kernels *kernels, uint64_t seed)
{
    struct rng r = rng_stream(seed, RNG_WEIGHTS, 0);

    *c = (struct child){.conf = conf, .data = data, .seed = seed};
    start_graph(&c->g, b, kernels, train_shard_images(conf) / GRAPH_LANES);
    start_graph(&c->inference, b, kernels, 1);
    build(c);
    c->g.share = 1.0f / (float)conf->shards;
    graph_init(&c->g, &r);
    batch_order(c->order, data, seed, 0, 0);
}

void child_close(struct child *c)
{
    graph_end(&c->g);
    graph_end(&c->inference);
    arena_free(&c->arena);
}

/* Gradient of one shard, whose images start at `from` in the order. */
static void shard_gradient(struct child *c, int from)
{
    const struct batch_options o = {
        .augment = true, .seed = c->seed, .key = batch_key(0, 0)};
    struct graph *g = &c->g;

    batch_fill(g->nodes[0].x, c->labels, c->data, c->order + from, g->groups,
               &o);
    graph_zero(g);
    graph_forward(g, GRAPH_TRAIN);
    (void)graph_loss(g, GRAPH_TRAIN, c->labels, (float)c->conf->smoothing,
                     NULL);
    graph_backward(g);
}

static void train_batch(struct child *c, struct comm *group, int step, int from)
{
    const struct train_conf *t = c->conf;
    const struct sgd sgd = {.rate = (float)t->rate,
                            .momentum = (float)t->momentum,
                            .decay = (float)t->decay,
                            .nesterov = t->nesterov};
    int shards = t->shards / comm_size(group);
    int first = comm_rank(group) * shards;

    for (int i = 0; i < shards; i++) {
        shard_gradient(c, from + (first + i) * train_shard_images(t));
        tree_add(&c->tree, &c->g.dw, i, shards);
    }
    comm_sum(group, c->g.dw, c->work, c->g.flat);
    sgd_step(&sgd, c->g.w, c->velocity, c->g.dw, c->g.params);
    graph_track(&c->g, step);
}

float child_train(struct child *c, struct comm *group, int steps)
{
    int batches = c->data->trains / c->conf->batch;

    for (int i = 0; i < steps; i++)
        train_batch(c, group, i, i % batches * c->conf->batch);
    return c->g.dw[c->g.flat - 1];
}

void child_infer_start(struct child *c)
{
    struct graph *g = &c->inference;
    const struct batch_options plain = {.augment = false};

    memcpy(g->w, c->g.w, g->flat * sizeof *g->w);
    batch_fill(g->nodes[0].x, c->labels, c->data, c->order, g->groups, &plain);
    graph_fold(g);
}

void child_infer(struct child *c, int passes)
{
    for (int i = 0; i < passes; i++)
        graph_forward(&c->inference, GRAPH_EVAL);
}
