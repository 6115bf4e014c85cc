/* SPDX-License-Identifier: MIT */
/* The accelerators of the search: what is trained, what is predicted, and what
 * is learned from which. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "data_files.h"
#include "learn/ppo.h"
#include "search/fnas.h"
#include "search/search.h"

enum { SLOTS = 6, OPTIONS = 3, TRIALS = 1200, LATE = 300 };

struct fixture {
    struct space space;
    struct conf *conf;
    const struct search *method;
    void *self;
};

/* The search keeps a pointer to the space. */
static void set_up(struct fixture *f, const struct search *method, int slots,
                   const char *critic, const char *replay)
{
    const struct conf_section *sections[] = {&ppo_section, &fnas_section};

    *f = (struct fixture){.space = {.count = slots},
                          .conf = conf_new(sections, 2),
                          .method = method};

    for (int t = 0; t < slots; t++)
        f->space.decisions[t].options = OPTIONS;
    files_set(f->conf, &ppo_section, "hidden", "16");
    files_set(f->conf, &ppo_section, "embedding", "16");
    files_set(f->conf, &ppo_section, "batch", "8");
    files_set(f->conf, &fnas_section, "critic", critic);
    files_set(f->conf, &fnas_section, "replay", replay);
    files_set(f->conf, &fnas_section, "warm", "20");
    files_set(f->conf, &fnas_section, "sample", "32");
    files_set(f->conf, &fnas_section, "audit", "0.3");
}

static void create(struct fixture *f)
{
    f->self =
        f->method->create(&(struct search_start){&f->space, f->conf, 1, NULL});
}

static void start(struct fixture *f, const struct search *method,
                  const char *critic, const char *replay)
{
    set_up(f, method, SLOTS, critic, replay);
    create(f);
}

static void end(struct fixture *f)
{
    f->method->destroy(f->self);
    conf_free(f->conf);
    assert_int_equal(mem_live(), 0);
}

static double quality(const struct arch *a)
{
    double sum = 0;

    for (int t = 0; t < a->count; t++)
        sum += (a->option[t] + t) % OPTIONS;
    return 0.5 + 0.18 / a->count * sum;
}

/* Ask and tell one by one, as the driver does: what is predicted has no
 * accuracy; `lie` is what its result is said to be. */
static void run(struct fixture *f, struct task *tasks, int n, double lie)
{
    for (int i = 0; i < n; i++) {
        struct task *t = &tasks[i];
        struct result r = {.id = i, .state = TRIAL_DONE};
        double reward;

        *t = (struct task){.id = i, .said = {(double)NAN, (double)NAN, false}};
        assert_true(f->method->ask(f->self, t));
        assert_true(space_has(&f->space, &t->arch));
        reward = t->said.replaces ? lie : quality(&t->arch);
        r.state = t->said.replaces ? TRIAL_PREDICTED : TRIAL_DONE;
        r.accuracy = t->said.replaces ? (double)NAN : reward;
        f->method->tell(f->self, t, &r, reward);
    }
}

static bool same_archs(const struct task *a, const struct task *b, int n)
{
    for (int i = 0; i < n; i++)
        if (!arch_equal(&a[i].arch, &b[i].arch))
            return false;
    return true;
}

static struct task first[TRIALS], second[TRIALS];

/* Without accelerators it is ppo. */
static void test_off_is_ppo(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, &search_fnas, "false", "false");
    run(&f, first, 400, (double)NAN);
    end(&f);
    start(&f, &search_ppo, "true", "true");
    run(&f, second, 400, (double)NAN);
    end(&f);
    assert_true(same_archs(first, second, 400));
    for (int i = 0; i < 400; i++)
        assert_false(first[i].said.replaces);
    start(&f, &search_fnas, "false", "true");
    run(&f, second, 400, (double)NAN);
    end(&f);
    assert_true(same_archs(first, second, 8));
    assert_false(same_archs(first, second, 400));
}

/* Nothing is predicted before the critic has seen enough; then most is, and
 * what is trained is never trained again. */
static void test_gate(void **state)
{
    struct fixture f;
    struct critic_health h;
    int trained = 0, since = 0;

    (void)state;
    start(&f, &search_fnas, "true", "true");
    run(&f, first, TRIALS, (double)NAN);
    for (int i = 0; i < TRIALS; i++) {
        if (trained < 20)
            assert_false(first[i].said.replaces);
        if (first[i].said.replaces)
            assert_true(isfinite(first[i].said.value) &&
                        first[i].said.deviation > 0);
        else
            trained++;
        for (int j = 20; j < i && !first[i].said.replaces && i >= 20; j++)
            assert_false(!first[j].said.replaces &&
                         arch_equal(&first[i].arch, &first[j].arch));
        since += i >= 20 && !first[i].said.replaces;
    }
    assert_in_range(trained, 30, TRIALS / 3);
    h = f.method->health(f.self).critic;
    assert_true(h.on);
    assert_int_equal(h.learned, trained);
    assert_in_range((int)h.skipped, TRIALS / 2, TRIALS + 32);
    assert_in_range((int)h.trained, since, since + 5);
    assert_in_range((int)h.audits, 1, since);
    assert_true(h.audit_error >= 0 && h.audit_error < 0.1);
    assert_true(h.in_90 > 0.5 && h.in_90 <= 1);
    end(&f);
}

/* Whatever a predicted trial's result is said to be, the search goes the same
 * way: critic, replay and policy do not listen. */
static void test_predictions_are_no_labels(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, &search_fnas, "true", "true");
    run(&f, first, TRIALS, (double)NAN);
    end(&f);
    start(&f, &search_fnas, "true", "true");
    run(&f, second, TRIALS, 1e6);
    end(&f);
    assert_true(same_archs(first, second, TRIALS));
    for (int i = 0; i < TRIALS; i++)
        assert_memory_equal(&first[i].said.value, &second[i].said.value,
                            sizeof(double));
}

/* Each accelerator finds the best of 729 with fewer results than ppo. */
static int results_until_best(const char *critic, const char *replay)
{
    struct fixture f;
    int results = 0;

    start(&f, &search_fnas, critic, replay);
    run(&f, first, TRIALS, (double)NAN);
    end(&f);
    for (int i = 0; i < TRIALS; i++) {
        results += !first[i].said.replaces;
        if (!first[i].said.replaces && quality(&first[i].arch) > 0.859)
            return results;
    }
    return TRIALS;
}

static void test_critic_pays(void **state)
{
    (void)state;
    assert_in_range(results_until_best("true", "false"), 1, 60);
    assert_true(results_until_best("true", "false") <
                results_until_best("false", "false") / 2);
}

/* Mean quality of what is trained late, of 3^24 architectures. */
static double late_quality(const char *climb)
{
    struct fixture f;
    double sum = 0;
    int trained = 0;

    set_up(&f, &search_fnas, 24, "true", "false");
    files_set(f.conf, &fnas_section, "climb", climb);
    create(&f);
    run(&f, first, LATE, (double)NAN);
    end(&f);
    for (int i = LATE; i-- > 0 && trained < 20;)
        if (!first[i].said.replaces) {
            sum += quality(&first[i].arch);
            trained++;
        }
    return sum / trained;
}

static void test_climb_pays(void **state)
{
    double drawn = late_quality("0"), climbed = late_quality("20");

    (void)state;
    assert_true(drawn > 0.68 + 0.02); /* 0.68 is what chance gives */
    assert_true(climbed > drawn + 0.02);
}

/* A lag of one: the next round is drawn while the last result of a round is
 * out, but not the one after it. */
static void test_lag(void **state)
{
    struct fixture f;
    struct task t = {.id = 0};
    int asked = 0;

    (void)state;
    start(&f, &search_fnas, "false", "true");
    for (; f.method->ask(f.self, &t); t.id++)
        first[asked++] = t;
    assert_int_equal(asked, 12); /* 8, then 4 and room for 4 of replay */
    for (int i = 0; i < 7; i++)
        f.method->tell(f.self, &first[i], &(struct result){.id = i}, 0.5);
    assert_false(f.method->ask(f.self, &t));
    f.method->tell(f.self, &first[7], &(struct result){.id = 7}, 0.6);
    assert_true(f.method->ask(f.self, &t));
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_off_is_ppo),
        cmocka_unit_test(test_gate),
        cmocka_unit_test(test_predictions_are_no_labels),
        cmocka_unit_test(test_critic_pays),
        cmocka_unit_test(test_climb_pays),
        cmocka_unit_test(test_lag),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
