/* SPDX-License-Identifier: MIT */
/* The architecture knowledge pool: blocks of trained children, to start new
 * ones from (after Liu et al. 2021, FNAS; how is our own).
 *
 * Every block of a child starts from the stored block of its stage that is most
 * like it.  So that no child has an advantage (the strict fairness of Chu et
 * al. 2019, FairNAS, carried over):
 *
 *   - blocks are copied when read; training never changes the pool
 *   - what children leave is committed after every `round` of results, in the
 *     order told, so the pool is a function of the order of the tasks
 *   - blocks carry a generation: that of a child trained from scratch is 0, that
 *     of a child that started from generation g is g + 1.  All children start
 *     from one generation.  The next one takes its place when it has a block
 *     of every kind that this one has (kind: stage, operator, expansion and
 *     kernel); until then, and after the last generation allowed, it takes only
 *     kinds that this one lacks
 *   - all children that start from the pool are trained equally long
 *
 * Memory is bounded: of the stage with the most bytes, the block goes that was
 * not used for longest; the last of a stage and generation stays.
 * Rank 0 only. */
#ifndef EVAL_POOL_H
#define EVAL_POOL_H

#include "base/conf.h"
#include "eval/heritage.h"

/* clang-format off */
#define POOL_SETTINGS(X)                                                       \
    X(BOOL, enabled, "false", 0, 0, "",                                        \
      "Start children from the weights of similar blocks of earlier ones")     \
    X(REAL, epochs, "0.5", 0.001, 10000, "epochs",                             \
      "Passes over the training part for a child that starts from the pool; "  \
      "at most train.epochs, which the others have")                           \
    X(REAL, rate, "1.0", 0.001, 1000, "of train.rate",                         \
      "Highest learning rate of a child that starts from the pool")            \
    X(INT, round, "8", 1, 1000000, "trials",                                   \
      "Blocks are taken in after every so many results")                       \
    X(INT, generations, "2", 1, 1000000, "",                                   \
      "Generations of blocks: the last one is not trained further")            \
    X(REAL, audit, "0.05", 0, 1, "of the trials",                              \
      "Train this part of the children from scratch as well, to compare; "     \
      "costs extra epochs and does not enter the search")                      \
    X(INT, limit, "256", 1, 1048576, "MiB",                                    \
      "Size of the pool on rank 0")                                            \
    X(TEXT, from, "", 0, 0, "",                                                \
      "Start with the pool of an earlier run, NAME.pool.h5")
/* clang-format on */

struct pool_conf {
    POOL_SETTINGS(CONF_FIELD)
};

extern const struct conf_section pool_section;

/** A stored block. */
struct entry {
    struct block block;
    int generation;
    double age;     /* epochs its weights were trained */
    double reward;  /* of the child that left it; NAN: not known */
    int64_t source; /* that child's task; below 0: one of earlier runs */
    int64_t used;   /* lookups before it was last found */
    float *w;       /* [block_values(&block)] */
};

/** What happened to lookups, one for each block of a child. */
struct pool_count {
    int64_t lookups, hits; /* all */
    int64_t warm, found;   /* of children asked after the first commit */
    int64_t evicted;       /* entries that made room for others */
};

struct told;

struct pool {
    size_t limit; /* bytes */
    int round, generations;
    struct entry *list; /* [count], in the order taken in */
    int count, room;
    int generation;    /* that children start from */
    size_t bytes;      /* of all weights */
    struct told *told; /* [told_count] since the last commit */
    int told_count;
    struct pool_count counted;
};

/** An empty pool. */
struct pool *pool_new(const struct pool_conf *conf);
void pool_free(struct pool *p);

/** What a child starts from: for each of its blocks, the most similar. */
struct luggage pool_start(struct pool *p, const struct blueprint *b);

/** A result was told; `left` is what the child left, its bytes become the
 * pool's.  One that does not count leaves nothing.  Commits after every
 * `round` calls. */
void pool_tell(struct pool *p, const struct result *r, double reward,
               struct luggage left);

/** Commit what was told since. */
void pool_commit(struct pool *p);

/** Take in an entry as it is, in place of one of the same key and generation;
 * its weights become the pool's. */
void pool_put(struct pool *p, struct entry e);

/** Remove the i-th entry. */
void pool_drop(struct pool *p, int i);

/** Remove entries until the limit is kept. */
void pool_shrink(struct pool *p);

/** How alike are two blocks, 0..1: the cosine between what describes them;
 * stage and stride are not part of that. */
double pool_similarity(const struct block *a, const struct block *b);

/** Same stage, operator, expansion and kernel? */
bool pool_same_kind(const struct block *a, const struct block *b);

/** The entry of the present generation most like a block: of its stage; of its
 * stride, if there is one; the first of equals.  NULL: none of its stage. */
struct entry *pool_find(const struct pool *p, const struct block *b);

#endif
