/* SPDX-License-Identifier: MIT */
/* A set of architectures: those already trained, or being so. */
#ifndef SEARCH_KNOWN_H
#define SEARCH_KNOWN_H

#include <stdbool.h>

#include "space/space.h"

struct known {
    struct arch *at; /* [room], open addressing by arch_hash; count 0: free */
    int64_t count, room;
};

void known_free(struct known *k);
bool known_has(const struct known *k, const struct arch *a);

/** Add, if it is not there. */
void known_add(struct known *k, const struct arch *a);

#endif
