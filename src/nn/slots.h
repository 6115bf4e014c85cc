/* SPDX-License-Identifier: MIT */
/* Memory shared by tensors that are not alive at the same time: each takes the
 * lowest gap between those alive, so all stays small and in cache. All Local. */
#ifndef NN_SLOTS_H
#define NN_SLOTS_H

#include <stddef.h>

struct slots {
    int count;
    struct span {
        size_t at, bytes;
        int node;
    } * spans;    /* those alive, by rising address */
    size_t bytes; /* of all, so far */
};

/** Room for `most` alive at once; free it with slots_free. */
struct slots slots_new(int most);
void slots_free(struct slots *s);

/** A place for a node's tensor. */
size_t slots_take(struct slots *s, int node, size_t bytes);

/** The place of one node becomes another's. */
void slots_hand_on(struct slots *s, int from, int to);

/** The node's tensor is not needed any more, if it has one. */
void slots_release(struct slots *s, int node);

#endif
