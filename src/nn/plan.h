/* SPDX-License-Identifier: MIT */
/* Where the gradients of a graph live, and what it takes in all. All Local. */
#ifndef NN_PLAN_H
#define NN_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "nn/graph.h"

#define PLAN_NOWHERE ((size_t)-1)

struct plan {
    struct spot {
        size_t at; /* bytes into the memory for values, or PLAN_NOWHERE */
        int room, halo;
    } * spots[2];  /* [count] in either mode; node 0 has its own */
    size_t *dx;    /* [count] bytes into the gradient memory, or PLAN_NOWHERE */
    int *room;     /* [count] channels of dx */
    bool *reached; /* [count] the loss depends on it */
    bool *first;   /* [count][2], see struct node */
    bool *lazy;    /* [count] */
    int *norm;     /* [count] */
    int *sum;      /* [count] */
    size_t x_bytes;    /* memory for values */
    size_t dx_bytes;   /* gradient memory */
    size_t work_bytes; /* scratch */
    size_t bytes;      /* of the arena, in all */
};

/** Plan a whole graph; free it with plan_free. */
struct plan plan_new(const struct graph *g);

void plan_free(struct plan *p);

/** Its parts: spots, sum (once lazy and norm are set); dx, reached, first. */
void plan_values(struct plan *p, const struct graph *g);
void plan_gradients(struct plan *p, const struct graph *g);

/** The place at a spot of the memory for values. */
struct place plan_place(const struct spot *s, const struct node *n,
                        char *memory);

/** Bytes of a node's x, and of its dx. */
size_t plan_tensor(const struct graph *g, const struct node *n);

#endif
