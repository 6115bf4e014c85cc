/* SPDX-License-Identifier: MIT */
/* `fnas merge`: searches of one task from several seeds become one table, and one
 * file with all their trials. */
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/h5.h"
#include "base/mem.h"
#include "run/driver.h"
#include "run/store.h"
#include "verbs.h"

static const char format[] = "fnas-merge";

/* What is kept of each trial. */
static const char *const columns[] = {
    "/trials/id",     "/trials/arch",    "/trials/state",
    "/trials/reason", "/trials/reward",  "/trials/accuracy",
    "/trials/params", "/trials/macs",    "/trials/latency",
    "/trials/epochs", "/trials/seconds", "/trials/finished",
    "/trials/twin"};

enum { COLUMNS = sizeof columns / sizeof columns[0] };

struct run {
    const char *path; /* borrowed */
    struct h5 *h;
    char *status, *task, *trajectory, *arch; /* arch: "" if there is no best */
    int64_t seed;
    double reward, accuracy; /* of the best; NaN if there is none */
    size_t trials;
};

struct runs {
    struct run *list;
    int count;
};

static enum err read_text(char **text, struct h5 *h, const char *path)
{
    struct h5_array a;

    TRY(h5_shape(h, path, &a));
    if (a.type != H5_TEXT || a.rank != 0)
        return ERR(ERR_DATA, "%s is not a text", path);
    *text = MEM_NEW(char, a.width + 1);
    return h5_read(h, path, H5_TEXT, *text, 1);
}

static enum err read_best(struct run *r)
{
    r->reward = r->accuracy = (double)NAN;
    if (!h5_has(r->h, "/best/arch")) {
        r->arch = mem_text("");
        return ERR_NONE;
    }
    TRY(read_text(&r->arch, r->h, "/best/arch"));
    TRY(h5_read(r->h, "/best/reward", H5_DOUBLE, &r->reward, 1));
    return h5_read(r->h, "/best/accuracy", H5_DOUBLE, &r->accuracy, 1);
}

static enum err read_run(struct run *r)
{
    struct h5_array a;

    TRY(h5_open(&r->h, r->path));
    TRY(h5_shape(r->h, "/trials/id", &a));
    r->trials = a.rank == 1 ? a.dims[0] : 0;
    TRY(read_text(&r->status, r->h, "/run/status"));
    TRY(read_text(&r->task, r->h, "/run/task"));
    TRY(read_text(&r->trajectory, r->h, "/run/trajectory"));
    TRY(h5_read(r->h, "/run/seed", H5_INT64, &r->seed, 1));
    return read_best(r);
}

static enum err read_runs(struct runs *s)
{
    for (int i = 0; i < s->count; i++) {
        TRY(read_run(&s->list[i]));
        if (strcmp(s->list[i].task, s->list[0].task) != 0)
            return ERR(ERR_DATA,
                       "%s: of another task than %s (data, space, training); "
                       "their results cannot be compared",
                       s->list[i].path, s->list[0].path);
    }
    return ERR_NONE;
}

static void free_runs(struct runs *s)
{
    for (int i = 0; i < s->count; i++) {
        struct run *r = &s->list[i];

        h5_close(r->h);
        mem_free(r->status);
        mem_free(r->task);
        mem_free(r->trajectory);
        mem_free(r->arch);
    }
    mem_free(s->list);
}

/* Texts are as wide as the widest needs. */
static size_t item_size(const struct h5_array *a)
{
    return a->type == H5_TEXT ? a->width : sizeof(double);
}

/* Its shape over all runs. */
static enum err measure(struct h5_array *all, const struct runs *s,
                        const char *path)
{
    struct h5_array a;

    TRY(h5_shape(s->list[0].h, path, all));
    all->dims[0] = all->width = 0;
    if (all->type != H5_TEXT && all->type != H5_INT64)
        all->type = H5_DOUBLE;
    for (int i = 0; i < s->count; i++) {
        TRY(h5_shape(s->list[i].h, path, &a));
        if (a.rank != 1 || a.dims[0] != s->list[i].trials ||
            (a.type == H5_TEXT) != (all->type == H5_TEXT))
            return ERR(ERR_DATA, "%s: %s is not as it should be",
                       s->list[i].path, path);
        all->dims[0] += a.dims[0];
        all->width = a.width > all->width ? a.width : all->width;
    }
    return ERR_NONE;
}

/* The rows of one run, each in as many bytes as it takes in `all`. */
static enum err read_rows(char *rows, const struct h5_array *all,
                          const struct run *r)
{
    size_t wide = item_size(all);
    struct h5_array a;
    char *own;
    enum err e;

    TRY(h5_shape(r->h, all->path, &a));
    a.type = all->type;
    own = MEM_NEW(char, r->trials *item_size(&a));
    e = h5_read(r->h, all->path, all->type, own, r->trials);
    for (size_t i = 0; e == ERR_NONE && i < r->trials; i++)
        memcpy(rows + i * wide, own + i * item_size(&a), item_size(&a));
    mem_free(own);
    return e;
}

static enum err merge_column(struct h5 *h, const struct runs *s,
                             const char *path)
{
    char units[32] = "", description[256] = "", *rows;
    struct h5_array all;
    enum err e = ERR_NONE;
    size_t at = 0;

    TRY(measure(&all, s, path));
    (void)h5_attribute(s->list[0].h, path, "units", units, sizeof units);
    (void)h5_attribute(s->list[0].h, path, "description", description,
                       sizeof description);
    all.units = units;
    all.description = description;
    rows = MEM_NEW(char, all.dims[0] * item_size(&all));
    for (int i = 0; i < s->count && e == ERR_NONE; i++) {
        e = read_rows(rows + at * item_size(&all), &all, &s->list[i]);
        at += s->list[i].trials;
    }
    if (e == ERR_NONE)
        e = h5_write(h, &all, rows);
    mem_free(rows);
    return e;
}

static enum err write_run_of(struct h5 *h, const struct runs *s)
{
    struct h5_array a = {"/trials/run",
                         H5_INT64,
                         1,
                         {0},
                         0,
                         "1",
                         "run that the trial is of: a row of /runs, from 0"};
    int64_t *run;
    enum err e;
    size_t n = 0;

    for (int i = 0; i < s->count; i++)
        a.dims[0] += s->list[i].trials;
    run = MEM_NEW(int64_t, a.dims[0]);
    for (int i = 0; i < s->count; i++)
        for (size_t k = 0; k < s->list[i].trials; k++)
            run[n++] = i;
    e = h5_write(h, &a, run);
    mem_free(run);
    return e;
}

static const char *name_of(const struct run *r)
{
    return r->path;
}
static const char *status_of(const struct run *r)
{
    return r->status;
}
static const char *arch_of(const struct run *r)
{
    return r->arch;
}
static const char *trajectory_of(const struct run *r)
{
    return r->trajectory;
}

static enum err write_texts(struct h5 *h, const struct runs *s,
                            const char *path, const char *description,
                            const char *(*text)(const struct run *))
{
    struct h5_array a = {path, H5_TEXT, 1,          {(size_t)s->count},
                         1,    "",      description};
    char *all;
    enum err e;

    for (int i = 0; i < s->count; i++) {
        size_t size = strlen(text(&s->list[i])) + 1;

        a.width = size > a.width ? size : a.width;
    }
    all = MEM_NEW(char, a.dims[0] * a.width);
    for (int i = 0; i < s->count; i++)
        (void)strcpy(all + (size_t)i * a.width, text(&s->list[i]));
    e = h5_write(h, &a, all);
    mem_free(all);
    return e;
}

static enum err write_numbers(struct h5 *h, const struct runs *s)
{
    struct h5_array seeds = {"/runs/seed", H5_INT64,  1, {(size_t)s->count}, 0,
                             "1",          "run.seed"};
    struct h5_array rewards = {"/runs/reward",
                               H5_DOUBLE,
                               1,
                               {(size_t)s->count},
                               0,
                               "1",
                               "highest reward; NaN if there is none"};
    struct h5_array accuracies = {"/runs/accuracy",
                                  H5_DOUBLE,
                                  1,
                                  {(size_t)s->count},
                                  0,
                                  "1",
                                  "validation accuracy of that one"};
    int64_t *seed = MEM_NEW(int64_t, s->count);
    double *x = MEM_NEW(double, 2 * s->count);
    enum err e;

    for (int i = 0; i < s->count; i++) {
        seed[i] = s->list[i].seed;
        x[i] = s->list[i].reward;
        x[s->count + i] = s->list[i].accuracy;
    }
    e = h5_write(h, &seeds, seed);
    if (e == ERR_NONE)
        e = h5_write(h, &rewards, x);
    if (e == ERR_NONE)
        e = h5_write(h, &accuracies, x + s->count);
    mem_free(seed);
    mem_free(x);
    return e;
}

static enum err write_all(struct h5 *h, const struct runs *s)
{
    TRY(h5_set_attribute(h, "/", "format", format));
    TRY(write_texts(h, s, "/runs/file", "results file", name_of));
    TRY(write_texts(h, s, "/runs/status", "how it stands", status_of));
    TRY(write_texts(h, s, "/runs/arch", "best architecture", arch_of));
    TRY(write_texts(h, s, "/runs/trajectory", "hash of its trials",
                    trajectory_of));
    TRY(write_numbers(h, s));
    TRY(write_run_of(h, s));
    for (int i = 0; i < COLUMNS; i++)
        TRY(merge_column(h, s, columns[i]));
    return ERR_NONE;
}

static enum err publish(const struct runs *s, const char *path)
{
    struct h5 *h = h5_new();
    enum err e = write_all(h, s);

    if (e == ERR_NONE)
        e = store_publish_h5(path, h);
    h5_close(h);
    return e;
}

static bool ended(const struct run *r)
{
    return strcmp(r->status, run_status_text(RUN_COMPLETE)) == 0 ||
           strcmp(r->status, run_status_text(RUN_EXHAUSTED)) == 0;
}

static void print_row(const struct run *r)
{
    printf("%6" PRId64 "  %-10s %7zu %10.4g %9.4g  %s  %s\n", r->seed,
           r->status, r->trials, r->reward, r->accuracy, r->trajectory,
           r->path);
}

static void print_runs(const struct runs *s)
{
    const struct run *best = &s->list[0];

    printf("  seed  status      trials     reward  accuracy  trajectory        "
           "file\n");
    for (int i = 0; i < s->count; i++) {
        print_row(&s->list[i]);
        if (!(s->list[i].reward <= best->reward))
            best = &s->list[i];
    }
    printf("best: %.6g, seed %" PRId64 ", %s\n", best->reward, best->seed,
           best->arch);
}

/* What was merged before may be merged again. */
static enum err may_write(const char *path)
{
    char found[sizeof format] = "";
    struct h5 *h = NULL;

    if (store_exists(path) && h5_open(&h, path) == ERR_NONE)
        (void)h5_attribute(h, "/", "format", found, sizeof found);
    h5_close(h);
    err_clear();
    return store_ready(path, strcmp(found, format) == 0);
}

enum err verb_merge(int argc, char **argv)
{
    struct runs s = {.count = argc - 1};
    int ready = 0;
    enum err e;

    if (argc < 2)
        return ERR(ERR_USAGE, "usage: fnas merge OUT.h5 RESULTS.h5...");
    TRY(may_write(argv[0]));
    s.list = MEM_NEW(struct run, s.count);
    for (int i = 0; i < s.count; i++)
        s.list[i].path = argv[i + 1];
    e = read_runs(&s);
    if (e == ERR_NONE)
        e = publish(&s, argv[0]);
    if (e == ERR_NONE)
        print_runs(&s);
    for (int i = 0; e == ERR_NONE && i < s.count; i++)
        ready += ended(&s.list[i]);
    if (e == ERR_NONE && ready < s.count)
        e = ERR(ERR_STOPPED, "%d of %d searches are not complete",
                s.count - ready, s.count);
    free_runs(&s);
    return e;
}
