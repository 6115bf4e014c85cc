/* SPDX-License-Identifier: MIT */
/* Numbers found again by architecture, or a set of architectures: 16 to 32 bytes
 * each, as only its hash is kept.  Two architectures of one hash count as one: a
 * chance of 3 in 10^8 that there are any among a million.  All Local. */
#ifndef SPACE_ARCH_INDEX_H
#define SPACE_ARCH_INDEX_H

#include <stdint.h>

#include "space/space.h"

struct state;

/** All 0: empty. */
struct arch_index {
    uint64_t *hash;   /* [room] open addressing by it */
    uint32_t *number; /* [room] what is found, plus 1; 0: a free place */
    int64_t count, room;
};

void arch_index_free(struct arch_index *x);

/** The number of an architecture; -1: it is not there. */
int64_t arch_index_find(const struct arch_index *x, const struct arch *a);

/** Set the number of an architecture, 0..2^32 - 2. */
void arch_index_put(struct arch_index *x, const struct arch *a, int64_t number);

/** Save or load it. */
void arch_index_state(struct arch_index *x, struct state *s, const char *name);

#endif
