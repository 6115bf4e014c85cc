/* SPDX-License-Identifier: MIT */
#include "eval/pool.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "eval/eval.h"
#include "eval/train.h"

CONF_ROWS(rows, struct pool_conf, POOL_SETTINGS)

static void check(struct conf *conf, const void *values)
{
    const struct pool_conf *c = values;
    const struct train_conf *train = conf_of(conf, &train_section);
    const struct eval_conf *eval = conf_of(conf, &eval_section);

    if (!c->enabled)
        return;
    if (strcmp(eval->kind.s, "train") != 0)
        conf_complain(
            conf, &pool_section, "enabled",
            "a table has no weights; eval.kind = \"train\" is needed");
    if (c->epochs > train->epochs)
        conf_complain(conf, &pool_section, "epochs",
                      "%g is more than train.epochs, %d", c->epochs,
                      train->epochs);
}

const struct conf_section pool_section = {
    .name = "pool",
    .help = "Knowledge pool: children start from trained blocks.",
    .bytes = sizeof(struct pool_conf),
    .count = CONF_COUNT(rows),
    .rows = rows,
    .check = check,
};

/* A result, until it is committed. */
struct told {
    int64_t source;
    double reward;
    struct luggage left;
};

struct pool *pool_new(const struct pool_conf *conf)
{
    struct pool *p = MEM_NEW(struct pool, 1);

    p->limit = (size_t)conf->limit << 20;
    p->round = conf->round;
    p->generations = conf->generations;
    p->told = MEM_NEW(struct told, conf->round);
    return p;
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    for (int i = 0; i < p->count; i++)
        mem_free(p->list[i].w);
    for (int i = 0; i < p->told_count; i++)
        mem_free(p->told[i].left.bytes);
    mem_free(p->told);
    mem_free(p->list);
    mem_free(p);
}

static size_t bytes_of(const struct entry *e)
{
    return block_values(&e->block) * sizeof(float);
}

static void append(struct pool *p, struct entry e)
{
    if (p->count == p->room) {
        size_t room = p->room > 0 ? 2 * (size_t)p->room : 64;

        p->list = mem_resize(p->list, (size_t)p->room, room, sizeof p->list[0]);
        p->room = (int)room;
    }
    p->bytes += bytes_of(&e);
    p->list[p->count++] = e;
}

void pool_drop(struct pool *p, int i)
{
    p->bytes -= bytes_of(&p->list[i]);
    mem_free(p->list[i].w);
    p->count--;
    memmove(&p->list[i], &p->list[i + 1],
            (size_t)(p->count - i) * sizeof p->list[0]);
}

struct luggage pool_start(struct pool *p, const struct blueprint *b)
{
    struct block blocks[BLOCKS_MAX];
    struct luggage l = {0};
    int count = block_list(blocks, b), hits = 0;

    for (int i = 0; i < count; i++) {
        struct entry *e = pool_find(p, &blocks[i]);

        p->counted.lookups++;
        if (!e)
            continue;
        hits++;
        e->used = p->counted.lookups;
        heritage_add(&l, &(struct legacy){.block = e->block,
                                          .generation = e->generation,
                                          .age = e->age,
                                          .w = e->w});
    }
    p->counted.hits += hits;
    if (p->count > 0) {
        p->counted.warm += count;
        p->counted.found += hits;
    }
    return l;
}

/* The entry of the same key in a generation; -1: none. */
static int same_key(const struct pool *p, const struct block *b, int generation)
{
    for (int i = 0; i < p->count; i++)
        if (p->list[i].generation == generation &&
            block_equal(&p->list[i].block, b))
            return i;
    return -1;
}

void pool_put(struct pool *p, struct entry e)
{
    int old = same_key(p, &e.block, e.generation);

    if (old >= 0)
        pool_drop(p, old);
    append(p, e);
}

static bool has_kind(const struct pool *p, const struct block *b,
                     int generation)
{
    for (int i = 0; i < p->count; i++)
        if (p->list[i].generation == generation &&
            pool_same_kind(&p->list[i].block, b))
            return true;
    return false;
}

/* The generation an item is taken into; -1: none. */
static int place_for(const struct pool *p, const struct legacy *item)
{
    int now = p->generation;

    if (!has_kind(p, &item->block, now) || item->generation == now)
        return now;
    return item->generation == now + 1 && now + 1 < p->generations ? now + 1
                                                                   : -1;
}

static void take_in(struct pool *p, const struct legacy *item,
                    const struct told *t)
{
    size_t bytes = block_values(&item->block) * sizeof(float);
    int generation = place_for(p, item), old;
    struct entry e = {.block = item->block,
                      .generation = generation,
                      .age = item->age,
                      .reward = t->reward,
                      .source = t->source,
                      .used = p->counted.lookups};

    if (generation < 0)
        return;
    old = same_key(p, &item->block, generation);
    if (old >= 0 && p->list[old].reward >= t->reward)
        return;
    e.w = MEM_NEW(float, block_values(&item->block));
    memcpy(e.w, item->w, bytes);
    pool_put(p, e);
}

/* Has the next generation all kinds of this one? */
static bool complete(const struct pool *p)
{
    int next = 0;

    for (int i = 0; i < p->count; i++) {
        const struct entry *e = &p->list[i];

        next += e->generation == p->generation + 1;
        if (e->generation == p->generation &&
            !has_kind(p, &e->block, p->generation + 1))
            return false;
    }
    return next > 0;
}

static void next_generation(struct pool *p)
{
    p->generation++;
    for (int i = p->count - 1; i >= 0; i--)
        if (p->list[i].generation < p->generation)
            pool_drop(p, i);
}

void pool_commit(struct pool *p)
{
    for (int i = 0; i < p->told_count; i++) {
        struct legacy item;

        for (size_t at = 0; heritage_next(&p->told[i].left, &at, &item);)
            take_in(p, &item, &p->told[i]);
        mem_free(p->told[i].left.bytes);
    }
    p->told_count = 0;
    if (complete(p))
        next_generation(p);
    pool_shrink(p);
}

void pool_tell(struct pool *p, const struct result *r, double reward,
               struct luggage left)
{
    if (!result_counts(r)) {
        mem_free(left.bytes);
        left = (struct luggage){0};
    }
    p->told[p->told_count++] =
        (struct told){.source = r->id, .reward = reward, .left = left};
    if (p->told_count == p->round)
        pool_commit(p);
}

static size_t stage_bytes(const struct pool *p, int stage)
{
    size_t bytes = 0;

    for (int i = 0; i < p->count; i++)
        if (p->list[i].block.stage == stage)
            bytes += bytes_of(&p->list[i]);
    return bytes;
}

/* Is it the only one of its stage and generation? */
static bool is_last(const struct pool *p, const struct entry *e)
{
    int n = 0;

    for (int i = 0; i < p->count; i++)
        n += p->list[i].block.stage == e->block.stage &&
             p->list[i].generation == e->generation;
    return n == 1;
}

/* The entry to go next; -1: all have to stay. */
static int superfluous(const struct pool *p)
{
    size_t most = 0;
    int victim = -1;

    for (int i = 0; i < p->count; i++) {
        const struct entry *e = &p->list[i];
        size_t bytes = stage_bytes(p, e->block.stage);

        if (bytes < most || is_last(p, e))
            continue;
        if (victim < 0 || bytes > most || e->used < p->list[victim].used)
            victim = i;
        most = bytes;
    }
    return victim;
}

void pool_shrink(struct pool *p)
{
    while (p->bytes > p->limit) {
        int victim = superfluous(p);

        if (victim < 0)
            return;
        pool_drop(p, victim);
        p->counted.evicted++;
    }
}
