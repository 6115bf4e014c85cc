/* SPDX-License-Identifier: MIT */
/* The evaluator that trains: data opened once, one child after the other. */
#include <math.h>
#include <string.h>

#include "base/comm.h"
#include "base/h5.h"
#include "base/log.h"
#include "base/place.h"
#include "eval/child.h"
#include "eval/data.h"
#include "eval/eval.h"
#include "eval/evaluators.h"
#include "eval/pool.h"
#include "eval/pool_file.h"
#include "eval/train.h"
#include "nn/choice.h"

struct self {
    const struct conf *conf;
    const struct space *space;
    struct data *data;
    struct trainer trainer;
    const struct pool_conf *pool_conf;
    struct pool *pool; /* on rank 0, if enabled */
};

/* What the settings allow, or this rank's part of the machine. */
static size_t memory_limit(const struct train_conf *c, int ranks)
{
    return c->memory_limit > 0 ? (size_t)c->memory_limit << 20
                               : place_memory() / 10 * 8 / (size_t)ranks;
}

static enum err enough_images(const struct data *d, const struct train_conf *c)
{
    if (d->trains < c->batch)
        return ERR(ERR_INPUT,
                   "train.batch: %d images, but the training part has only %d",
                   c->batch, d->trains);
    if (d->validations < 1)
        return ERR(ERR_INPUT, "data.validation: no image is left to validate "
                              "with; a larger part is needed");
    return ERR_NONE;
}

static void close(void *self)
{
    struct self *s = self;

    data_close(s->data);
    pool_free(s->pool);
    arena_free(&s->trainer.arena);
    mem_free(s->trainer.order);
    mem_free(s);
}

static void blueprint(const struct self *s, const struct task *t,
                      struct blueprint *b)
{
    const struct data *d = s->data;

    space_blueprint(s->space, &t->arch, d->c, d->h, d->w, d->classes, b);
}

/* Empty, or what an earlier run left. */
static enum err open_pool(struct self *s, uint64_t seed)
{
    const struct task first = {.arch = {.count = s->space->count}};
    struct blueprint b;

    if (!s->pool_conf->enabled)
        return ERR_NONE;
    s->pool = pool_new(s->pool_conf, seed);
    if (s->pool_conf->from.s[0] == '\0')
        return ERR_NONE;
    TRY(pool_read(s->pool, s->pool_conf->from.s));
    blueprint(s, &first, &b);
    pool_fit(s->pool, &b);
    return ERR_NONE;
}

static enum err open(void **self, const struct eval_place *place,
                     const struct space *space, const struct conf *conf,
                     uint64_t seed)
{
    const struct train_conf *c = conf_of(conf, &train_section);
    struct self *s = MEM_NEW(struct self, 1);
    enum err e = data_open(&s->data, place->node, conf, seed);

    s->space = space;
    s->pool_conf = conf_of(conf, &pool_section);
    if (e == ERR_NONE)
        e = enough_images(s->data, c);
    if (e == ERR_NONE && (!place->world || comm_rank(place->world) == 0))
        e = open_pool(s, seed);
    if (place->world)
        e = comm_agree(place->world, e);
    if (e != ERR_NONE) {
        close(s);
        return e;
    }
    s->conf = conf;
    s->trainer = (struct trainer){
        .conf = c,
        .data = s->data,
        .kernels = nn_kernels(conf_of(conf, &nn_section)),
        .group = place->group,
        .pulse = place->pulse,
        .seed = seed,
        .memory_limit =
            memory_limit(c, place->node ? comm_size(place->node) : 1),
    };
    if (place->group)
        s->trainer.order = MEM_NEW(int, s->data->trains);
    *self = s;
    return ERR_NONE;
}

static struct luggage start(void *self, const struct task *t)
{
    struct self *s = self;
    struct blueprint b;

    if (!s->pool)
        return (struct luggage){0};
    blueprint(s, t, &b);
    return pool_start(s->pool, &b);
}

static double work(void *self, const struct task *t)
{
    struct blueprint b;

    blueprint(self, t, &b);
    return (double)child_cost(&b, 1).macs;
}

static void learn(void *self, const struct result *r, double reward,
                  struct luggage left)
{
    struct self *s = self;

    (void)reward;
    if (s->pool)
        pool_tell(s->pool, r, left);
}

static void state(void *self, struct state *state)
{
    const struct self *s = self;

    if (s->pool)
        pool_state(s->pool, state);
}

/* Is this one of the children to be trained from scratch as well? */
static bool audited(const struct self *s, int64_t task)
{
    struct rng r = rng_stream(s->trainer.seed, RNG_AUDIT, (uint64_t)task);

    return rng_uniform(&r) < s->pool_conf->audit;
}

/* Once more, without the pool; the search does not see this. */
static void audit(struct self *s, const struct blueprint *b, int64_t task,
                  struct result *r)
{
    const struct lesson l = train_lesson(s->trainer.conf);
    struct result scratch = {.id = task};

    train_child(&s->trainer, b, task, &l, &scratch);
    r->scratch = scratch.accuracy;
    r->scratch_epochs = scratch.epochs;
}

static enum err run(void *self, const struct task *t,
                    const struct luggage *with, struct result *r,
                    struct luggage *left)
{
    struct self *s = self;
    struct lesson l = train_lesson(s->trainer.conf);
    struct blueprint b;

    blueprint(s, t, &b);
    l.from = with;
    l.left = s->pool_conf->enabled ? left : NULL;
    if (with->size > 0) {
        l.epochs = s->pool_conf->epochs;
        l.rate = s->pool_conf->rate;
    }
    train_child(&s->trainer, &b, t->id, &l, r);
    if (with->size > 0 && r->state == TRIAL_DONE && audited(s, t->id))
        audit(s, &b, t->id, r);
    return ERR_NONE;
}

struct extent {
    double low, high;
};

static void extend(struct extent *e, double x)
{
    e->low = x < e->low ? x : e->low;
    e->high = x > e->high ? x : e->high;
}

/* What children cost, by drawing some. */
static void print_children(const struct self *s)
{
    enum { DRAWS = 200 };
    const struct data *d = s->data;
    struct rng r = rng_stream(s->trainer.seed, RNG_SEARCH, 0);
    struct extent macs = {HUGE_VAL, 0}, params = macs, bytes = macs;

    for (int i = 0; i < DRAWS; i++) {
        struct arch a = space_random(s->space, &r);
        struct blueprint b;
        struct graph_cost cost;

        space_blueprint(s->space, &a, d->c, d->h, d->w, d->classes, &b);
        cost = child_cost(&b, 1);
        extend(&macs, (double)cost.macs * 1e-6);
        extend(&params, (double)cost.params * 1e-3);
        extend(&bytes, (double)train_bytes(&s->trainer, &b) / 0x1p20);
    }
    log_print("children   %.3g..%.3g million MACs, %.3g..%.3g thousand "
              "parameters, %.0f..%.0f MiB a rank (of %d drawn)\n",
              macs.low, macs.high, params.low, params.high, bytes.low,
              bytes.high, DRAWS);
}

static void print(void *self)
{
    struct self *s = self;

    data_print(s->data);
    print_children(s);
    if (s->pool)
        pool_print(s->pool, s->pool_conf);
}

static uint64_t mix_section(uint64_t hash, const struct conf *conf,
                            const struct conf_section *section)
{
    char *text = conf_print_section(conf, section);

    hash = rng_mix_bytes(hash, text, strlen(text));
    mem_free(text);
    return hash;
}

/* Files count by what is in them, wherever they are. */
static uint64_t digest(const void *self)
{
    const struct self *s = self;
    const struct data *d = s->data;
    uint64_t hash = mix_section(0, s->conf, &train_section);

    hash = mix_section(hash, s->conf, s->space->kind->section);
    if (s->pool)
        hash = mix_section(hash, s->conf, &pool_section);
    for (int i = 0; i < d->files; i++)
        hash = rng_mix(hash, d->file[i].crc);
    if (d->files == 0)
        hash = mix_section(hash, s->conf, &synthetic_section);
    hash = rng_mix(hash, (uint64_t)d->trains);
    return rng_mix(hash, (uint64_t)d->validations);
}

/* Names, sizes and checksums of the files, one column each. */
static enum err record_files(const struct data *d, struct h5 *h)
{
    size_t n = (size_t)d->files;
    struct conf_text *path = MEM_NEW(struct conf_text, n);
    int64_t *bytes = MEM_NEW(int64_t, n), *crc = MEM_NEW(int64_t, n);
    enum err e;

    for (size_t i = 0; i < n; i++) {
        path[i] = d->file[i].path;
        bytes[i] = d->file[i].bytes;
        crc[i] = d->file[i].crc;
    }
    e = h5_write(
        h,
        &(struct h5_array){
            "/run/data/file", H5_TEXT, 1, {n}, CONF_TEXT_MAX, "", "image file"},
        path);
    if (e == ERR_NONE)
        e = h5_write(
            h,
            &(struct h5_array){
                "/run/data/bytes", H5_INT64, 1, {n}, 0, "bytes", "its size"},
            bytes);
    if (e == ERR_NONE)
        e = h5_write(h,
                     &(struct h5_array){"/run/data/crc32",
                                        H5_INT64,
                                        1,
                                        {n},
                                        0,
                                        "1",
                                        "its CRC-32, as stored"},
                     crc);
    mem_free(path);
    mem_free(bytes);
    mem_free(crc);
    return e;
}

static enum err record(void *self, struct h5 *h)
{
    struct self *s = self;
    const struct data *d = s->data;
    const int64_t shape[] = {d->trains, d->validations, d->c, d->h, d->w};
    const size_t c = (size_t)d->c;

    TRY(h5_write(h,
                 &(struct h5_array){"/run/data/shape",
                                    H5_INT64,
                                    1,
                                    {5},
                                    0,
                                    "1",
                                    "training images, validation images, "
                                    "channels, height, width"},
                 shape));
    TRY(h5_write(h,
                 &(struct h5_array){"/run/data/mean",
                                    H5_FLOAT,
                                    1,
                                    {c},
                                    0,
                                    "1",
                                    "mean of each channel, training part; "
                                    "subtracted from every image"},
                 d->mean));
    TRY(h5_write(h,
                 &(struct h5_array){"/run/data/std",
                                    H5_FLOAT,
                                    1,
                                    {c},
                                    0,
                                    "1",
                                    "standard deviation of each channel; "
                                    "divides every image"},
                 d->std));
    TRY(h5_write_text(h, "/run/data/class_names", d->names,
                      "separated by commas; empty if not known"));
    if (s->pool)
        TRY(pool_record(s->pool, h));
    return d->files > 0 ? record_files(d, h) : ERR_NONE;
}

static void report(void *self)
{
    const struct self *s = self;

    if (s->pool)
        pool_report(s->pool);
}

static enum err leave(void *self, struct h5 *h)
{
    const struct self *s = self;

    pool_commit(s->pool);
    return pool_write(h, s->pool);
}

const struct eval eval_train = {
    .name = "train",
    .help = "trains the child on images and measures its validation accuracy",
    .apart = true,
    .open = open,
    .start = start,
    .work = work,
    .run = run,
    .learn = learn,
    .state = state,
    .print = print,
    .digest = digest,
    .record = record,
    .report = report,
    .leave = leave,
    .close = close,
};
