/* SPDX-License-Identifier: MIT */
/* Training settings, and one child trained on a group of ranks.
 *
 * A batch is cut into a fixed number of shards, a power of two, each of a
 * multiple of 16 images with batch-norm statistics of its own.  A rank takes a
 * contiguous run of them and adds their gradients in a binary tree; comm_sum
 * continues the tree over the ranks.  So a child's weights have the same bits
 * for every group size. */
#ifndef EVAL_TRAIN_H
#define EVAL_TRAIN_H

#include "base/comm.h"
#include "base/conf.h"
#include "base/mem.h"
#include "base/pulse.h"
#include "eval/data.h"
#include "space/space.h"
#include "space/task.h"

/* clang-format off */
#define TRAIN_SETTINGS(X)                                                      \
    X(INT, epochs, "1", 1, 10000, "epochs",                                    \
      "Passes over the training part for each child")                          \
    X(INT, batch, "64", 16, 65536, "images",                                   \
      "Images of one step; the last, incomplete batch of an epoch is dropped") \
    X(INT, shards, "4", 1, 1024, "",                                           \
      "Parts of a batch, a power of two; batch norm works on one part. At "    \
      "most this many ranks can train one child. Part of the search: changing "\
      "it changes the results")                                                \
    X(REAL, rate, "0.05", 0, 100, "", "Highest learning rate")                 \
    X(REAL, warmup, "0.05", 0, 1, "of all steps",                              \
      "Linear rise of the learning rate; then half a cosine down to 0")        \
    X(REAL, momentum, "0.9", 0, 0.9999, "", "Momentum of SGD")                 \
    X(BOOL, nesterov, "true", 0, 0, "", "Nesterov's form of it")               \
    X(REAL, decay, "4e-5", 0, 1, "", "Weight decay, of all parameters")        \
    X(REAL, smoothing, "0.0", 0, 0.9, "", "Label smoothing")                   \
    X(CHOICE, latency_batch, "16", 0, 0, "1|16",                               \
      "Measure latency with this many images at a time: one alone takes as "   \
      "long as 16, which the kernels work on together")                        \
    X(INT, memory_limit, "0", 0, 1048576, "MiB",                               \
      "Refuse children that need more on a rank; 0: what the machine has for " \
      "each rank")
/* clang-format on */

struct train_conf {
    TRAIN_SETTINGS(CONF_FIELD)
};

extern const struct conf_section train_section;

/** What a rank trains with; reused from child to child. */
struct trainer {
    const struct train_conf *conf;
    const struct data *data;
    const struct kernels *kernels; /* NULL: the best */
    struct comm *group;
    struct pulse *pulse; /* beats with every batch; NULL: none */
    uint64_t seed;
    size_t memory_limit; /* bytes a child may take on this rank */
    struct arena arena;
    int *order; /* [data->trains] */
};

/** How one child is trained. */
struct lesson {
    double epochs; /* passes over the training part, in whole steps, at least
                      one; the schedule of the rate is over these */
    double rate;   /* of a child that was trained before, of train.rate; one of
                      which a share s was: 1 - s (1 - rate) */
    const struct luggage *from; /* blocks to start from; may be empty */
    struct luggage *left; /* its blocks go here; NULL: they are not kept */
};

/** As the settings say, from scratch. */
struct lesson train_lesson(const struct train_conf *c);

/** Images of one shard. */
int train_shard_images(const struct train_conf *c);

/** Bytes a child takes on a rank, all included: what its arena will peak at. */
size_t train_bytes(const struct trainer *t, const struct blueprint *b);

/** Train the network of b on the training part, measure it on the validation
 * part and fill in r.  A child that is too large is REFUSED, one whose loss or
 * weights are not finite is DIVERGED. Collective over t->group. */
void train_child(struct trainer *t, const struct blueprint *b, int64_t task,
                 const struct lesson *l, struct result *r);

#endif
