/* SPDX-License-Identifier: MIT */
#include "run/results.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/h5.h"
#include "base/mem.h"
#include "eval/pool.h"
#include "results_parts.h"
#include "run/audit.h"
#include "run/settings.h"
#include "run/store.h"

/* Nothing is noted. */
static void begin(struct results *s)
{
    const struct run_conf *run = conf_of(s->conf, &run_section);

    spool_new(&s->progress, run->name.s, sizeof(struct progress));
    memset(s->width, 0, sizeof s->width);
}

void results_forget(struct results *s)
{
    spool_free(&s->progress);
    begin(s);
}

enum err results_open(struct results *s, const struct conf *conf, bool replace)
{
    const struct run_conf *run = conf_of(conf, &run_section);
    const struct pool_conf *pool = conf_of(conf, &pool_section);
    time_t now = time(NULL);
    struct tm tm;

    (void)snprintf(s->path, sizeof s->path, "%s.h5", run->name.s);
    (void)snprintf(s->pool, sizeof s->pool, "%s.pool.h5", run->name.s);
    TRY(store_ready(s->path, replace));
    if (pool->enabled)
        TRY(store_ready(s->pool, replace));
    store_set_aside(s->path);
    store_set_aside(s->pool);
    s->conf = conf;
    begin(s);
    s->input = conf_print(conf, false);
    (void)strftime(s->started, sizeof s->started, "%Y-%m-%dT%H:%M:%S%z",
                   localtime_r(&now, &tm));
    s->published = comm_clock();
    return ERR_NONE;
}

void results_close(struct results *s)
{
    mem_free(s->input);
    spool_free(&s->progress);
}

void results_progress(struct results *s, const struct progress *p)
{
    spool_append(&s->progress, p);
}

/* A column of strings: text(context, i) of each row. */
static enum err write_texts(struct h5 *h, const char *path,
                            const char *description,
                            void (*text)(const struct driver *, size_t, char *),
                            const struct driver *d, size_t n)
{
    struct h5_array a = {.path = path,
                         .type = H5_TEXT,
                         .rank = 1,
                         .dims = {n},
                         .width = 1,
                         .units = "",
                         .description = description};
    char one[SPACE_TEXT_MAX], *all;
    enum err e;

    for (size_t i = 0; i < n; i++) {
        text(d, i, one);
        a.width = strlen(one) + 1 > a.width ? strlen(one) + 1 : a.width;
    }
    all = MEM_NEW(char, n *a.width);
    for (size_t i = 0; i < n; i++) {
        text(d, i, one);
        memcpy(all + i * a.width, one, strlen(one));
    }
    e = h5_write(h, &a, all);
    mem_free(all);
    return e;
}

static void decision_text(const struct driver *d, size_t i, char *text)
{
    (void)strcpy(text, d->space->decisions[i].name);
}

/* "k3 k5" */
static void labels_text(const struct driver *d, size_t i, char *text)
{
    const struct decision *x = &d->space->decisions[i];

    text[0] = '\0';
    for (int k = 0; k < x->options; k++) {
        (void)strcat(text, k > 0 ? " " : "");
        (void)strcat(text, x->labels[k]);
    }
}

static enum err write_decisions(struct h5 *h, const struct driver *d)
{
    size_t n = (size_t)d->space->count;
    int64_t options[SPACE_DECISIONS_MAX];

    for (size_t i = 0; i < n; i++)
        options[i] = d->space->decisions[i].options;
    TRY(write_texts(h, "/decisions/name", "name of each decision",
                    decision_text, d, n));
    TRY(write_texts(h, "/decisions/labels",
                    "its options in order, separated by blanks", labels_text, d,
                    n));
    return h5_write(h,
                    &(struct h5_array){"/decisions/options",
                                       H5_INT64,
                                       1,
                                       {n},
                                       0,
                                       "1",
                                       "number of its options"},
                    options);
}

static enum err write_best(struct h5 *h, const struct driver *d)
{
    const struct trial *best = &d->trials.best;
    char text[SPACE_TEXT_MAX];

    if (best->task.id < 0)
        return ERR_NONE;
    space_format(d->space, &best->task.arch, text);
    TRY(h5_write_text(h, "/best/arch", text,
                      "architecture of the highest reward"));
    TRY(results_real(h, "/best/trial", (double)best->task.id, "1",
                     "its trial"));
    TRY(results_real(h, "/best/reward", best->reward, "1", "its reward"));
    return results_real(h, "/best/accuracy", best->result.accuracy, "1",
                        "its validation accuracy");
}

static enum err write_audit(struct h5 *h, const struct driver *d)
{
    const struct run_conf *run = conf_of(d->conf, &run_section);
    struct audit a = audit_of(&d->audit, (uint64_t)run->seed);

    return audit_write(&a, h);
}

static enum err write_file(struct h5 *h, const struct results *s,
                           const struct driver *d, const char *status,
                           const struct usage *usage)
{
    TRY(results_root(h, s));
    TRY(results_trials(h, s, d));
    TRY(write_decisions(h, d));
    TRY(results_rows(h, s));
    TRY(write_best(h, d));
    TRY(results_health(h, d));
    TRY(results_critic(h, d));
    TRY(results_run(h, s, d, status));
    if (!usage)
        return ERR_NONE;
    TRY(write_audit(h, d));
    return results_timing(h, s, usage);
}

/* What the evaluator leaves to later runs. */
static enum err publish_pool(const struct results *s)
{
    const struct pool_conf *pool = conf_of(s->conf, &pool_section);
    struct draft draft;

    if (!pool->enabled || !s->eval->leave)
        return ERR_NONE;
    TRY(store_begin(&draft, s->pool));
    return store_end(&draft, s->eval->leave(s->evaluator, draft.h5));
}

static enum err publish(const struct results *s, const struct driver *d,
                        const char *status, const struct usage *usage)
{
    struct draft draft;

    if (d->journal)
        TRY(journal_sync(d->journal));
    TRY(store_begin(&draft, s->path));
    return store_end(&draft, write_file(draft.h5, s, d, status, usage));
}

enum err results_publish(struct results *s, const struct driver *d,
                         const char *status, const struct usage *usage)
{
    double start = comm_clock();
    enum err e = publish(s, d, status, usage);

    s->published = comm_clock();
    s->took = s->published - start;
    TRY(e);
    return usage ? publish_pool(s) : ERR_NONE;
}
