/* SPDX-License-Identifier: MIT */
/* The reward: closed forms, what does not count, and its rule. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "search/reward.h"

static void set(struct conf *conf, const char *name, const char *text)
{
    conf_set(conf, &reward_section, conf_find_row(&reward_section, name), text,
             "test", 1);
    assert_int_equal(conf_errors(conf), 0);
}

static struct conf *reward_conf(const char *cost, const char *target,
                                const char *form)
{
    const struct conf_section *sections[] = {&reward_section};
    struct conf *conf = conf_new(sections, 1);

    set(conf, "cost", cost);
    set(conf, "target", target);
    set(conf, "form", form);
    return conf;
}

static void reward_is(const char *cost, const char *target, const char *form,
                      const struct result *r, double expected)
{
    struct conf *conf = reward_conf(cost, target, form);
    double reward = reward_of(conf_of(conf, &reward_section), r);

    if (isnan(expected))
        assert_true(isnan(reward));
    else
        assert_float_equal(reward, expected, 1e-12);
    conf_free(conf);
}

static void test_reward(void **state)
{
    struct result r = {.state = TRIAL_DONE,
                       .accuracy = 0.8,
                       .params = 2000,
                       .macs = 300000000,
                       .latency = 0.02};
    double nan = (double)NAN;

    (void)state;
    reward_is("none", "0", "soft", &r, 0.8);
    reward_is("params", "2000", "soft", &r, 0.8);
    reward_is("params", "1000", "soft", &r, 0.8 * pow(2, -0.07));
    reward_is("params", "4000", "soft", &r, 0.8 * pow(2, 0.07));
    reward_is("macs", "100e6", "hard", &r, 0.8 / 3);
    reward_is("macs", "300e6", "hard", &r, 0.8);
    reward_is("macs", "900e6", "hard", &r, 0.8);
    reward_is("latency", "0.01", "soft", &r, 0.8 * pow(2, -0.07));
    r.latency = nan;
    reward_is("latency", "0.01", "soft", &r, nan);
    reward_is("latency", "0.01", "hard", &r, nan);
    reward_is("none", "0", "soft", &r, 0.8);
    r.params = 0;
    reward_is("params", "10", "soft", &r, nan);
    r.state = TRIAL_CACHED;
    reward_is("none", "0", "soft", &r, 0.8);
    for (int i = TRIAL_DIVERGED; i < TRIAL_STATES; i++) {
        r.state = (enum trial_state)i;
        reward_is("none", "0", "soft", &r, nan);
    }
}

/* The likelihood: exp(-loss), at a cost or not; a table has no losses. */
static void test_likelihood(void **state)
{
    struct result r = {
        .state = TRIAL_DONE, .accuracy = 0.8, .loss = 0.5, .params = 2000};
    struct conf *conf = reward_conf("params", "1000", "hard");
    const struct reward_conf *c = conf_of(conf, &reward_section);

    (void)state;
    set(conf, "merit", "likelihood");
    assert_float_equal(reward_of(c, &r), exp(-0.5) / 2, 1e-12);
    set(conf, "cost", "none");
    assert_float_equal(reward_of(c, &r), exp(-0.5), 1e-12);
    r.loss = (double)NAN;
    assert_true(isnan(reward_of(c, &r)));
    conf_free(conf);
}

static int errors(struct conf *conf)
{
    int n;

    conf_check(conf);
    n = conf_errors(conf);
    conf_free(conf);
    return n;
}

static void test_target_is_required(void **state)
{
    (void)state;
    assert_int_equal(errors(reward_conf("none", "0", "soft")), 0);
    assert_int_equal(errors(reward_conf("macs", "1e8", "hard")), 0);
    assert_int_equal(errors(reward_conf("macs", "0", "soft")), 1);
    assert_int_equal(mem_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reward),
        cmocka_unit_test(test_likelihood),
        cmocka_unit_test(test_target_is_required),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
