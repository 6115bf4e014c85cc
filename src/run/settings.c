/* SPDX-License-Identifier: MIT */
#include "run/settings.h"

#include <string.h>

#include "eval/data.h"
#include "eval/evaluators.h"
#include "eval/train.h"
#include "nn/choice.h"
#include "run/ranks.h"
#include "search/fnas.h"
#include "search/reward.h"
#include "search/search.h"
#include "space/space.h"

CONF_ROWS(run_rows, struct run_conf, RUN_SETTINGS)

static void check_run(struct conf *conf, const void *values)
{
    const struct run_conf *c = values;
    const struct eval_conf *eval = conf_of(conf, &eval_section);
    const struct reward_conf *reward = conf_of(conf, &reward_section);
    const struct search_conf *search = conf_of(conf, &search_section);
    const struct fnas_conf *fnas = conf_of(conf, &fnas_section);
    size_t n = strlen(c->name.s);

    if (strcmp(search->method.s, "fnas") == 0 && fnas->critic &&
        c->patience < 2 * fnas->sample)
        conf_complain(
            conf, &run_section, "patience",
            "%d is less than two rounds of fnas.sample = %d, of which "
            "all but one may be predictions",
            c->patience, fnas->sample);
    if (n == 0 || c->name.s[n - 1] == '/')
        conf_complain(conf, &run_section, "name",
                      "\"%s\" is not the name of a file", c->name.s);
    if (strcmp(reward->cost.s, "latency") == 0 &&
        strcmp(eval->kind.s, "table") == 0)
        conf_complain(conf, &reward_section, "cost",
                      "a table has no latency; use macs or params, or "
                      "eval.kind = \"train\"");
}

const struct conf_section run_section = {
    .name = "run",
    .help = "The run as a whole.",
    .bytes = sizeof(struct run_conf),
    .count = CONF_COUNT(run_rows),
    .rows = run_rows,
    .check = check_run,
};

enum { SECTIONS_MAX = 64 };

struct list {
    int count;
    const struct conf_section *section[SECTIONS_MAX];
};

static void add(struct list *l, const struct conf_section *s)
{
    CHECK(l->count < SECTIONS_MAX);
    if (s)
        l->section[l->count++] = s;
}

/* In the order of the printed input file, and of the checks: a method's may use
 * the space. */
struct conf *settings_new(void)
{
    struct list l = {.count = 0};

    add(&l, &run_section);
    add(&l, &space_section);
    for (int i = 0; space_kind_at(i); i++)
        add(&l, space_kind_at(i)->section);
    add(&l, &search_section);
    for (int i = 0; search_at(i); i++)
        add(&l, search_at(i)->section);
    add(&l, &reward_section);
    add(&l, &eval_section);
    add(&l, &train_section);
    add(&l, &nn_section);
    add(&l, &table_section);
    add(&l, &data_section);
    add(&l, &synthetic_section);
    add(&l, &parallel_section);
    return conf_new(l.section, l.count);
}
