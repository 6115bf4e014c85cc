/* SPDX-License-Identifier: MIT */
/* Which results of an earlier run are looked at again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "search/finalists.h"

#include "known_quality.h"

enum { RESULTS = 80, MANY = 2 * CRITIC_LEVEL, MOST = 4 };

struct results {
    struct arch arch[MANY];
    double reward[MANY], age[MANY];
    int count;
};

static void add(struct results *r, struct arch a, double reward, double age)
{
    r->arch[r->count] = a;
    r->reward[r->count] = reward;
    r->age[r->count++] = age;
}

static int choose(struct results *r, int most, struct arch *best)
{
    struct space s = six();
    struct earlier run = {
        .count = r->count, .arch = r->arch, .reward = r->reward, .age = r->age};

    return finalists(&s, &run, most, best);
}

static double mean_quality(const struct arch *a, int n)
{
    double sum = 0;

    for (int i = 0; i < n; i++)
        sum += quality(&a[i]) / n;
    return sum;
}

/* Those of the highest rewards, as a reader of the file would choose them. */
static double quality_of_highest(const struct results *r)
{
    bool taken[RESULTS] = {false};
    double sum = 0;

    for (int k = 0; k < MOST; k++) {
        int top = -1;

        for (int i = 0; i < r->count; i++)
            if (!taken[i] && (top < 0 || r->reward[i] > r->reward[top]))
                top = i;
        taken[top] = true;
        sum += quality(&r->arch[top]) / MOST;
    }
    return sum;
}

/* Rewards of age: the first were the best, and have the lowest rewards. */
static void test_age(void **state)
{
    static struct results r;
    struct arch best[MOST];
    struct rng rng = rng_stream(3, RNG_TEST, 2);
    double top = 0;

    (void)state;
    r.count = 0;
    while (r.count < RESULTS) {
        struct arch a = draw(&rng);
        double age = r.count;

        top = fmax(top, quality(&a));
        add(&r, a, quality(&a) + 0.04 * log1p(age), age);
    }
    assert_int_equal(choose(&r, MOST, best), MOST);
    assert_near(quality(&best[0]), top, 0.006);
    assert_true(mean_quality(best, MOST) > quality_of_highest(&r) + 0.005);
}

/* None twice, and no more than there are. */
static void test_few(void **state)
{
    static struct results r;
    struct arch best[MOST], a = {.count = SLOTS}, b = a;

    (void)state;
    r.count = 0;
    assert_int_equal(choose(&r, MOST, best), 0);
    b.option[5] = 1;
    add(&r, a, 0.5, 0);
    add(&r, b, 0.75, 0);
    add(&r, b, 0.75, 0);
    assert_int_equal(choose(&r, MOST, best), 2);
    assert_true(arch_equal(&best[0], &b) && arch_equal(&best[1], &a));
    assert_int_equal(choose(&r, 1, best), 1);
    assert_true(arch_equal(&best[0], &b));
}

/* More results than the slope is taken from. */
static void test_many(void **state)
{
    static struct results r;
    struct arch best[MOST];
    struct rng rng = rng_stream(5, RNG_TEST, 3);

    (void)state;
    r.count = 0;
    while (r.count < MANY) {
        struct arch a = draw(&rng);
        double age = r.count < MANY / 2 ? 0 : r.count;

        add(&r, a, quality(&a) + 0.04 * log1p(age), age);
    }
    assert_int_equal(choose(&r, MOST, best), MOST);
    assert_true(mean_quality(best, MOST) > 0.945);
}

static int nothing_left(void **state)
{
    (void)state;
    return mem_live() == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_age),
        cmocka_unit_test(test_few),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, nothing_left);
}
