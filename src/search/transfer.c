/* SPDX-License-Identifier: MIT */
#include "search/transfer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/h5.h"
#include "base/log.h"
#include "base/mem.h"
#include "space/task.h"

CONF_ROWS(rows, struct transfer_conf, TRANSFER_SETTINGS)
const struct conf_section transfer_section = {
    .name = "transfer",
    .help = "What is taken over from earlier runs",
    .bytes = sizeof(struct transfer_conf),
    .count = CONF_COUNT(rows),
    .rows = rows,
};

enum { TRIALS_MAX = 10000000, WIDTH_MAX = 4096, UNKNOWN = -1 };

/* A column of texts, each `width` bytes, padded with 0. */
struct texts {
    size_t count, width;
    char *all;
};

/* A results file as it is. */
struct file {
    const char *path;
    struct texts name, labels;       /* of the decisions */
    struct texts state;              /* of the trials */
    struct texts task;               /* one, or none in an old file */
    unsigned char *option;           /* [trials][decisions] */
    double *accuracy, *reward, *age; /* [trials] */
};

/* Which of its decisions is ours, and which of its options. */
struct mapping {
    int decision[SPACE_DECISIONS_MAX]; /* [ours] UNKNOWN: there is none */
    int option[SPACE_DECISIONS_MAX][SPACE_OPTIONS_MAX]; /* [ours][theirs] */
};

static const char *text_at(const struct texts *t, size_t i)
{
    return t->all + i * t->width;
}

/* The last byte of each text is made a 0, whatever the file says. */
static enum err read_texts(struct h5 *h, const struct file *f, const char *path,
                           size_t most, struct texts *t)
{
    struct h5_array a;

    TRY(h5_shape(h, path, &a));
    if (a.type != H5_TEXT || a.rank > 1 || a.width < 1 || a.width > WIDTH_MAX ||
        (a.rank == 1 && a.dims[0] > most))
        return ERR(ERR_DATA,
                   "%s: %s is not a column of at most %zu short texts", f->path,
                   path, most);
    t->count = a.rank == 1 ? a.dims[0] : 1;
    t->width = a.width + 1;
    t->all = MEM_NEW(char, t->count * t->width);
    TRY(h5_read(h, path, H5_TEXT, t->all, t->count));
    for (size_t i = t->count; i-- > 0;) {
        memmove(t->all + i * t->width, t->all + i * a.width, a.width);
        t->all[i * t->width + a.width] = '\0';
    }
    return ERR_NONE;
}

static enum err read_trials(struct h5 *h, struct file *f)
{
    size_t n, decisions = f->name.count;

    TRY(read_texts(h, f, "/trials/state", TRIALS_MAX, &f->state));
    n = f->state.count;
    f->option = MEM_NEW(unsigned char, n *decisions);
    f->accuracy = MEM_NEW(double, n);
    f->reward = MEM_NEW(double, n);
    f->age = MEM_NEW(double, n);
    TRY(h5_read(h, "/trials_options", H5_UINT8, f->option, n * decisions));
    TRY(h5_read(h, "/trials/accuracy", H5_DOUBLE, f->accuracy, n));
    TRY(h5_read(h, "/trials/reward", H5_DOUBLE, f->reward, n));
    return h5_read(h, "/trials/age", H5_DOUBLE, f->age, n);
}

static enum err read_file(struct h5 *h, struct file *f)
{
    TRY(read_texts(h, f, "/decisions/name", SPACE_DECISIONS_MAX, &f->name));
    TRY(read_texts(h, f, "/decisions/labels", SPACE_DECISIONS_MAX, &f->labels));
    if (f->labels.count != f->name.count)
        return ERR(ERR_DATA, "%s: %zu decisions, but labels of %zu", f->path,
                   f->name.count, f->labels.count);
    TRY(read_texts(h, f, "/run/task", 1, &f->task));
    return read_trials(h, f);
}

static void file_free(const struct file *f)
{
    mem_free(f->name.all);
    mem_free(f->labels.all);
    mem_free(f->state.all);
    mem_free(f->task.all);
    mem_free(f->option);
    mem_free(f->accuracy);
    mem_free(f->reward);
    mem_free(f->age);
}

static int find_text(const struct texts *t, const char *text)
{
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(text_at(t, i), text) == 0)
            return (int)i;
    return UNKNOWN;
}

static int find_label(const struct decision *d, const char *label, size_t size)
{
    for (int i = 0; i < d->options; i++)
        if (strlen(d->labels[i]) == size &&
            memcmp(d->labels[i], label, size) == 0)
            return i;
    return UNKNOWN;
}

/* "k3 k5": the i-th of theirs is which of ours? */
static void map_options(int *option, const struct decision *d, const char *list)
{
    for (int i = 0; i < SPACE_OPTIONS_MAX; i++) {
        size_t size = strcspn(list, " ");

        option[i] = size > 0 ? find_label(d, list, size) : UNKNOWN;
        list += size + strspn(list + size, " ");
    }
}

/* Add a name to a list that may not have room for all. */
static void note(char *list, size_t size, const char *name)
{
    size_t at = strlen(list);

    (void)snprintf(list + at, size - at, "%s%s", at > 0 ? ", " : "", name);
}

static void map(struct mapping *m, struct earlier *run, const struct file *f,
                const struct space *s)
{
    bool used[SPACE_DECISIONS_MAX] = {false};

    for (int i = 0; i < s->count; i++) {
        int theirs = find_text(&f->name, s->decisions[i].name);

        m->decision[i] = theirs;
        if (theirs == UNKNOWN) {
            note(run->missing, sizeof run->missing, s->decisions[i].name);
            continue;
        }
        used[theirs] = true;
        map_options(m->option[i], &s->decisions[i],
                    text_at(&f->labels, (size_t)theirs));
    }
    for (size_t i = 0; i < f->name.count; i++)
        if (!used[i])
            note(run->ignored, sizeof run->ignored, text_at(&f->name, i));
}

/* Their options as ours; false if one is not there. */
static bool translate(struct arch *a, const struct mapping *m,
                      const unsigned char *theirs, const struct space *s)
{
    *a = (struct arch){.count = s->count};
    for (int i = 0; i < s->count; i++) {
        int option = theirs[m->decision[i]];

        if (option >= SPACE_OPTIONS_MAX || m->option[i][option] == UNKNOWN)
            return false;
        a->option[i] = (unsigned char)m->option[i][option];
    }
    return true;
}

/* Repeats say nothing new, predictions nothing for certain. */
static bool counts(const struct file *f, size_t i)
{
    return strcmp(text_at(&f->state, i), trial_text(TRIAL_DONE)) == 0 &&
           isfinite(f->accuracy[i]) && isfinite(f->reward[i]);
}

static void take(struct earlier *run, const struct file *f,
                 const struct mapping *m, const struct space *s)
{
    size_t trials = f->state.count;

    run->arch = MEM_NEW(struct arch, trials);
    run->accuracy = MEM_NEW(double, trials);
    run->reward = MEM_NEW(double, trials);
    run->age = MEM_NEW(double, trials);
    for (size_t i = 0; i < trials && !run->missing[0]; i++) {
        if (!counts(f, i))
            continue;
        if (!translate(&run->arch[run->count], m, f->option + i * f->name.count,
                       s)) {
            run->strange++;
            continue;
        }
        run->accuracy[run->count] = f->accuracy[i];
        run->age[run->count] = isfinite(f->age[i]) ? f->age[i] : 0;
        run->reward[run->count++] = f->reward[i];
    }
}

static enum err read_run(struct earlier *run, const struct space *s,
                         const char *task)
{
    struct file f = {.path = run->path};
    struct mapping m;
    struct h5 *h;
    enum err e;

    TRY(h5_open(&h, run->path));
    e = read_file(h, &f);
    if (e == ERR_NONE) {
        run->same = strcmp(text_at(&f.task, 0), task) == 0;
        map(&m, run, &f, s);
        take(run, &f, &m, s);
    }
    file_free(&f);
    h5_close(h);
    return e;
}

enum err transfer_open(struct transfer *t, const struct conf *conf,
                       const struct space *space, const char *task)
{
    const struct transfer_conf *c = conf_of(conf, &transfer_section);

    *t = (struct transfer){.count = c->from.count};
    t->runs = MEM_NEW(struct earlier, c->from.count);
    for (int i = 0; i < t->count; i++) {
        t->runs[i].path = c->from.value[i].s;
        TRY(read_run(&t->runs[i], space, task));
    }
    return ERR_NONE;
}

void transfer_close(struct transfer *t)
{
    for (int i = 0; i < t->count; i++) {
        mem_free(t->runs[i].arch);
        mem_free(t->runs[i].accuracy);
        mem_free(t->runs[i].reward);
        mem_free(t->runs[i].age);
    }
    mem_free(t->runs);
    *t = (struct transfer){0};
}

void transfer_print(const struct transfer *t)
{
    for (int i = 0; i < t->count; i++) {
        const struct earlier *run = &t->runs[i];

        log_print("transfer   %s: %d results of %s task\n", run->path,
                  run->count, run->same ? "this" : "another");
        if (run->missing[0])
            log_warn("%s: it has no %s, so none of its results fit", run->path,
                     run->missing);
        if (run->ignored[0])
            log_print("           not in this space, left out: %s\n",
                      run->ignored);
        if (run->strange > 0)
            log_print("           %d results left out: they have options that "
                      "this space lacks\n",
                      run->strange);
    }
}
