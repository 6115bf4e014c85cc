/* SPDX-License-Identifier: MIT */
#include "run/settings.h"

#include <stdio.h>
#include <string.h>

#include "base/conf_value.h"
#include "base/mem.h"

#include "eval/data.h"
#include "eval/evaluators.h"
#include "eval/pool.h"
#include "eval/train.h"
#include "nn/choice.h"
#include "run/ranks.h"
#include "run/store.h"
#include "search/fnas.h"
#include "search/reward.h"
#include "search/search.h"
#include "search/transfer.h"
#include "space/space.h"

CONF_ROWS(run_rows, struct run_conf, RUN_SETTINGS)

/* What a table cannot tell. */
static void check_table(struct conf *conf, const struct reward_conf *c)
{
    if (strcmp(c->cost.s, "latency") == 0)
        conf_complain(conf, &reward_section, "cost",
                      "a table has no latency; use macs or params, or "
                      "eval.kind = \"train\"");
    if (strcmp(c->merit.s, "likelihood") == 0)
        conf_complain(conf, &reward_section, "merit",
                      "a table has no losses; use accuracy, or "
                      "eval.kind = \"train\"");
}

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
    if (strcmp(eval->kind.s, "table") == 0)
        check_table(conf, reward);
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
    add(&l, &transfer_section);
    add(&l, &reward_section);
    add(&l, &eval_section);
    add(&l, &train_section);
    add(&l, &pool_section);
    add(&l, &nn_section);
    add(&l, &table_section);
    add(&l, &data_section);
    add(&l, &synthetic_section);
    add(&l, &parallel_section);
    return conf_new(l.section, l.count);
}

/* "old.h5" left "old.pool.h5". */
static bool pool_beside(char *path, size_t size, const char *results)
{
    size_t n = strlen(results);

    if (n > 3 && strcmp(results + n - 3, ".h5") == 0)
        n -= 3;
    (void)snprintf(path, size, "%.*s.pool.h5", (int)n, results);
    return store_exists(path);
}

void settings_complete(struct conf *conf)
{
    const struct transfer_conf *t = conf_of(conf, &transfer_section);
    const struct pool_conf *pool = conf_of(conf, &pool_section);
    char path[CONF_TEXT_MAX + 16];

    if (!pool->enabled || conf_is_set(conf, &pool_section, "from"))
        return;
    for (int i = 0; i < t->from.count; i++)
        if (pool_beside(path, sizeof path, t->from.value[i].s)) {
            conf_set(conf, &pool_section, conf_find_row(&pool_section, "from"),
                     path, "transfer.from", 0);
            return;
        }
}

/* What may change between a run and its restart. */
static bool is_free(const struct conf_section *s, const struct conf_row *row)
{
    static const char *const names[] = {
        "name",        "trials", "report_every", "publish_every",
        "state_every", "grace",  "time_limit",   "watch"};

    if (s == &parallel_section)
        return true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (s == &run_section && strcmp(row->name, names[i]) == 0)
            return true;
    return false;
}

char *settings_text(const struct conf *conf)
{
    const struct conf_section *s;
    struct conf_draft draft;

    conf_draft_open(&draft);
    for (int i = 0; (s = conf_section_at(conf, i)); i++)
        for (int k = 0; k < s->count; k++) {
            const struct conf_row *row = &s->rows[k];

            if (is_free(s, row))
                continue;
            (void)fprintf(draft.stream, "%s.%s = ", s->name, row->name);
            conf_value_print(draft.stream, row,
                             (const char *)conf_of(conf, s) + row->offset);
            (void)fputc('\n', draft.stream);
        }
    return conf_draft_take(&draft);
}

static size_t length(const char *line)
{
    return strcspn(line, "\n");
}

static const char *after(const char *line)
{
    size_t n = length(line);

    return line + n + (line[n] == '\n');
}

/* The line of the same setting; NULL: there is none. */
static const char *find(const char *text, const char *line)
{
    size_t name = strcspn(line, "=\n");

    while (*text &&
           (strcspn(text, "=\n") != name || memcmp(text, line, name) != 0))
        text = after(text);
    return *text ? text : NULL;
}

static void note(char *list, size_t size, const char *line, const char *was)
{
    size_t at = strlen(list), name = strcspn(line, "=\n");
    const char *comma = at > 0 ? ", " : "";

    if (!was)
        (void)snprintf(list + at, size - at, "%s%.*s (was not there)", comma,
                       (int)length(line), line);
    else
        (void)snprintf(list + at, size - at, "%s%.*s (was%.*s)", comma,
                       (int)length(line), line,
                       (int)(length(was) - name - (was[name] == '=')),
                       was + name + (was[name] == '='));
}

void settings_differences(const char *now, const char *then, char *list,
                          size_t size)
{
    list[0] = '\0';
    for (const char *line = now; *line; line = after(line)) {
        const char *was = find(then, line);

        if (!was || length(was) != length(line) ||
            memcmp(was, line, length(line)) != 0)
            note(list, size, line, was);
    }
    for (const char *line = then; *line; line = after(line))
        if (!find(now, line)) {
            size_t at = strlen(list);

            (void)snprintf(list + at, size - at, "%s%.*s (is not any more)",
                           at > 0 ? ", " : "", (int)length(line), line);
        }
}
