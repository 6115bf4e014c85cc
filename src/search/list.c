/* SPDX-License-Identifier: MIT */
/* No search: the architectures that the user names, then the best of earlier
 * runs, and no more.  To train a known network, to compare a few, or to choose
 * among those that a search has ended with. */
#include <string.h>

#include "base/conf.h"
#include "base/mem.h"
#include "search/finalists.h"
#include "search/search.h"

#define LIST_SETTINGS(X)                                                       \
    X(TEXTS, archs, "", 0, 0, "",                                              \
      "Architectures, each tried once, in this order; as /trials/arch of a "   \
      "results file has them")                                                 \
    X(INT, best, "4", 1, 1000, "architectures",                                \
      "After these, so many of each file of transfer.from: those of the "      \
      "highest rewards, what they owe to inherited weights taken off")

struct list_conf {
    LIST_SETTINGS(CONF_FIELD)
};

static const struct conf_section section;

/* A text is refused with what is wrong in it and how a right one looks. */
static void check_arch(struct conf *conf, const struct space *space, int item,
                       const char *text)
{
    struct arch a, first = {.count = space->count};
    char example[SPACE_TEXT_MAX];

    if (space_parse(space, text, &a) == ERR_NONE)
        return;
    space_format(space, &first, example);
    conf_complain(conf, &section, "archs", "item %d: %s; the form is %s",
                  item + 1, err_message(), example);
    err_clear();
}

/* The space was checked before: its sections come first (run/settings.c).  If
 * something is wrong with it, it cannot judge a text. */
static void check(struct conf *conf, const void *values)
{
    const struct list_conf *c = values;
    const struct search_conf *search = conf_of(conf, &search_section);
    const struct transfer_conf *t = conf_of(conf, &transfer_section);
    struct space space;

    if (strcmp(search->method.s, "list") != 0 || conf_errors(conf) > 0)
        return;
    if (c->archs.count == 0 && t->from.count == 0)
        conf_complain(conf, &section, "archs",
                      "no architecture; at least one for search.method = "
                      "\"list\", or transfer.from");
    space_open(&space, conf);
    for (int i = 0; i < c->archs.count; i++)
        check_arch(conf, &space, i, c->archs.value[i].s);
}

CONF_ROWS(rows, struct list_conf, LIST_SETTINGS)
static const struct conf_section section = {
    .name = "list",
    .help = "Given architectures, instead of a search",
    .bytes = sizeof(struct list_conf),
    .count = CONF_COUNT(rows),
    .rows = rows,
    .check = check,
};

struct list {
    int count;
    struct arch *arch; /* [count] */
};

static void add_named(struct list *l, const struct space *space,
                      const struct list_conf *c)
{
    l->count = c->archs.count;
    for (int i = 0; i < l->count; i++)
        CHECK(space_parse(space, c->archs.value[i].s, &l->arch[i]) == ERR_NONE);
}

static void add_best(struct list *l, const struct space *space,
                     const struct transfer *t, int most)
{
    for (int i = 0; t && i < t->count; i++)
        l->count += finalists(space, &t->runs[i], most, l->arch + l->count);
}

static void *create(const struct search_start *start)
{
    const struct list_conf *c = conf_of(start->conf, &section);
    int runs = start->transfer ? start->transfer->count : 0;
    struct list *self = MEM_NEW(struct list, 1);

    self->arch = MEM_NEW(struct arch, c->archs.count + runs * c->best);
    add_named(self, start->space, c);
    add_best(self, start->space, start->transfer, c->best);
    return self;
}

static bool ask(void *self, struct task *t)
{
    const struct list *l = self;

    if (t->id >= l->count)
        return false;
    t->arch = l->arch[t->id];
    return true;
}

static void destroy(void *self)
{
    struct list *l = self;

    mem_free(l->arch);
    mem_free(l);
}

const struct search search_list = {
    .name = "list",
    .help =
        "The architectures of the section list, or the best of earlier runs",
    .section = &section,
    .transfers = true,
    .create = create,
    .ask = ask,
    .destroy = destroy,
};
