/* SPDX-License-Identifier: MIT */
/* One child in memory, trained and asked as eval/train.c does it, but with
 * kernels of choice and as many steps as one likes. */
#ifndef TOOLS_BENCH_CHILD_H
#define TOOLS_BENCH_CHILD_H

#include <stdint.h>

#include "base/comm.h"
#include "base/mem.h"
#include "eval/data.h"
#include "eval/train.h"
#include "eval/tree.h"
#include "nn/graph.h"
#include "space/space.h"

struct child {
    const struct train_conf *conf;
    const struct data *data;
    struct graph g;         /* of a shard */
    struct graph inference; /* of 16 images */
    struct arena arena;
    float *velocity;  /* [params] */
    struct tree tree; /* as for one rank with all shards */
    float *work;      /* [flat] */
    int *labels;      /* [images of a shard] */
    int *order;       /* [data->trains] */
    uint64_t seed;
};

/** Take memory, first weights. Local. */
void child_open(struct child *c, const struct blueprint *b,
                const struct train_conf *conf, const struct data *data,
                const struct kernels *kernels, uint64_t seed);
void child_close(struct child *c);

/** Train so many batches; the last one's mean loss.  The ranks of the group
 * share each batch. Collective over group. */
float child_train(struct child *c, struct comm *group, int steps);

/** Get ready for inference with the weights as they are. Local. */
void child_infer_start(struct child *c);

/** So many passes of 16 images. Local. */
void child_infer(struct child *c, int passes);

#endif
