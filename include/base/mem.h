/* SPDX-License-Identifier: MIT */
/* Memory: checked allocation, counted, and arenas for what lives together.
 *
 * Out of memory ends the job, so no caller tests for NULL.  mem_live() is 0 at
 * the end of every program and test. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/** Array of n zeroed T, 64-byte aligned. Never NULL. */
#define MEM_NEW(T, n) ((T *)mem_new((size_t)(n), sizeof(T)))

void *mem_new(size_t count, size_t size);

/** Grow (or shrink) an array made by MEM_NEW to `count`; new items are zero. */
void *mem_resize(void *old, size_t old_count, size_t count, size_t size);

/** Copy of a string. */
char *mem_text(const char *text);

/** Release; NULL is fine. */
void mem_free(void *p);

/** Blocks allocated and not yet freed. */
long mem_live(void);

/** One block that is handed out piece by piece and released as a whole.
 *
 *     base          used                     peak              size
 *      |-- pieces ---|---- was used before ----|---- never ------|
 */
struct arena {
    char *base;
    size_t used, peak, size; /* bytes */
};

#define ARENA_ALIGN 64

/** Bytes that a piece of `bytes` takes in an arena. */
size_t arena_piece(size_t bytes);

/** Make room for `bytes` in all; what the arena held is gone. Large arenas ask
 * for huge pages. */
void arena_reserve(struct arena *a, size_t bytes);

/** n zeroed T from the arena, 64-byte aligned; the room must have been
 * reserved. */
#define ARENA_NEW(a, T, n) ((T *)arena_new(a, (size_t)(n), sizeof(T)))

void *arena_new(struct arena *a, size_t count, size_t size);

/** Forget all pieces, and the peak. */
void arena_reset(struct arena *a);

/** Give the block back. */
void arena_free(struct arena *a);

#endif
