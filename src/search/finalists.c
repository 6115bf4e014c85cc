/* SPDX-License-Identifier: MIT */
#include "search/finalists.h"

#include <stdlib.h>

#include "base/mem.h"
#include "learn/critic.h"

struct candidate {
    double value;
    int row; /* of the earlier run */
};

/* The highest value first; of equal ones the earlier. */
static int better(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    if (x->value != y->value)
        return x->value < y->value ? 1 : -1;
    return (x->row > y->row) - (x->row < y->row);
}

/* All results by their levelled rewards. */
static void rank(const struct space *space, const struct earlier *run,
                 struct candidate *c)
{
    double *level = MEM_NEW(double, run->count);

    critic_level(space, run->count, run->arch, run->reward, run->age, level);
    for (int i = 0; i < run->count; i++)
        c[i] = (struct candidate){level[i], i};
    qsort(c, (size_t)run->count, sizeof c[0], better);
    mem_free(level);
}

static bool is_there(const struct arch *list, int n, const struct arch *a)
{
    for (int i = 0; i < n; i++)
        if (arch_equal(&list[i], a))
            return true;
    return false;
}

int finalists(const struct space *space, const struct earlier *run, int most,
              struct arch *best)
{
    struct candidate *c = MEM_NEW(struct candidate, run->count);
    int n = 0;

    rank(space, run, c);
    for (int i = 0; i < run->count && n < most; i++)
        if (!is_there(best, n, &run->arch[c[i].row]))
            best[n++] = run->arch[c[i].row];
    mem_free(c);
    return n;
}
