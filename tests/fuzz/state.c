/* SPDX-License-Identifier: MIT */
/* The state of a search: loaded into a new one, which then goes on.
 *
 * A good state is saved once; ld --wrap leads what saving calls of base/h5.h to the
 * tree that is edited. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/state.h"
#include "eval/pool.h"
#include "fuzz.h"
#include "h5tree.h"
#include "learn/ppo.h"
#include "run/audit.h"
#include "run/evidence.h"
#include "run/pace.h"
#include "run/trials.h"
#include "search/fnas.h"
#include "search/search.h"

enum { SLOTS = 4, OPTIONS = 3, BEFORE = 60, AFTER = 40, WINDOW = 6 };

static const struct pool_conf pool_conf = {
    .enabled = true, .round = 3, .step = 1, .limit = 1};

static struct h5tree good;

/* Anything but NULL: what is written to it goes to the tree. */
static struct h5 *const to_tree = (struct h5 *)(void *)&good;

enum err __wrap_h5_write(struct h5 *h, const struct h5_array *a, const void *x);
enum err __wrap_h5_make(struct h5 *h, const struct h5_array *a);
enum err __wrap_h5_write_rows(struct h5 *h, const struct h5_array *a,
                              const void *x, size_t first, size_t rows);
void __wrap_h5_set_plain(struct h5 *h, bool plain);
enum err __real_h5_write(struct h5 *h, const struct h5_array *a, const void *x);
enum err __real_h5_make(struct h5 *h, const struct h5_array *a);
enum err __real_h5_write_rows(struct h5 *h, const struct h5_array *a,
                              const void *x, size_t first, size_t rows);
void __real_h5_set_plain(struct h5 *h, bool plain);

enum err __wrap_h5_write(struct h5 *h, const struct h5_array *a, const void *x)
{
    if (h != to_tree)
        return __real_h5_write(h, a, x);
    h5tree_add(&good, a, x);
    return ERR_NONE;
}

enum err __wrap_h5_make(struct h5 *h, const struct h5_array *a)
{
    return h == to_tree ? ERR_NONE : __real_h5_make(h, a);
}

/* Lists are short enough to come in one part. */
enum err __wrap_h5_write_rows(struct h5 *h, const struct h5_array *a,
                              const void *x, size_t first, size_t rows)
{
    if (h != to_tree)
        return __real_h5_write_rows(h, a, x, first, rows);
    FUZZ_CHECK(first == 0 && rows == a->dims[0]);
    h5tree_add(&good, a, x);
    return ERR_NONE;
}

void __wrap_h5_set_plain(struct h5 *h, bool plain)
{
    if (h != to_tree)
        __real_h5_set_plain(h, plain);
}

/* All that is in a state. */
struct whole {
    struct space space;
    struct conf *conf;
    void *search;
    struct pool *pool;
    struct trials trials;
    struct audit_sums audit;
    struct evidence evidence;
    struct pace pace;
};

static void set(struct whole *w, const struct conf_section *s, const char *name,
                const char *value)
{
    fuzz_set(w->conf, s, name, value);
}

static void begin(struct whole *w)
{
    const struct conf_section *sections[] = {&ppo_section, &fnas_section};

    *w = (struct whole){.space = {.count = SLOTS},
                        .conf = conf_new(sections, 2),
                        .pool = pool_new(&pool_conf, 1)};
    for (int t = 0; t < SLOTS; t++)
        w->space.decisions[t].options = OPTIONS;
    set(w, &ppo_section, "hidden", "4");
    set(w, &ppo_section, "embedding", "4");
    set(w, &ppo_section, "batch", "4");
    set(w, &fnas_section, "warm", "6");
    set(w, &fnas_section, "sample", "8");
    set(w, &fnas_section, "points", "16");
    set(w, &fnas_section, "capacity", "8");
    set(w, &fnas_section, "climb", "2");
    w->search =
        search_fnas.create(&(struct search_start){&w->space, w->conf, 1, NULL});
    trials_new(&w->trials, "fuzz");
}

static void end(struct whole *w)
{
    search_fnas.destroy(w->search);
    trials_free(&w->trials);
    pool_free(w->pool);
    conf_free(w->conf);
}

static struct blueprint network(void)
{
    struct blueprint b = {.channels = 2, .height = 4, .width = 4, .classes = 3};

    blueprint_add(&b, (struct layer){.kind = LAYER_CONV,
                                     .act = ACT_RELU,
                                     .kernel = 3,
                                     .stride = 1,
                                     .channels = 4});
    return b;
}

/* What the driver does with the oldest trial. */
static void tell(struct whole *w)
{
    struct trial *t = trials_at(&w->trials, w->trials.told);
    double reward = 0.5 + 0.1 * t->task.arch.option[0];

    t->result = result_bare(t->task.id, TRIAL_PREDICTED);
    t->answered = true;
    if (!t->task.said.replaces) {
        struct blueprint b = network();

        t->result.state = TRIAL_DONE;
        t->result.accuracy = t->reward = reward;
        t->result.age = (double)t->task.id;
        pool_tell(w->pool, &t->result, pool_start(w->pool, &b));
    }
    if (w->trials.settled == w->trials.told) {
        trials_settle(&w->trials);
        audit_count(&w->audit, t);
        evidence_add(&w->evidence, t);
    }
    pace_note(&w->pace, 1, 1);
    search_tell(&search_fnas, w->search, &t->task, &t->result, t->reward);
    trials_tell(&w->trials);
}

static void go_on(struct whole *w, int tasks)
{
    int64_t until = w->trials.count + tasks;

    while (w->trials.count < until) {
        struct task t = {.id = w->trials.count,
                         .said = {(double)NAN, (double)NAN, false}};
        struct trial *new;

        if (w->trials.count - w->trials.told < WINDOW &&
            search_fnas.ask(w->search, &t))
            FUZZ_CHECK(trials_append(&w->trials, &t, true, &new) == ERR_NONE);
        else if (w->trials.told < w->trials.count)
            tell(w);
        else
            return;
    }
}

static void state_of(struct whole *w, struct state *s)
{
    trials_state(&w->trials, s, &w->space, true);
    audit_state(&w->audit, s);
    evidence_state(&w->evidence, s, &w->space);
    pace_state(&w->pace, s);
    search_fnas.state(w->search, s, w->trials.count, w->trials.told);
    pool_state(w->pool, s);
}

static void save_good(void)
{
    struct whole w;
    struct state *s;

    begin(&w);
    go_on(&w, BEFORE);
    s = state_save(to_tree);
    state_of(&w, s);
    FUZZ_CHECK(state_end(s) == ERR_NONE);
    end(&w);
}

static void plant(struct h5tree *t)
{
    for (int i = 0; i < good.count; i++) {
        struct h5_array a = good.node[i].a;

        a.path = good.node[i].path;
        h5tree_add(t, &a, good.node[i].values);
    }
}

static enum err load(const char *path)
{
    struct whole w;
    struct state *s;
    struct h5 *h;
    enum err e;

    TRY(h5_open(&h, path));
    begin(&w);
    s = state_load(h, path);
    state_of(&w, s);
    e = state_end(s);
    h5_close(h);
    if (e == ERR_NONE)
        go_on(&w, AFTER);
    end(&w);
    return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path;

    if (good.count == 0)
        save_good();
    path = h5tree_file(plant, data, size);
    fuzz_begin();
    fuzz_end(load(path), path);
    return 0;
}
