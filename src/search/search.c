/* SPDX-License-Identifier: MIT */
#include "search/search.h"

#include <math.h>
#include <string.h>

CONF_ROWS(rows, struct search_conf, SEARCH_SETTINGS)
const struct conf_section search_section = {
    .name = "search",
    .help = "Which architectures are tried, and how many at a time",
    .bytes = sizeof(struct search_conf),
    .count = CONF_COUNT(rows),
    .rows = rows,
};

static const struct search *const methods[] = {
    &search_ppo, &search_fnas, &search_random, &search_evolution, &search_list};

enum { METHODS = sizeof methods / sizeof methods[0] };

const struct search *search_at(int i)
{
    return i >= 0 && i < METHODS ? methods[i] : NULL;
}

const struct search *search_find(const char *name)
{
    for (int i = 0; i < METHODS; i++)
        if (strcmp(methods[i]->name, name) == 0)
            return methods[i];
    return NULL;
}

void search_tell(const struct search *method, void *self, const struct task *t,
                 const struct result *r, double reward)
{
    if (method->tell)
        method->tell(self, t, r, reward);
}

struct search_health search_health_of(const struct search *method,
                                      const void *self)
{
    if (!method->health)
        return (struct search_health){.entropy = (double)NAN};
    return method->health(self);
}
