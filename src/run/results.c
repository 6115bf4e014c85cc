/* SPDX-License-Identifier: MIT */
#include "run/results.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/h5.h"
#include "base/mem.h"
#include "config.h"
#include "eval/pool.h"
#include "nn/gemm.h"
#include "results_parts.h"
#include "run/audit.h"
#include "run/settings.h"
#include "run/store.h"

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
    s->input = conf_print(conf, false);
    (void)strftime(s->started, sizeof s->started, "%Y-%m-%dT%H:%M:%S%z",
                   localtime_r(&now, &tm));
    s->published = comm_clock();
    return ERR_NONE;
}

void results_close(struct results *s)
{
    mem_free(s->input);
    mem_free(s->progress);
}

void results_progress(struct results *s, const struct progress *p)
{
    if (s->rows == s->room) {
        int room = s->room > 0 ? 2 * s->room : 64;

        s->progress = mem_resize(s->progress, (size_t)s->room, (size_t)room,
                                 sizeof s->progress[0]);
        s->room = room;
    }
    s->progress[s->rows++] = *p;
}

static enum err write_column(struct h5 *h, const struct column *c,
                             const void *rows, size_t size, size_t n)
{
    struct h5_array a = {.path = c->path,
                         .type = c->type,
                         .rank = 1,
                         .dims = {n},
                         .units = c->units,
                         .description = c->description};
    char *values = MEM_NEW(char, n * 8);
    enum err e;

    for (size_t i = 0; i < n; i++)
        memcpy(values + 8 * i, (const char *)rows + i * size + c->offset, 8);
    e = h5_write(h, &a, values);
    mem_free(values);
    return e;
}

enum err results_columns(struct h5 *h, const struct column *c, size_t count,
                         const void *rows, size_t size, size_t n)
{
    for (size_t i = 0; i < count; i++)
        TRY(write_column(h, &c[i], rows, size, n));
    return ERR_NONE;
}

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* clang-format off */
#define TRIAL(field) offsetof(struct trial, field)
static const struct column trial_columns[] = {
    {"/trials/id",         H5_INT64,  TRIAL(task.id),           "1", "number of the trial; keys its random streams"},
    {"/trials/accuracy",   H5_DOUBLE, TRIAL(result.accuracy),   "1", "validation accuracy, 0..1; NaN if there is none"},
    {"/trials/reward",     H5_DOUBLE, TRIAL(reward),            "1", "what the search maximises; NaN if the trial does not count"},
    {"/trials/predicted",  H5_DOUBLE, TRIAL(task.said.value),   "1", "reward that the critic expected before; NaN if it was not asked"},
    {"/trials/deviation",  H5_DOUBLE, TRIAL(task.said.deviation), "1", "its standard deviation"},
    {"/trials/loss",       H5_DOUBLE, TRIAL(result.loss),       "nat", "validation cross-entropy; NaN if there is none"},
    {"/trials/train_loss", H5_DOUBLE, TRIAL(result.train_loss), "nat", "training loss, mean of the last epoch; NaN if there is none"},
    {"/trials/params",     H5_INT64,  TRIAL(result.params),     "1", "learned parameters; 0 if not known"},
    {"/trials/macs",       H5_INT64,  TRIAL(result.macs),       "1", "multiply-accumulates of one image, forward; 0 if not known"},
    {"/trials/bytes",      H5_INT64,  TRIAL(result.bytes),      "bytes", "memory of the child on a rank while it trained"},
    {"/trials/latency",    H5_DOUBLE, TRIAL(result.latency),    "s", "forward time of one image, alone or as one of 16 (train.latency_batch); NaN if not measured"},
    {"/trials/epochs",     H5_DOUBLE, TRIAL(result.epochs),     "1", "training epochs spent"},
    {"/trials/inherited",  H5_DOUBLE, TRIAL(result.inherited),  "1", "share of its first weights that came from the knowledge pool; 0: it started from scratch"},
    {"/trials/age",        H5_DOUBLE, TRIAL(result.age),        "1", "training epochs its first weights had behind them, mean over the weights"},
    {"/trials/generation", H5_INT64,  TRIAL(result.generation), "1", "rounds of children that had taught the pool it started from; -1: it started from scratch"},
    {"/trials/scratch",    H5_DOUBLE, TRIAL(result.scratch),    "1", "validation accuracy when trained from scratch as well, to compare; NaN: it was not"},
    {"/trials/scratch_epochs", H5_DOUBLE, TRIAL(result.scratch_epochs), "1", "training epochs spent on that, not in /trials/epochs"},
    {"/trials/seconds",    H5_DOUBLE, TRIAL(result.seconds),    "s", "time of the evaluation"},
    {"/trials/finished",   H5_DOUBLE, TRIAL(finished),          "s", "since the start, when its result was in"},
    {"/trials/twin",       H5_INT64,  TRIAL(twin),              "1", "earlier trial of the same architecture, whose result this is; -1: none"},
};
#define ROW(field) offsetof(struct progress, field)
static const struct column progress_columns[] = {
    {"/progress/evaluated", H5_INT64,  ROW(evaluated), "1", "trials evaluated so far"},
    {"/progress/failed",    H5_INT64,  ROW(failed),    "1", "of them without an accuracy"},
    {"/progress/repeats",   H5_INT64,  ROW(repeats),   "1", "trials answered from an earlier one"},
    {"/progress/predicted", H5_INT64,  ROW(predicted), "1", "trials answered by the critic instead of evaluated"},
    {"/progress/seconds",   H5_DOUBLE, ROW(seconds),   "s", "since the start"},
    {"/progress/best",      H5_DOUBLE, ROW(best),      "1", "highest validation accuracy so far"},
    {"/progress/mean",      H5_DOUBLE, ROW(mean),      "1", "mean accuracy since the last row"},
    {"/progress/entropy",   H5_DOUBLE, ROW(entropy),   "1", "of the policy, 1 = uniform; NaN if there is none"},
    {"/progress/busy",      H5_DOUBLE, ROW(busy),      "1", "share of the groups' time spent on trials"},
    {"/progress/per_hour",  H5_DOUBLE, ROW(per_hour),  "1/h", "trials evaluated per hour"},
};
/* clang-format on */

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

static void arch_text(const struct driver *d, size_t i, char *text)
{
    space_format(d->space, &d->trials.list[i].task.arch, text);
}

static void state_text(const struct driver *d, size_t i, char *text)
{
    (void)strcpy(text, trial_text(d->trials.list[i].result.state));
}

static void reason_text(const struct driver *d, size_t i, char *text)
{
    (void)strcpy(text, d->trials.list[i].result.reason);
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

static enum err write_options(struct h5 *h, const struct driver *d)
{
    const struct trials *t = &d->trials;
    size_t n = (size_t)t->settled, k = (size_t)d->space->count;
    unsigned char *options = MEM_NEW(unsigned char, n *k);
    enum err e;

    for (size_t i = 0; i < n; i++)
        memcpy(options + i * k, t->list[i].task.arch.option, k);
    e = h5_write(h,
                 &(struct h5_array){"/trials_options",
                                    H5_UINT8,
                                    2,
                                    {n, k},
                                    0,
                                    "1",
                                    "option chosen for each decision"},
                 options);
    mem_free(options);
    return e;
}

static enum err write_trials(struct h5 *h, const struct driver *d)
{
    size_t n = (size_t)d->trials.settled;

    TRY(results_columns(h, trial_columns, COUNT(trial_columns), d->trials.list,
                        sizeof(struct trial), n));
    TRY(write_texts(h, "/trials/arch", "architecture", arch_text, d, n));
    TRY(write_texts(h, "/trials/state",
                    "done, cached (answered from an earlier trial), predicted "
                    "(by the critic, not evaluated), diverged, refused or "
                    "failed; only done and cached have an accuracy",
                    state_text, d, n));
    TRY(write_texts(h, "/trials/reason", "why it is not done", reason_text, d,
                    n));
    return write_options(h, d);
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
    const struct trials *t = &d->trials;
    char text[SPACE_TEXT_MAX];

    if (t->best < 0)
        return ERR_NONE;
    space_format(d->space, &t->list[t->best].task.arch, text);
    TRY(h5_write_text(h, "/best/arch", text,
                      "architecture of the highest reward"));
    TRY(results_real(h, "/best/trial", (double)t->best, "1", "its trial"));
    TRY(results_real(h, "/best/reward", t->list[t->best].reward, "1",
                     "its reward"));
    return results_real(h, "/best/accuracy", t->list[t->best].result.accuracy,
                        "1", "its validation accuracy");
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
    TRY(write_trials(h, d));
    TRY(write_decisions(h, d));
    TRY(results_columns(h, progress_columns, COUNT(progress_columns),
                        s->progress, sizeof(struct progress), (size_t)s->rows));
    TRY(write_best(h, d));
    TRY(results_health(h, d));
    TRY(results_critic(h, d));
    TRY(results_run(h, s, d, status));
    if (!usage)
        return ERR_NONE;
    TRY(write_audit(h, d));
    return results_timing(h, s, usage);
}

/* What the evaluator keeps for later runs. */
static enum err publish_pool(const struct results *s)
{
    void *bytes = NULL;
    size_t size;
    enum err e;

    if (!s->eval->image)
        return ERR_NONE;
    TRY(s->eval->image(s->evaluator, &bytes, &size));
    if (!bytes)
        return ERR_NONE;
    e = store_publish(s->pool, bytes, size);
    mem_free(bytes);
    return e;
}

enum err results_publish(struct results *s, const struct driver *d,
                         const char *status, const struct usage *usage)
{
    struct h5 *h = h5_new();
    enum err e = write_file(h, s, d, status, usage);

    s->published = comm_clock();
    if (e == ERR_NONE && d->journal)
        e = journal_sync(d->journal);
    if (e == ERR_NONE)
        e = store_publish_h5(s->path, h);
    h5_close(h);
    TRY(e);
    return usage ? publish_pool(s) : ERR_NONE;
}
