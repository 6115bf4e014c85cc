/* SPDX-License-Identifier: MIT */
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/err.h"

enum { HUGE_PAGE = 2 << 20 };

static long live; /* blocks */

static size_t round_up(size_t n, size_t step)
{
    return (n + step - 1) / step * step;
}

static void *aligned(size_t bytes, size_t alignment)
{
    void *p = aligned_alloc(alignment, round_up(bytes ? bytes : 1, alignment));

    CHECK(p != NULL);
    live++;
    return p;
}

void *mem_new(size_t count, size_t size)
{
    CHECK(size > 0 && count <= SIZE_MAX / 2 / size);
    return memset(aligned(count * size, ARENA_ALIGN), 0, count * size);
}

void *mem_resize(void *old, size_t old_count, size_t count, size_t size)
{
    char *fresh = mem_new(count, size);

    if (old && old_count > 0)
        memcpy(fresh, old, (old_count < count ? old_count : count) * size);
    mem_free(old);
    return fresh;
}

char *mem_text(const char *text)
{
    size_t n = strlen(text) + 1;

    return memcpy(MEM_NEW(char, n), text, n);
}

void mem_free(void *p)
{
    if (p)
        live--;
    free(p);
}

long mem_live(void)
{
    return live;
}

size_t arena_piece(size_t bytes)
{
    return round_up(bytes, ARENA_ALIGN);
}

void arena_reserve(struct arena *a, size_t bytes)
{
    if (bytes > a->size) {
        arena_free(a);
        a->size = round_up(bytes, HUGE_PAGE);
        a->base = aligned(a->size, HUGE_PAGE);
        (void)madvise(a->base, a->size, MADV_HUGEPAGE);
    }
    arena_reset(a);
}

void *arena_new(struct arena *a, size_t count, size_t size)
{
    size_t bytes;
    void *p;

    CHECK(size > 0 && count <= SIZE_MAX / 2 / size);
    bytes = arena_piece(count * size);
    CHECK(bytes <= a->size - a->used);
    p = a->base + a->used;
    a->used += bytes;
    if (a->used > a->peak)
        a->peak = a->used;
    return memset(p, 0, bytes);
}

void arena_reset(struct arena *a)
{
    a->used = a->peak = 0;
}

void arena_free(struct arena *a)
{
    mem_free(a->base);
    *a = (struct arena){0};
}
