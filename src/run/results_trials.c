/* SPDX-License-Identifier: MIT */
/* /trials, /progress: lists that may be too long for memory, a part at a time. */
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "base/state.h"
#include "results_parts.h"

enum err results_columns_make(struct h5 *h, const struct column *c,
                              size_t count, size_t n)
{
    for (size_t i = 0; i < count; i++)
        TRY(h5_make(h, &(struct h5_array){.path = c[i].path,
                                          .type = c[i].type,
                                          .rank = 1,
                                          .dims = {n},
                                          .units = c[i].units,
                                          .description = c[i].description}));
    return ERR_NONE;
}

static enum err write_column(struct h5 *h, const struct column *c,
                             const struct slice *p, size_t size)
{
    struct h5_array a = {
        .path = c->path, .type = c->type, .rank = 1, .dims = {p->all}};
    char *values = MEM_NEW(char, p->rows * 8);
    enum err e;

    for (size_t i = 0; i < p->rows; i++)
        memcpy(values + 8 * i, (const char *)p->list + i * size + c->offset, 8);
    e = h5_write_rows(h, &a, values, p->first, p->rows);
    mem_free(values);
    return e;
}

enum err results_columns_write(struct h5 *h, const struct column *c,
                               size_t count, const struct slice *p, size_t size)
{
    for (size_t i = 0; i < count; i++)
        TRY(write_column(h, &c[i], p, size));
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

static void arch_text(const struct driver *d, const struct trial *t, char *text)
{
    space_format(d->space, &t->task.arch, text);
}

static void state_text(const struct driver *d, const struct trial *t,
                       char *text)
{
    (void)d;
    (void)strcpy(text, trial_text(t->result.state));
}

static void reason_text(const struct driver *d, const struct trial *t,
                        char *text)
{
    (void)d;
    (void)strcpy(text, t->result.reason);
}

/* clang-format off */
static const struct {
    const char *path;
    void (*text)(const struct driver *d, const struct trial *t,
                 char text[SPACE_TEXT_MAX]);
    const char *description;
} texts[RESULTS_TEXTS] = {
    {"/trials/arch",   arch_text,   "architecture"},
    {"/trials/state",  state_text,  "done, cached (answered from an earlier trial), predicted (by the critic, not evaluated), diverged, refused or failed; only done and cached have an accuracy"},
    {"/trials/reason", reason_text, "why it is not done"},
};
/* clang-format on */

void results_note(struct results *s, const struct driver *d,
                  const struct trial *t)
{
    char text[SPACE_TEXT_MAX];

    for (int i = 0; i < RESULTS_TEXTS; i++) {
        texts[i].text(d, t, text);
        if (strlen(text) + 1 > s->width[i])
            s->width[i] = strlen(text) + 1;
    }
}

/* Trials that are loaded are noted once more. */
static enum err note_all(struct results *s, const struct driver *d)
{
    struct trial *list = MEM_NEW(struct trial, H5_PART);
    enum err e = ERR_NONE;

    for (int64_t at = 0; at < d->trials.settled && e == ERR_NONE;) {
        int64_t left = d->trials.settled - at,
                n = left < H5_PART ? left : H5_PART;

        e = trials_read(&d->trials, at, n, list);
        for (int64_t i = 0; i < n && e == ERR_NONE; i++)
            results_note(s, d, &list[i]);
        at += n;
    }
    mem_free(list);
    return e;
}

static enum err get_rows(void *self, int64_t first, int64_t n, void *rows)
{
    return spool_read(self, first, n, rows);
}

static bool put_row(void *self, int64_t at, const void *row)
{
    (void)at;
    spool_append(self, row);
    return true;
}

void results_state(struct results *s, const struct driver *d,
                   struct state *state)
{
    int64_t rows = s->progress.count;

    state_count(state, "rows", &rows, 0, INT64_MAX);
    state_list(state,
               &(struct state_list){"list", sizeof(struct progress), rows,
                                    &s->progress, get_rows, put_row});
    if (state_loads(state))
        state_need(state, note_all(s, d) == ERR_NONE, "trials are gone");
}

static struct h5_array text_array(const struct results *s, int which, size_t n)
{
    size_t width = s->width[which];

    return (struct h5_array){.path = texts[which].path,
                             .type = H5_TEXT,
                             .rank = 1,
                             .dims = {n},
                             .width = width > 0 ? width : 1,
                             .units = "",
                             .description = texts[which].description};
}

static struct h5_array options_array(const struct driver *d, size_t n)
{
    return (struct h5_array){.path = "/trials_options",
                             .type = H5_UINT8,
                             .rank = 2,
                             .dims = {n, (size_t)d->space->count},
                             .units = "1",
                             .description = "option chosen for each decision"};
}

static enum err write_texts(struct h5 *h, const struct results *s,
                            const struct driver *d, const struct slice *p,
                            int which)
{
    struct h5_array a = text_array(s, which, p->all);
    const struct trial *list = p->list;
    char *all = MEM_NEW(char, p->rows *a.width), one[SPACE_TEXT_MAX];
    enum err e;

    for (size_t i = 0; i < p->rows; i++) {
        texts[which].text(d, &list[i], one);
        CHECK(strlen(one) < a.width); /* noted when it was settled */
        memcpy(all + i * a.width, one, strlen(one));
    }
    e = h5_write_rows(h, &a, all, p->first, p->rows);
    mem_free(all);
    return e;
}

static enum err write_options(struct h5 *h, const struct driver *d,
                              const struct slice *p)
{
    struct h5_array a = options_array(d, p->all);
    const struct trial *list = p->list;
    size_t k = a.dims[1];
    unsigned char *options = MEM_NEW(unsigned char, p->rows *k);
    enum err e;

    for (size_t i = 0; i < p->rows; i++)
        memcpy(options + i * k, list[i].task.arch.option, k);
    e = h5_write_rows(h, &a, options, p->first, p->rows);
    mem_free(options);
    return e;
}

static enum err make_trials(struct h5 *h, const struct results *s,
                            const struct driver *d, size_t n)
{
    struct h5_array options = options_array(d, n);

    TRY(results_columns_make(h, trial_columns, COUNT(trial_columns), n));
    for (int i = 0; i < RESULTS_TEXTS; i++) {
        struct h5_array a = text_array(s, i, n);

        TRY(h5_make(h, &a));
    }
    return h5_make(h, &options);
}

static enum err write_trials_slice(struct h5 *h, const struct results *s,
                                   const struct driver *d,
                                   const struct slice *p)
{
    TRY(results_columns_write(h, trial_columns, COUNT(trial_columns), p,
                              sizeof(struct trial)));
    for (int i = 0; i < RESULTS_TEXTS; i++)
        TRY(write_texts(h, s, d, p, i));
    return write_options(h, d, p);
}

/* The next part of a list of `all` rows; false: there is no more. */
static bool next_slice(struct slice *p)
{
    size_t left;

    p->first += p->rows;
    left = p->all - p->first;
    p->rows = left < H5_PART ? left : H5_PART;
    return p->rows > 0;
}

static size_t room_for(size_t all)
{
    return all < H5_PART ? all : H5_PART;
}

enum err results_trials(struct h5 *h, const struct results *s,
                        const struct driver *d)
{
    struct slice p = {.all = (size_t)d->trials.settled};
    struct trial *list = MEM_NEW(struct trial, room_for(p.all));
    enum err e = make_trials(h, s, d, p.all);

    p.list = list;
    while (e == ERR_NONE && next_slice(&p)) {
        e = trials_read(&d->trials, (int64_t)p.first, (int64_t)p.rows, list);
        if (e == ERR_NONE)
            e = write_trials_slice(h, s, d, &p);
    }
    mem_free(list);
    return e;
}

enum err results_rows(struct h5 *h, const struct results *s)
{
    struct slice p = {.all = (size_t)s->progress.count};
    struct progress *list = MEM_NEW(struct progress, room_for(p.all));
    enum err e = results_columns_make(h, progress_columns,
                                      COUNT(progress_columns), p.all);

    p.list = list;
    while (e == ERR_NONE && next_slice(&p)) {
        e = spool_read(&s->progress, (int64_t)p.first, (int64_t)p.rows, list);
        if (e == ERR_NONE)
            e = results_columns_write(h, progress_columns,
                                      COUNT(progress_columns), &p,
                                      sizeof(struct progress));
    }
    mem_free(list);
    return e;
}
