/* SPDX-License-Identifier: MIT */
#include "slots.h"

#include "base/err.h"
#include "base/mem.h"

struct slots slots_new(int most)
{
    return (struct slots){.spans = MEM_NEW(struct span, most)};
}

void slots_free(struct slots *s)
{
    mem_free(s->spans);
    *s = (struct slots){0};
}

size_t slots_take(struct slots *s, int node, size_t bytes)
{
    size_t at = 0;
    int i = 0;

    while (i < s->count && s->spans[i].at - at < bytes) {
        at = s->spans[i].at + s->spans[i].bytes;
        i++;
    }
    for (int j = s->count++; j > i; j--)
        s->spans[j] = s->spans[j - 1];
    s->spans[i] = (struct span){at, bytes, node};
    if (s->bytes < at + bytes)
        s->bytes = at + bytes;
    return at;
}

static struct span *find(struct slots *s, int node)
{
    for (int i = 0; i < s->count; i++)
        if (s->spans[i].node == node)
            return &s->spans[i];
    return NULL;
}

void slots_hand_on(struct slots *s, int from, int to)
{
    struct span *span = find(s, from);

    CHECK(span);
    span->node = to;
}

void slots_release(struct slots *s, int node)
{
    struct span *span = find(s, node);

    if (!span)
        return;
    s->count--;
    for (; span < s->spans + s->count; span++)
        span[0] = span[1];
}
