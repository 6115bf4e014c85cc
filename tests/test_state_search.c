/* SPDX-License-Identifier: MIT */
/* A search that was saved and loaded at any moment proposes what it would have
 * proposed, to the last bit. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/seal.h"
#include "base/state.h"
#include "data_files.h"
#include "learn/ppo.h"
#include "run/store.h"
#include "search/fnas.h"
#include "search/search.h"
#include "search/transfer.h"

enum {
    STATE_MAX = 1 << 20,
    SLOTS = 6,
    OPTIONS = 3,
    TASKS = 260,
    WINDOW = 24,
    STEP = 7
};

struct fixture {
    const struct search *method;
    struct space space;
    struct conf *conf;
    const struct transfer *transfer;
};

/* A search under way. */
struct search_run {
    void *self;
    int asked, told;
    struct task task[TASKS];
};

static void set_up(struct fixture *f, const char *method)
{
    const struct search *m = search_find(method);
    const struct conf_section *sections[] = {&ppo_section, &fnas_section,
                                             m->section};
    bool own =
        m->section && m->section != sections[0] && m->section != sections[1];

    *f = (struct fixture){.method = m,
                          .space = {.count = SLOTS},
                          .conf = conf_new(sections, own ? 3 : 2)};
    for (int t = 0; t < SLOTS; t++)
        f->space.decisions[t].options = OPTIONS;
    files_set(f->conf, &ppo_section, "hidden", "16");
    files_set(f->conf, &ppo_section, "embedding", "16");
    files_set(f->conf, &ppo_section, "batch", "8");
    files_set(f->conf, &ppo_section, "minibatches", "2");
    files_set(f->conf, &fnas_section, "warm", "10");
    files_set(f->conf, &fnas_section, "sample", "16");
    files_set(f->conf, &fnas_section, "points", "32");
    files_set(f->conf, &fnas_section, "capacity", "20");
    files_set(f->conf, &fnas_section, "audit", "1");
    if (strcmp(method, "evolution") == 0) {
        files_set(f->conf, m->section, "population", "20");
        files_set(f->conf, m->section, "tournament", "5");
    }
}

static void create(struct fixture *f, struct search_run *r)
{
    *r = (struct search_run){.self = f->method->create(&(struct search_start){
                                 &f->space, f->conf, 1, NULL})};
}

/* One in nine fails, one in five is not what the critic expects; weights get
 * older. */
static double reward_of_task(const struct task *t)
{
    double sum = log1p((double)t->id) + (t->id % 5 == 2 ? 9 : 0);

    for (int i = 0; i < SLOTS; i++)
        sum += (t->arch.option[i] + i) % OPTIONS;
    return t->id % 9 == 5 ? (double)NAN : 0.5 + 0.03 * sum;
}

static void tell(struct fixture *f, struct search_run *r)
{
    const struct task *t = &r->task[r->told++];
    double reward = t->said.replaces ? (double)NAN : reward_of_task(t);
    struct result result = {.id = t->id,
                            .state = t->said.replaces ? TRIAL_PREDICTED
                                     : isnan(reward)  ? TRIAL_FAILED
                                                      : TRIAL_DONE,
                            .accuracy = reward,
                            .age = (double)t->id};

    search_tell(f->method, r->self, t, &result, reward);
}

/* Ask until so many tasks are asked, telling when the window or the method wants
 * it. */
static void go_on(struct fixture *f, struct search_run *r, int until)
{
    while (r->asked < until) {
        struct task *t = &r->task[r->asked];

        *t = (struct task){.id = r->asked,
                           .said = {(double)NAN, (double)NAN, false}};
        if (r->asked - r->told < WINDOW && f->method->ask(r->self, t))
            r->asked++;
        else
            tell(f, r);
    }
}

static void save(struct fixture *f, const struct search_run *r,
                 const char *name)
{
    struct draft draft;
    struct state *s;

    assert_int_equal(store_begin(&draft, files_path(name)), ERR_NONE);
    s = state_save(draft.h5);
    if (f->method->state)
        f->method->state(r->self, s, r->asked, r->told);
    assert_int_equal(store_end(&draft, state_end(s)), ERR_NONE);
}

static enum err load(struct fixture *f, struct search_run *r, const char *name)
{
    struct state *s;
    struct h5 *h;
    enum err e;

    assert_int_equal(h5_open(&h, files_path(name)), ERR_NONE);
    s = state_load(h, "the file");
    if (f->method->state)
        f->method->state(r->self, s, r->asked, r->told);
    e = state_end(s);
    h5_close(h);
    return e;
}

static void assert_same_tasks(const struct task *a, const struct task *b, int n)
{
    for (int i = 0; i < n; i++) {
        assert_true(arch_equal(&a[i].arch, &b[i].arch));
        assert_int_equal(a[i].said.replaces, b[i].said.replaces);
        assert_memory_equal(&a[i].said.value, &b[i].said.value, sizeof(double));
        assert_memory_equal(&a[i].said.deviation, &b[i].said.deviation,
                            sizeof(double));
    }
}

static void assert_same_health(struct fixture *f, const struct search_run *a,
                               const struct search_run *b)
{
    struct search_health x = search_health_of(f->method, a->self);
    struct search_health y = search_health_of(f->method, b->self);

    assert_true(x.entropy == y.entropy ||
                (isnan(x.entropy) && isnan(y.entropy)));
    assert_memory_equal(&x.critic.learned, &y.critic.learned,
                        sizeof x -
                            offsetof(struct search_health, critic.learned));
}

/* How often each byte is in a file, but for its seal, which is counted. */
static void count_bytes(const char *name, long count[256])
{
    FILE *f = fopen(files_path(name), "rb");
    long left;

    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    left = ftell(f) - SEAL_BYTES;
    rewind(f);
    memset(count, 0, 256 * sizeof count[0]);
    for (; left > 0; left--)
        count[getc(f)]++;
    (void)fclose(f);
}

/* Saved once more it is the same file, but for the order of what a hash table
 * holds. */
static void assert_same_state(struct fixture *f, const struct search_run *b)
{
    long one[256], other[256];

    save(f, b, "b");
    count_bytes("a", one);
    count_bytes("b", other);
    assert_memory_equal(one, other, sizeof one);
}

/* At any moment: until then, saved, loaded into a new one, to the end. */
static void continues_with(const char *method, const char *key,
                           const char *value, const struct transfer *transfer)
{
    static struct search_run whole, first, second;
    struct fixture f;

    set_up(&f, method);
    f.transfer = transfer;
    if (key)
        files_set(f.conf, &fnas_section, key, value);
    create(&f, &whole);
    go_on(&f, &whole, TASKS);
    for (int k = 0; k < TASKS; k += STEP) {
        create(&f, &first);
        go_on(&f, &first, k);
        save(&f, &first, "a");
        create(&f, &second);
        second.asked = first.asked;
        second.told = first.told;
        memcpy(second.task, first.task, sizeof first.task);
        if (load(&f, &second, "a") != ERR_NONE)
            fail_msg("%s, %d: %s", method, k, err_message());
        assert_same_state(&f, &second);
        assert_same_health(&f, &second, &first);
        go_on(&f, &second, TASKS);
        assert_same_tasks(second.task, whole.task, TASKS);
        assert_same_health(&f, &second, &whole);
        f.method->destroy(first.self);
        f.method->destroy(second.self);
    }
    f.method->destroy(whole.self);
    conf_free(f.conf);
}

static void continues(const char *method, const char *key, const char *value)
{
    continues_with(method, key, value, NULL);
}

/* The critic knows another task, and has results of this one. */
static void test_continues_transfer(void **state)
{
    enum { EARLIER = 20 };
    struct space space = {.count = SLOTS};
    struct rng r = rng_stream(3, RNG_TEST, 0);
    struct arch arch[EARLIER];
    double reward[EARLIER], age[EARLIER];
    struct earlier runs[2] = {
        {.count = EARLIER, .arch = arch, .reward = reward, .age = age},
        {.count = 5, .arch = arch, .reward = reward, .age = age, .same = true}};

    (void)state;
    for (int t = 0; t < SLOTS; t++)
        space.decisions[t].options = OPTIONS;
    for (int i = 0; i < EARLIER; i++) {
        arch[i] = space_random(&space, &r);
        reward[i] = 0.5 + 0.01 * i;
        age[i] = i;
    }
    continues_with("fnas", NULL, NULL, &(struct transfer){2, runs});
}

static void test_continues(void **state)
{
    (void)state;
    continues("random", NULL, NULL);
    continues("evolution", NULL, NULL);
    continues("ppo", NULL, NULL);
    continues("fnas", NULL, NULL);
    continues("fnas", "replay", "false");
    continues("fnas", "critic", "false");
    continues("fnas", "lag", "3");
}

/* A state of other tasks than the driver has is refused. */
static void test_other_tasks(void **state)
{
    static const char *const methods[] = {"evolution", "ppo", "fnas"};
    static struct search_run first, second;
    struct fixture f;

    (void)state;
    for (int i = 0; i < 3; i++) {
        set_up(&f, methods[i]);
        create(&f, &first);
        go_on(&f, &first, 100);
        save(&f, &first, "a");
        create(&f, &second);
        second.asked = first.asked;
        second.told = first.told + 1;
        assert_int_equal(load(&f, &second, "a"), ERR_DATA);
        assert_non_null(strstr(err_message(), "of other tasks"));
        err_clear();
        f.method->destroy(first.self);
        f.method->destroy(second.self);
        conf_free(f.conf);
    }
}

static int nothing_is_kept(void **state)
{
    (void)state;
    return mem_live() != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_continues, nothing_is_kept),
        cmocka_unit_test_teardown(test_continues_transfer, nothing_is_kept),
        cmocka_unit_test_teardown(test_other_tasks, nothing_is_kept),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, files_start, files_end);
}
