/* SPDX-License-Identifier: MIT */
/* No search: the architectures that the user names, in their order; then there
 * are no more.  To train a known network, or to compare a few. */
#include <string.h>

#include "base/conf.h"
#include "base/mem.h"
#include "search/search.h"

#define LIST_SETTINGS(X)                                                       \
    X(TEXTS, archs, "", 0, 0, "",                                              \
      "Architectures, each tried once, in this order; as /trials/arch of a "   \
      "results file has them")

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
    struct space space;

    if (strcmp(search->method.s, "list") != 0 || conf_errors(conf) > 0)
        return;
    if (c->archs.count == 0)
        conf_complain(conf, &section, "archs",
                      "no architecture; at least one for search.method = "
                      "\"list\"");
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
    const struct space *space;
    const struct list_conf *conf;
};

static void *create(const struct search_start *start)
{
    struct list *self = MEM_NEW(struct list, 1);

    *self = (struct list){start->space, conf_of(start->conf, &section)};
    return self;
}

static bool ask(void *self, struct task *t)
{
    const struct list *s = self;

    if (t->id >= s->conf->archs.count)
        return false;
    CHECK(space_parse(s->space, s->conf->archs.value[t->id].s, &t->arch) ==
          ERR_NONE);
    return true;
}

const struct search search_list = {
    .name = "list",
    .help = "The architectures of the section list, in their order",
    .section = &section,
    .create = create,
    .ask = ask,
    .destroy = mem_free,
};
