/* SPDX-License-Identifier: MIT */
/* The architecture knowledge pool: weights of trained blocks, to start children
 * from (after Liu et al. 2021, FNAS; how is our own).
 *
 * The pool has one entry for each kin of blocks (eval/inherit.h), as large as
 * the largest that was seen.  A child starts from its part of each, with first
 * weights where there is none yet: so every child does, from the first one on.
 * What training added to the part is added to the entry, times `step` (Nichol et
 * al. 2018, Reptile); where several children of a round trained the same weight,
 * the mean of what they added (McMahan et al. 2017, federated averaging).  So the
 * pool ages with every round, and no child has an advantage over others of its
 * round:
 *
 *     - weights are copied when read; training never changes the pool
 *     - what children leave is committed after every `round` of results, in the
 *       order told, so the pool is a function of the order of the tasks
 *     - all children are trained equally long
 *
 * Rewards rise with the age of the pool.  A search that compares within rounds,
 * as ppo does with ppo.batch = pool.round, is not misled by that; the critic of
 * fnas takes off what weights of an age are worth (learn/critic.h), so that
 * rounds may be short, down to one child.
 *
 * Memory is bounded: the entry goes that learned least recently. Rank 0 only. */
#ifndef EVAL_POOL_H
#define EVAL_POOL_H

#include "base/conf.h"
#include "eval/heritage.h"

/* clang-format off */
#define POOL_SETTINGS(X)                                                       \
    X(BOOL, enabled, "false", 0, 0, "",                                        \
      "Start children from weights that earlier ones trained")                 \
    X(REAL, epochs, "0.5", 0.001, 10000, "epochs",                             \
      "Passes over the training part for a child; at most train.epochs, which " \
      "those have that are trained from scratch to compare")                   \
    X(REAL, rate, "1", 0.001, 1, "of train.rate",                              \
      "Learning rate of a child whose weights were all trained before; one of " \
      "which some were learns at a rate in between")                           \
    X(INT, round, "8", 1, 1000000, "trials",                                   \
      "The pool learns after every so many results")                           \
    X(REAL, step, "1", 0.001, 1, "of what training added",                     \
      "What the pool takes over of that, once it has learned a block; less "   \
      "makes of it a mean of more children")                                   \
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

struct state;

/** A stored block: the largest of its kin so far. */
struct entry {
    struct block block;
    double age;      /* epochs that its weights were trained, mean over them */
    int64_t updates; /* children it has learned from */
    int64_t used;    /* commit that last changed it */
    float *w;        /* [block_values(&block)] */
};

/** What happened to lookups, one for each block of a child. */
struct pool_count {
    int64_t lookups, hits; /* all */
    int64_t warm, found;   /* of children asked after the first commit */
    int64_t evicted;       /* entries that made room for others */
};

struct pool {
    const struct pool_conf *conf; /* borrowed */
    uint64_t seed;
    size_t limit; /* bytes */
    int round;
    double step;
    struct entry *list; /* [count], in the order taken in */
    int count, room;
    int generation;       /* commits so far */
    size_t bytes;         /* of all weights */
    struct luggage *told; /* [told_count] since the last commit, of [round] */
    int told_count;
    struct pool_count counted;
};

/** An empty pool. */
struct pool *pool_new(const struct pool_conf *conf, uint64_t seed);
void pool_free(struct pool *p);

/** What a child starts from: all of its blocks. */
struct luggage pool_start(struct pool *p, const struct blueprint *b);

/** A result was told; `left` is what the child left, its bytes become the
 * pool's.  One that does not count leaves nothing.  Commits after every
 * `round` calls. */
void pool_tell(struct pool *p, const struct result *r, struct luggage left);

/** Learn from what was told since. */
void pool_commit(struct pool *p);

/** Add an entry, in place of one of the same kin; its weights become the
 * pool's. */
void pool_put(struct pool *p, struct entry e);

/** Remove the i-th entry. */
void pool_drop(struct pool *p, int i);

/** Remove entries until the limit is kept. */
void pool_shrink(struct pool *p);

/** Save or load it; one that cannot be loaded stays as it was. */
void pool_state(struct pool *p, struct state *s);

/** The entry of a block's kin; NULL: none. */
struct entry *pool_find(const struct pool *p, const struct block *b);

#endif
