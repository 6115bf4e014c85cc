/* SPDX-License-Identifier: MIT */
/* The critic where children start from trained weights. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "learn/critic.h"

#include "known_quality.h"

/* Rewards that rise with the age of weights: the rise is found, and what is said
 * is as good as if there were none. */
static void test_age(void **state)
{
    struct critic *level = make(ROOM), *risen = make(ROOM);
    struct critic *unaware = make(ROOM);
    struct rng r = rng_stream(12, RNG_TEST, 0);
    struct arch top;
    double best = 0, d, found;

    (void)state;
    for (int i = 0; i < 80; i++) {
        struct arch a = draw(&r);
        double rise = 0.04 * log1p(0.5 * i), noise = 0.002 * rng_normal(&r);

        critic_add(level, &a, quality(&a) + noise, 0);
        critic_add(risen, &a, quality(&a) + noise + rise, 0.5 * i);
        critic_add(unaware, &a, quality(&a) + noise + rise, 0);
        best = fmax(best, quality(&a));
    }
    assert_near(critic_rise(risen, 20), 0.04 * log1p(20), 0.012);
    assert_true(critic_rise(risen, 0) == 0 &&
                critic_rise(risen, (double)NAN) == 0);
    assert_true(critic_rise(level, 20) == 0);
    found = judge_new(risen, &d);
    assert_true(found > judge_new(level, &d) - 0.03);
    assert_true(found > judge_new(unaware, &d) + 0.2);
    top = critic_best(risen);
    assert_true(best - quality(&top) < 0.006);
    critic_free(level);
    critic_free(risen);
    critic_free(unaware);
    assert_int_equal(mem_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_age),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
