/* SPDX-License-Identifier: MIT */
/* Search methods: what each proposes, and when it learns. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "data_files.h"
#include "learn/ppo.h"
#include "run/settings.h"
#include "search/search.h"

enum { SLOTS = 6, OPTIONS = 3, TRIALS = 160 };

/* Those that propose without end. */
static const struct search *const methods[] = {&search_ppo, &search_random,
                                               &search_evolution};
enum { METHODS = sizeof methods / sizeof methods[0] };

static struct space six(void)
{
    struct space s = {.count = SLOTS};

    for (int t = 0; t < SLOTS; t++)
        s.decisions[t].options = OPTIONS;
    return s;
}

/* A small policy, so that tests are quick. */
static struct conf *conf_small(void)
{
    struct conf *conf = settings_new();

    files_set(conf, &ppo_section, "hidden", "16");
    files_set(conf, &ppo_section, "embedding", "16");
    files_set(conf, &ppo_section, "batch", "8");
    files_set(conf, search_evolution.section, "population", "10");
    files_set(conf, search_evolution.section, "tournament", "4");
    return conf;
}

static double quality(const struct arch *a)
{
    double sum = 0;

    for (int t = 0; t < SLOTS; t++)
        sum += (a->option[t] + t) % OPTIONS;
    return 0.5 + 0.04 * sum;
}

struct search_run {
    const struct search *method;
    void *self;
    struct space space;
    struct search_start start;
    struct conf *conf;
    int64_t id;
};

static struct search_run *run_new(const struct search *method, uint64_t seed)
{
    struct search_run *run = MEM_NEW(struct search_run, 1);

    *run = (struct search_run){.method = method, .space = six()};
    run->conf = conf_small();
    run->start = (struct search_start){&run->space, run->conf, seed, NULL};
    run->self = method->create(&run->start);
    return run;
}

static void run_free(struct search_run *run)
{
    run->method->destroy(run->self);
    conf_free(run->conf);
    mem_free(run);
}

static struct arch run_ask(struct search_run *run)
{
    struct task t = {.id = run->id++};

    assert_true(run->method->ask(run->self, &t));
    assert_true(space_has(&run->space, &t.arch));
    return t.arch;
}

static void run_tell(struct search_run *run, int64_t id, struct arch arch,
                     double reward)
{
    struct task t = {.id = id, .arch = arch};
    struct result r = {.id = id, .state = TRIAL_DONE, .accuracy = reward};

    search_tell(run->method, run->self, &t, &r, reward);
}

/* Ask and tell one by one; archs[n] and the mean reward of the last quarter. */
static double run_trials(struct search_run *run, struct arch *archs, int n)
{
    double sum = 0;

    for (int i = 0; i < n; i++) {
        archs[i] = run_ask(run);
        run_tell(run, run->id - 1, archs[i], quality(&archs[i]));
        sum += i >= n * 3 / 4 ? quality(&archs[i]) : 0;
    }
    return sum / (n - n * 3 / 4);
}

static void test_registry(void **state)
{
    struct conf *conf = settings_new();
    const struct search_conf *c = conf_of(conf, &search_section);
    const struct conf_row *row = conf_find_row(&search_section, "method");
    char names[256] = "";

    (void)state;
    for (int i = 0; search_at(i); i++) {
        assert_ptr_equal(search_find(search_at(i)->name), search_at(i));
        strcat(strcat(names, i ? "|" : ""), search_at(i)->name);
    }
    assert_string_equal(row->unit, names);
    assert_non_null(search_find(c->method.s));
    assert_null(search_find("magic"));
    assert_null(search_at(-1));
    conf_check(conf);
    assert_int_equal(conf_errors(conf), 0);
    conf_free(conf);
}

/* The same seed gives the same trajectory, another one another. */
static void test_repeatable(void **state)
{
    static struct arch a[TRIALS], b[TRIALS];

    (void)state;
    for (int i = 0; i < METHODS; i++)
        for (uint64_t seed = 1; seed <= 2; seed++) {
            struct search_run *one = run_new(methods[i], 1);
            struct search_run *two = run_new(methods[i], seed);
            int same = 0;

            (void)run_trials(one, a, TRIALS);
            (void)run_trials(two, b, TRIALS);
            for (int k = 0; k < TRIALS; k++)
                same += arch_equal(&a[k], &b[k]);
            if (seed == 1)
                assert_int_equal(same, TRIALS);
            else
                assert_in_range(same, 0, TRIALS / 2);
            run_free(one);
            run_free(two);
        }
}

/* What learns ends far above random search, whose mean is 0.74. */
static void test_learns(void **state)
{
    static struct arch a[3 * TRIALS];

    (void)state;
    for (int i = 0; i < METHODS; i++) {
        struct search_run *run = run_new(methods[i], 5);
        double mean = run_trials(run, a, 3 * TRIALS);

        if (methods[i] == &search_random)
            assert_float_equal(mean, 0.74, 0.03);
        else
            assert_true(mean > 0.85);
        run_free(run);
    }
}

static void test_health(void **state)
{
    static struct arch a[3 * TRIALS];
    struct search_run *run = run_new(&search_ppo, 1);
    double before = search_health_of(run->method, run->self).entropy, after;

    (void)state;
    (void)run_trials(run, a, 3 * TRIALS);
    after = search_health_of(run->method, run->self).entropy;
    assert_true(before > 0.99 && before <= 1);
    assert_true(after > 0 && after < 0.7);
    run_free(run);
    run = run_new(&search_random, 1);
    assert_true(isnan(search_health_of(run->method, run->self).entropy));
    run_free(run);
}

/* A round is asked, then told, in whatever order; only then goes it on. */
static void test_round(void **state)
{
    struct search_run *run = run_new(&search_ppo, 1);
    struct task t = {.id = 8};
    struct arch a[8];

    (void)state;
    for (int i = 0; i < 8; i++)
        a[i] = run_ask(run);
    for (int i = 0; i < 8; i++) {
        assert_false(run->method->ask(run->self, &t));
        run_tell(run, i, a[i], quality(&a[i]));
    }
    assert_true(run->method->ask(run->self, &t));
    run_free(run);
}

/* The third round of a search, told the second with `reward`. */
static void third_round(double (*reward)(int i, const struct arch *a),
                        struct arch *third)
{
    struct search_run *run = run_new(&search_ppo, 1);
    struct arch a[8];

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 8; i++)
            a[i] = run_ask(run);
        for (int i = 0; i < 8; i++)
            run_tell(run, 8 * round + i, a[i],
                     round == 0 ? quality(&a[i]) : reward(i, &a[i]));
    }
    for (int i = 0; i < 8; i++)
        third[i] = run_ask(run);
    run_free(run);
}

static double none(int i, const struct arch *a)
{
    return i < 0 ? quality(a) : (double)NAN;
}

static double only_one(int i, const struct arch *a)
{
    return i == 3 ? quality(a) : (double)NAN;
}

static double half(int i, const struct arch *a)
{
    return i % 2 ? quality(a) : (double)NAN;
}

static double infinite(int i, const struct arch *a)
{
    return i == 3 ? quality(a) : (double)INFINITY;
}

/* Fewer than two usable results: no update, so the policy is what it was. */
static void test_rewards_missing(void **state)
{
    struct arch a[8], b[8], c[8], d[8];
    int same = 0;

    (void)state;
    third_round(none, a);
    third_round(only_one, b);
    third_round(infinite, c);
    third_round(half, d);
    for (int i = 0; i < 8; i++) {
        assert_true(arch_equal(&a[i], &b[i]));
        assert_true(arch_equal(&a[i], &c[i]));
        same += arch_equal(&a[i], &d[i]);
    }
    assert_true(same < 8);
}

/* A search with most trials failing still learns, and stays finite. */
static void test_many_failures(void **state)
{
    struct search_run *run = run_new(&search_ppo, 1);
    double sum = 0;

    (void)state;
    for (int i = 0; i < 6 * TRIALS; i++) {
        struct arch a = run_ask(run);

        run_tell(run, i, a, i % 3 ? (double)NAN : quality(&a));
        sum += i >= 5 * TRIALS ? quality(&a) : 0;
    }
    assert_true(sum / TRIALS > 0.85);
    run_free(run);
}

static int distance(const struct arch *a, const struct arch *b)
{
    int d = 0;

    for (int t = 0; t < SLOTS; t++)
        d += a->option[t] != b->option[t];
    return d;
}

static struct arch fixed(int option)
{
    struct arch a = {.count = SLOTS};

    memset(a.option, option, SLOTS);
    return a;
}

/* Population 10: one good member among bad ones is the parent as long as it
 * lives (a tournament of 200 draws never misses it), and not a step longer. */
static void test_evolution_ages(void **state)
{
    struct search_run *run = run_new(&search_evolution, 1);
    struct arch good = fixed(0), bad = fixed(2), a;
    int far = 0;

    (void)state;
    run->method->destroy(run->self);
    files_set(run->conf, search_evolution.section, "tournament", "200");
    run->self = run->method->create(&run->start);
    for (int i = 0; i < 10; i++) {
        a = run_ask(run);
        far += distance(&a, &good) > 1;
        run_tell(run, i, i == 3 ? good : bad, i == 3 ? 0.9 : 0.1);
    }
    assert_true(far > 5);
    for (int i = 10; i < 14; i++) {
        a = run_ask(run);
        assert_int_equal(distance(&a, &good), 1);
        run_tell(run, i, bad, 0.1);
    }
    for (int i = 14; i < 50; i++) {
        a = run_ask(run);
        assert_int_equal(distance(&a, &bad), 1);
        run_tell(run, i, bad, 0.1);
    }
    run_free(run);
}

/* A member without reward is no parent even if nothing else is there. */
static void test_evolution_without_rewards(void **state)
{
    struct search_run *run = run_new(&search_evolution, 1);
    struct arch bad = fixed(2), a;
    int near = 0;

    (void)state;
    for (int i = 0; i < 10; i++) {
        (void)run_ask(run);
        run_tell(run, i, bad, (double)NAN);
    }
    for (int i = 10; i < 60; i++) {
        a = run_ask(run);
        near += distance(&a, &bad) <= 1;
        run_tell(run, i, bad, (double)NAN);
    }
    assert_in_range(near, 0, 5);
    run_free(run);
}

static void test_rules(void **state)
{
    struct conf *conf = conf_small();

    (void)state;
    files_set(conf, &ppo_section, "minibatches", "9");
    files_set(conf, search_evolution.section, "tournament", "11");
    conf_check(conf);
    assert_int_equal(conf_errors(conf), 2);
    conf_free(conf);
}

static int nothing_left(void **state)
{
    (void)state;
    return mem_live() == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registry),
        cmocka_unit_test(test_repeatable),
        cmocka_unit_test(test_learns),
        cmocka_unit_test(test_health),
        cmocka_unit_test(test_round),
        cmocka_unit_test(test_rewards_missing),
        cmocka_unit_test(test_many_failures),
        cmocka_unit_test(test_evolution_ages),
        cmocka_unit_test(test_evolution_without_rewards),
        cmocka_unit_test(test_rules),
    };

    return cmocka_run_group_tests(tests, NULL, nothing_left);
}
