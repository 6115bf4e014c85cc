/* SPDX-License-Identifier: MIT */
/* The health panel: what is called random, and what is not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/rng.h"
#include "run/choices.h"
#include "run/health.h"

enum { SLOTS = 6, ROUNDS = 300 };

/* Blocks of two decisions, of 4 and of 2 or 3 options. */
static struct space blocks(void)
{
    static const char *const a[] = {"conv", "sep", "mb3", "mb6"};
    static const char *const b[] = {"n+0", "n+1", "n-1"};
    struct space s = {.count = 0};

    space_add(&s, "b1.conv", 4, a, "_");
    space_add(&s, "b1.layers", 2, b, "/");
    space_add(&s, "b2.conv", 4, a, "_");
    space_add(&s, "b2.layers", 3, b, "/");
    space_add(&s, "layer1", 3, b, "/");
    space_add(&s, "layer2", 3, b, "");
    return s;
}

static double choice_of(const struct choice *c, int count, const char *kind,
                        const char *option, bool uniform)
{
    for (int i = 0; i < count; i++)
        if (strcmp(c[i].kind, kind) == 0 && strcmp(c[i].option, option) == 0)
            return uniform ? c[i].uniform : c[i].share;
    return -1;
}

#define assert_near(got, wanted, error)                                        \
    assert_true(fabs((got) - (wanted)) <= (error))

static void shares_are_counted(void **state)
{
    struct space s = blocks();
    struct arch a[2] = {
        {SLOTS, {0, 1, 0, 2, 0, 1}},
        {SLOTS, {0, 0, 3, 2, 0, 2}},
    };
    int n;
    struct choice *c = choices_count(&n, &s, a, 2);

    (void)state;
    assert_int_equal(n, 4 + 3 + 3);
    assert_near(choice_of(c, n, "conv", "conv", false), 0.75, 1e-12);
    assert_near(choice_of(c, n, "conv", "mb6", false), 0.25, 1e-12);
    assert_near(choice_of(c, n, "conv", "sep", true), 0.25, 1e-12);
    assert_near(choice_of(c, n, "layers", "n-1", false), 0.5, 1e-12);
    assert_near(choice_of(c, n, "layers", "n-1", true), 1.0 / 6, 1e-12);
    assert_near(choice_of(c, n, "layers", "n+1", true), 5.0 / 12, 1e-12);
    assert_near(choice_of(c, n, "layer", "n+0", false), 0.5, 1e-12);
    mem_free(c);
}

/* Drawn uniformly; option 0 taken instead with this chance. */
static struct arch draw(double lean, const struct space *s, struct rng *r)
{
    struct arch a = space_random(s, r);

    for (int k = 0; k < s->count; k++)
        if (rng_uniform(r) < lean)
            a.option[k] = 0;
    return a;
}

/* How often draws are found to be no uniform ones, at a level of 5 %. */
static double found(int n, double lean)
{
    struct space s = blocks();
    struct arch a[HEALTH_MOST];
    int count = 0;

    for (int i = 0; i < ROUNDS; i++) {
        struct rng r = rng_stream(7, RNG_TEST, (uint64_t)i);

        for (int k = 0; k < n; k++)
            a[k] = draw(lean, &s, &r);
        count += choices_uniform(&s, a, n) <= 0.05;
    }
    return (double)count / ROUNDS;
}

static void uniform_draws_are_told_from_others(void **state)
{
    (void)state;
    assert_in_range((long)(1000 * found(HEALTH_LEAST, 0)), 10, 80);
    assert_in_range((long)(1000 * found(HEALTH_MOST, 0)), 20, 90);
    assert_true(found(HEALTH_LEAST, 0.5) > 0.8);
    assert_true(found(HEALTH_MOST, 0.3) > 0.95);
}

static struct search_health knows_slope(const void *self)
{
    (void)self;
    return (struct search_health){.entropy = (double)NAN, .critic.slope = 2};
}

static const struct search method = {.name = "test"};
static const struct search heir = {.name = "heir", .health = knows_slope};

/* A run of n trials whose lean and reward rise from its start to its end, with age
 * besides. */
static bool called_random(const struct search *by, int n, double lean,
                          double rise, uint64_t id)
{
    struct space s = blocks();
    struct rng r = rng_stream(8, RNG_TEST, id);
    struct driver d = {.space = &s, .method = by};
    struct health h;
    bool random;

    for (int i = 0; i < n; i++) {
        struct trial t = {.task.arch = draw(lean * i / n, &s, &r)};

        t.result.age = by == &heir ? i : (double)NAN;
        t.reward = rng_normal(&r) + rise * i / n;
        t.reward += by == &heir ? 2 * log1p(i) : 0;
        evidence_add(&d.evidence, &t);
    }
    health_measure(&h, &d);
    random = h.random;
    assert_string_equal(h.row[h.rows - 1].name, "search");
    assert_true(isnan(h.row[h.rows - 1].value) == (n < 2 * HEALTH_LEAST));
    health_free(&h);
    return random;
}

static double share_random(const struct search *by, int n, double lean,
                           double rise)
{
    int count = 0;

    for (int i = 0; i < 100; i++)
        count += called_random(by, n, lean, rise, (uint64_t)i);
    return count / 100.0;
}

static void only_searches_pass(void **state)
{
    const struct search *m = &method;

    (void)state;
    assert_true(share_random(m, 100, 0, 0) > 0.97); /* draws */
    assert_true(share_random(m, 100, 1, 0) > 0.9);  /* leans, to no end */
    assert_true(share_random(m, 100, 0, 3) > 0.9);  /* rises by itself */
    assert_true(share_random(m, 100, 1, 3) < 0.05); /* a search */
    assert_true(share_random(m, 250, 1, 2) < 0.05); /* the largest parts */
    assert_true(share_random(m, 15, 1, 3) < 0.001); /* too few to judge */
}

/* What later trials inherited is no merit of the search. */
static void inherited_rewards_are_not_counted(void **state)
{
    (void)state;
    assert_true(share_random(&heir, 100, 1, 0) > 0.9);
    assert_true(share_random(&heir, 100, 1, 3) < 0.05);
}

/* What failed, was predicted or has no reward does not enter the test. */
static void what_was_not_measured_is_left_out(void **state)
{
    struct space s = blocks();
    struct rng r = rng_stream(9, RNG_TEST, 0);
    struct driver d = {.space = &s, .method = &method};
    struct health h;

    (void)state;
    for (int i = 0; i < 40; i++) {
        struct trial t = {.task.arch = draw(0, &s, &r)};

        t.reward = i < 25 ? (double)NAN : i;
        t.result.state = i < 25 ? TRIAL_FAILED : TRIAL_DONE;
        evidence_add(&d.evidence, &t);
    }
    health_measure(&h, &d);
    assert_non_null(
        strstr(h.row[h.rows - 1].text, "too few trials to judge: 15"));
    assert_false(h.random);
    health_free(&h);
}

static int no_leaks(void **state)
{
    (void)state;
    return mem_live() == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_counted),
        cmocka_unit_test(uniform_draws_are_told_from_others),
        cmocka_unit_test(only_searches_pass),
        cmocka_unit_test(inherited_rewards_are_not_counted),
        cmocka_unit_test(what_was_not_measured_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, no_leaks);
}
