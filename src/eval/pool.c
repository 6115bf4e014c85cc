/* SPDX-License-Identifier: MIT */
#include "eval/pool.h"

#include <string.h>

#include "base/mem.h"
#include "eval/eval.h"
#include "eval/inherit.h"
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

struct pool *pool_new(const struct pool_conf *conf, uint64_t seed)
{
    struct pool *p = MEM_NEW(struct pool, 1);

    p->conf = conf;
    p->seed = seed;
    p->limit = (size_t)conf->limit << 20;
    p->round = conf->round;
    p->step = conf->step;
    p->told = MEM_NEW(struct luggage, conf->round);
    return p;
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    for (int i = 0; i < p->count; i++)
        mem_free(p->list[i].w);
    for (int i = 0; i < p->told_count; i++)
        mem_free(p->told[i].bytes);
    mem_free(p->told);
    mem_free(p->list);
    mem_free(p);
}

static size_t bytes_of(const struct entry *e)
{
    return block_values(&e->block) * sizeof(float);
}

struct entry *pool_find(const struct pool *p, const struct block *b)
{
    for (int i = 0; i < p->count; i++)
        if (inherit_kin(&p->list[i].block, b))
            return &p->list[i];
    return NULL;
}

void pool_drop(struct pool *p, int i)
{
    p->bytes -= bytes_of(&p->list[i]);
    mem_free(p->list[i].w);
    p->count--;
    memmove(&p->list[i], &p->list[i + 1],
            (size_t)(p->count - i) * sizeof p->list[0]);
}

void pool_put(struct pool *p, struct entry e)
{
    struct entry *old = pool_find(p, &e.block);

    if (old)
        pool_drop(p, (int)(old - p->list));
    if (p->count == p->room) {
        size_t room = p->room > 0 ? 2 * (size_t)p->room : 64;

        p->list = mem_resize(p->list, (size_t)p->room, room, sizeof p->list[0]);
        p->room = (int)room;
    }
    p->bytes += bytes_of(&e);
    p->list[p->count++] = e;
}

void pool_shrink(struct pool *p)
{
    while (p->bytes > p->limit) {
        int oldest = 0;

        for (int i = 1; i < p->count; i++)
            if (p->list[i].used < p->list[oldest].used)
                oldest = i;
        pool_drop(p, oldest);
        p->counted.evicted++;
    }
}

/* First weights of a block, over them those of its entry; the share of these. */
static double first_and_stored(const struct pool *p, float *w,
                               const struct block *b, const struct entry *e)
{
    size_t n = block_values(b), found = 0;
    size_t *at = MEM_NEW(size_t, n);

    inherit_map(at, b, &e->block);
    for (size_t i = 0; i < n; i++)
        found += at[i] != INHERIT_NOWHERE;
    if (found < n)
        inherit_first(w, b, p->seed);
    for (size_t i = 0; i < n; i++)
        if (at[i] != INHERIT_NOWHERE)
            w[i] = e->w[at[i]];
    mem_free(at);
    return (double)found / (double)n;
}

static void start_block(struct pool *p, struct luggage *l,
                        const struct block *b)
{
    const struct entry *e = pool_find(p, b);
    float *w = MEM_NEW(float, block_values(b));
    struct legacy item = {.block = *b, .generation = p->generation, .w = w};

    if (e) {
        item.share = first_and_stored(p, w, b, e);
        item.age = item.share * e->age;
    } else {
        inherit_first(w, b, p->seed);
    }
    heritage_add(l, &item);
    mem_free(w);
    p->counted.hits += e != NULL;
    p->counted.found += e && p->generation > 0;
}

struct luggage pool_start(struct pool *p, const struct blueprint *b)
{
    struct block blocks[BLOCKS_MAX];
    struct luggage l = {0};
    int count = block_list(blocks, b);

    p->counted.lookups += count;
    p->counted.warm += p->generation > 0 ? count : 0;
    for (int i = 0; i < count; i++)
        start_block(p, &l, &blocks[i]);
    return l;
}

/* Make an entry that holds the block. */
static void hold(struct pool *p, const struct block *b)
{
    struct entry *old = pool_find(p, b), e = {.block = *b};

    if (old) {
        e = *old;
        e.block = inherit_union(&old->block, b);
        if (block_equal(&e.block, &old->block))
            return;
    }
    e.w = MEM_NEW(float, block_values(&e.block));
    if (old)
        e.age *= first_and_stored(p, e.w, &e.block, old);
    else
        inherit_first(e.w, &e.block, p->seed);
    pool_put(p, e);
}

/* What the children of a round added to an entry. */
struct gain {
    double *sum; /* [values] */
    int *n;      /* [values] children that trained the weight */
    int children;
    double epochs; /* that they were trained, all */
};

static void add(struct gain *g, const struct entry *e,
                const struct legacy *item)
{
    size_t n = block_values(&item->block);
    size_t *at = MEM_NEW(size_t, n);

    inherit_map(at, &item->block, &e->block);
    for (size_t i = 0; i < n; i++) {
        g->sum[at[i]] += (double)item->w[i];
        g->n[at[i]]++;
    }
    mem_free(at);
    g->children++;
    g->epochs += item->epochs;
}

static void apply(struct entry *e, const struct gain *g, double step,
                  int64_t now)
{
    size_t n = block_values(&e->block), trained = 0;

    if (g->children == 0)
        return;
    for (size_t i = 0; i < n; i++)
        if (g->n[i] > 0) {
            e->w[i] += (float)(step * (g->sum[i] / g->n[i]));
            trained++;
        }
    inherit_mend(e->w, &e->block);
    e->age += g->epochs / g->children * (double)trained / (double)n;
    e->updates += g->children;
    e->used = now;
}

static void learn(struct pool *p, struct entry *e)
{
    size_t n = block_values(&e->block);
    struct gain g = {.sum = MEM_NEW(double, n), .n = MEM_NEW(int, n)};
    struct legacy item;

    for (int i = 0; i < p->told_count; i++)
        for (size_t at = 0; heritage_next(&p->told[i], &at, &item);)
            if (inherit_kin(&item.block, &e->block))
                add(&g, e, &item);
    apply(e, &g, e->updates > 0 ? p->step : 1, p->generation);
    mem_free(g.sum);
    mem_free(g.n);
}

void pool_commit(struct pool *p)
{
    struct legacy item;

    if (p->told_count == 0)
        return;
    for (int i = 0; i < p->told_count; i++)
        for (size_t at = 0; heritage_next(&p->told[i], &at, &item);)
            hold(p, &item.block);
    p->generation++;
    for (int i = 0; i < p->count; i++)
        learn(p, &p->list[i]);
    for (int i = 0; i < p->told_count; i++)
        mem_free(p->told[i].bytes);
    p->told_count = 0;
    pool_shrink(p);
}

void pool_tell(struct pool *p, const struct result *r, struct luggage left)
{
    if (!result_counts(r)) {
        mem_free(left.bytes);
        left = (struct luggage){0};
    }
    p->told[p->told_count++] = left;
    if (p->told_count == p->round)
        pool_commit(p);
}
