/* SPDX-License-Identifier: MIT */
/* Memory of a child on a rank, all from one arena:
 *
 *     graph | velocity | tree of sums | work of comm_sum |
 *     image numbers and labels of a shard | losses of the validation passes
 */
#include "eval/train.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/stats.h"
#include "base/timer.h"
#include "eval/batch.h"
#include "eval/child.h"
#include "eval/heritage.h"
#include "eval/tree.h"
#include "nn/graph.h"
#include "nn/optim.h"

CONF_ROWS(rows, struct train_conf, TRAIN_SETTINGS)

static bool power_of_two(int n)
{
    return n > 0 && (n & (n - 1)) == 0;
}

static void check(struct conf *conf, const void *values)
{
    const struct train_conf *c = values;

    if (!power_of_two(c->shards))
        conf_complain(conf, &train_section, "shards",
                      "%d is not a power of two; 1, 2, 4...", c->shards);
    else if (c->batch % (GRAPH_LANES * c->shards) != 0)
        conf_complain(conf, &train_section, "batch",
                      "%d is not a multiple of %d; 16 images for each of the "
                      "%d shards (train.shards)",
                      c->batch, GRAPH_LANES * c->shards, c->shards);
}

const struct conf_section train_section = {
    .name = "train",
    .help = "How a child is trained (eval.kind = \"train\").",
    .bytes = sizeof(struct train_conf),
    .count = CONF_COUNT(rows),
    .rows = rows,
    .check = check,
};

/* One child in the making. */
struct run {
    struct trainer *t;
    const struct lesson *lesson;
    struct graph g;
    int shards;           /* of a batch, on this rank */
    float *velocity;      /* [params] */
    struct tree tree;     /* of their gradients */
    float *work;          /* [flat] */
    int *images, *labels; /* [images of a shard] */
    double *losses;       /* [passes] of validation */
    int passes;           /* shards in the validation part, rounded up */
    int steps;            /* of an epoch */
    int all_steps;        /* of the lesson */
    float rate;           /* highest */
};

int train_shard_images(const struct train_conf *c)
{
    return c->batch / c->shards;
}

static int groups_of(const struct train_conf *c)
{
    return train_shard_images(c) / GRAPH_LANES;
}

static int passes_of(const struct trainer *t)
{
    int images = train_shard_images(t->conf);

    return (t->data->validations + images - 1) / images;
}

/* The pieces of the arena; `flat` and `params` are the graph's. */
static size_t bytes_of(const struct train_conf *c, size_t graph, size_t flat,
                       size_t params, int ranks, int passes)
{
    size_t images = (size_t)train_shard_images(c);

    return graph + arena_piece(params * sizeof(float)) +
           tree_bytes(c->shards / ranks, flat) +
           arena_piece(flat * sizeof(float)) +
           2 * arena_piece(images * sizeof(int)) +
           arena_piece((size_t)passes * sizeof(double));
}

static void start_graph(struct graph *g, const struct trainer *t,
                        const struct blueprint *b)
{
    struct shape image = {b->channels, b->height, b->width};

    graph_start(g, image, groups_of(t->conf));
    if (t->kernels)
        g->kernels = t->kernels;
    child_append(g, b);
}

static int ranks_of(const struct trainer *t)
{
    return t->group ? comm_size(t->group) : 1;
}

size_t train_bytes(const struct trainer *t, const struct blueprint *b)
{
    struct graph g;
    size_t bytes;

    start_graph(&g, t, b);
    bytes = bytes_of(t->conf, graph_cost(&g).bytes, g.flat, g.params,
                     ranks_of(t), passes_of(t));
    graph_end(&g);
    return bytes;
}

/* Take memory for the child. */
static void build(struct run *run)
{
    struct trainer *t = run->t;
    struct arena *a = &t->arena;
    size_t images = (size_t)train_shard_images(t->conf);
    struct graph *g = &run->g;

    run->shards = t->conf->shards / comm_size(t->group);
    run->passes = passes_of(t);
    run->steps = t->data->trains / t->conf->batch;
    run->all_steps = (int)fmax(1, round(run->lesson->epochs * run->steps));
    graph_build(g, a);
    g->share = 1.0f / (float)t->conf->shards;
    run->velocity = ARENA_NEW(a, float, g->params);
    tree_build(&run->tree, a, run->shards, g->flat);
    run->work = ARENA_NEW(a, float, g->flat);
    run->images = ARENA_NEW(a, int, images);
    run->labels = ARENA_NEW(a, int, images);
    run->losses = ARENA_NEW(a, double, (size_t)run->passes);
}

/* Gradient of one shard, whose images start at `from` in the epoch's order. */
static void shard_gradient(struct run *run, const struct batch_options *o,
                           int from)
{
    struct trainer *t = run->t;
    struct graph *g = &run->g;

    timer_start(TIMER_BATCH);
    batch_fill(g->nodes[0].x, run->labels, t->data, t->order + from, g->groups,
               o);
    timer_stop(TIMER_BATCH);
    timer_start(TIMER_FORWARD);
    graph_zero(g);
    graph_forward(g, GRAPH_TRAIN);
    (void)graph_loss(g, GRAPH_TRAIN, run->labels, (float)t->conf->smoothing,
                     NULL);
    timer_stop(TIMER_FORWARD);
    timer_start(TIMER_BACKWARD);
    graph_backward(g);
    timer_stop(TIMER_BACKWARD);
}

static float rate_of(const struct run *run, int step)
{
    int steps = run->all_steps;

    return schedule_cosine(run->rate, step,
                           (int)(run->t->conf->warmup * (double)steps), steps);
}

/* One step of SGD on one batch; the batch's mean loss. */
static float train_batch(struct run *run, const struct batch_options *o,
                         int step, int from)
{
    const struct train_conf *c = run->t->conf;
    struct graph *g = &run->g;
    struct sgd sgd = {.rate = rate_of(run, step),
                      .momentum = (float)c->momentum,
                      .decay = (float)c->decay,
                      .nesterov = c->nesterov};
    int first = comm_rank(run->t->group) * run->shards;

    pulse_beat(run->t->pulse, PHASE_TRAIN, step, run->all_steps);
    for (int i = 0; i < run->shards; i++) {
        shard_gradient(run, o, from + (first + i) * train_shard_images(c));
        tree_add(&run->tree, &g->dw, i, run->shards);
    }
    timer_start(TIMER_SUM);
    comm_sum(run->t->group, g->dw, run->work, g->flat);
    timer_stop(TIMER_SUM);
    timer_start(TIMER_OPTIMISER);
    sgd_step(&sgd, g->w, run->velocity, g->dw, g->params);
    graph_track(g, step);
    timer_stop(TIMER_OPTIMISER);
    return g->dw[g->flat - 1];
}

/* The steps that the lesson has in an epoch. */
static int steps_in(const struct run *run, int epoch)
{
    int left = run->all_steps - epoch * run->steps;

    return left < run->steps ? left : run->steps;
}

/* One epoch, or its first steps; the mean of its losses, not finite if the child
 * diverged.  All ranks see the same losses, so all stop at the same step. */
static double train_epoch(struct run *run, int64_t task, int epoch)
{
    struct trainer *t = run->t;
    struct batch_options o = {
        .augment = true, .seed = t->seed, .key = batch_key(task, epoch)};
    double sum = 0;
    int steps = steps_in(run, epoch);

    batch_order(t->order, t->data, t->seed, task, epoch);
    for (int i = 0; i < steps && isfinite(sum); i++)
        sum += (double)train_batch(run, &o, epoch * run->steps + i,
                                   i * t->conf->batch);
    return sum / steps;
}

/* Pass number i over the validation part; the images that were right. */
static int validate_shard(struct run *run, int i)
{
    struct trainer *t = run->t;
    const struct batch_options plain = {.augment = false};
    int images = train_shard_images(t->conf);

    pulse_beat(t->pulse, PHASE_VALIDATE, i, run->passes);
    for (int k = 0; k < images; k++) {
        int at = i * images + k;

        run->images[k] =
            at < t->data->validations ? t->data->validation[at] : -1;
    }
    batch_fill(run->g.nodes[0].x, run->labels, t->data, run->images,
               run->g.groups, &plain);
    graph_forward(&run->g, GRAPH_EVAL);
    return graph_loss(&run->g, GRAPH_EVAL, run->labels, 0, &run->losses[i]);
}

/* The passes are dealt to the ranks; their losses are added in order. */
static void validate(struct run *run, struct result *r)
{
    struct trainer *t = run->t;
    int64_t right = 0;
    double loss = 0;

    timer_start(TIMER_VALIDATE);
    graph_fold(&run->g);
    for (int i = comm_rank(t->group); i < run->passes; i += comm_size(t->group))
        right += validate_shard(run, i);
    comm_sum_counts(t->group, &right, 1);
    comm_sum_disjoint(t->group, run->losses, run->passes);
    for (int i = 0; i < run->passes; i++)
        loss += run->losses[i];
    r->accuracy = (double)right / t->data->validations;
    r->loss = loss / t->data->validations;
    timer_stop(TIMER_VALIDATE);
}

/* Median time of a pass over a shard, after two that warm up. */
static double pass_seconds(struct graph *g)
{
    enum { WARM = 2, REPEATS = 15 };
    double seconds[REPEATS];

    for (int i = -WARM; i < REPEATS; i++) {
        double start = comm_clock();

        graph_forward(g, GRAPH_EVAL);
        if (i >= 0)
            seconds[i] = comm_clock() - start;
    }
    return stats_median(seconds, REPEATS);
}

/* Time of one image.  One rank measures, the others of its group are quiet. */
static double latency(struct run *run)
{
    const struct train_conf *c = run->t->conf;
    double seconds = 0;

    timer_start(TIMER_LATENCY);
    if (comm_rank(run->t->group) == 0)
        seconds = pass_seconds(&run->g) / run->g.groups;
    comm_broadcast(run->t->group, 0, &seconds, sizeof seconds);
    timer_stop(TIMER_LATENCY);
    return strcmp(c->latency_batch.s, "1") == 0 ? seconds
                                                : seconds / GRAPH_LANES;
}

static void diverged(struct result *r, const char *what)
{
    r->state = TRIAL_DIVERGED;
    r->accuracy = (double)NAN;
    (void)snprintf(r->reason, sizeof r->reason, "%s", what);
}

/* Blocks that the child has to start from, and how fast it learns. */
static void inherit(struct run *run, struct result *r)
{
    struct inherited got;

    if (run->lesson->from->size == 0)
        return;
    got = heritage_give(&run->g, run->lesson->from);
    r->inherited = got.share;
    r->age = got.age;
    r->generation = got.generation;
    run->rate *= (float)(1 - got.share * (1 - run->lesson->rate));
}

/* Blocks that the child leaves, all ranks having the same. */
static void leave(struct run *run, double epochs)
{
    const struct lesson *l = run->lesson;

    if (l->left && comm_rank(run->t->group) == 0)
        heritage_take(l->left, &run->g, l->from, epochs);
}

static void train(struct run *run, int64_t task, struct result *r)
{
    struct rng weights = rng_stream(run->t->seed, RNG_WEIGHTS, (uint64_t)task);

    timer_start(TIMER_BUILD);
    build(run);
    graph_init(&run->g, &weights);
    inherit(run, r);
    timer_stop(TIMER_BUILD);
    for (int epoch = 0; steps_in(run, epoch) > 0; epoch++) {
        r->train_loss = train_epoch(run, task, epoch);
        r->epochs = epoch + (double)steps_in(run, epoch) / run->steps;
        if (!isfinite(r->train_loss)) {
            diverged(r, "the training loss is not finite");
            return;
        }
    }
    validate(run, r);
    if (!isfinite(r->loss)) {
        diverged(r, "the validation loss is not finite");
        return;
    }
    r->latency = latency(run);
    r->state = TRIAL_DONE;
    leave(run, r->epochs);
}

struct lesson train_lesson(const struct train_conf *c)
{
    static const struct luggage nothing;

    return (struct lesson){.epochs = c->epochs, .rate = 1, .from = &nothing};
}

void train_child(struct trainer *t, const struct blueprint *b, int64_t task,
                 const struct lesson *l, struct result *r)
{
    struct run run = {.t = t, .lesson = l, .rate = (float)t->conf->rate};
    struct graph_cost cost;
    size_t bytes = train_bytes(t, b);

    start_graph(&run.g, t, b);
    cost = graph_cost(&run.g);
    r->params = cost.params;
    r->macs = cost.macs;
    r->bytes = (int64_t)bytes;
    r->accuracy = r->loss = r->train_loss = r->latency = (double)NAN;
    if (bytes > t->memory_limit) {
        r->state = TRIAL_REFUSED;
        (void)snprintf(r->reason, sizeof r->reason,
                       "needs %.0f MiB a rank, %.0f MiB are allowed",
                       (double)bytes / 0x1p20,
                       (double)t->memory_limit / 0x1p20);
    } else {
        arena_reserve(&t->arena, bytes);
        train(&run, task, r);
        CHECK(t->arena.peak == bytes);
    }
    graph_end(&run.g);
}
