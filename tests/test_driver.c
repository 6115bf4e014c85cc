/* SPDX-License-Identifier: MIT */
/* The search loop, with an evaluator that sleeps: what is begun before a time
 * limit, and what is put off. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#include "base/mem.h"
#include "run/driver.h"
#include "run/settings.h"

enum { LONG_MS = 500, KNOWN = 8, TRIALS = 1000 };

/* Trials 0, 3, 6... are long. */
static bool is_long(int64_t id)
{
    return id % 3 == 0;
}

static double work(void *self, const struct task *t)
{
    (void)self;
    return is_long(t->id) ? 10 : 1;
}

static enum err run(void *self, const struct task *t,
                    const struct luggage *with, struct result *r,
                    struct luggage *left)
{
    const struct timespec pause = {.tv_nsec = LONG_MS * 1000000L};

    (void)self;
    (void)with;
    (void)left;
    if (is_long(t->id))
        (void)nanosleep(&pause, NULL);
    r->state = TRIAL_DONE;
    r->accuracy = 0.5;
    return ERR_NONE;
}

static const struct eval sleeper = {
    .name = "sleeper", .work = work, .run = run};

/* Once some trials are known, only half a long one is left. */
static void after(struct driver *d, void *context)
{
    (void)context;
    if (d->trials.settled == KNOWN)
        d->stop.until = comm_clock() + 0.9e-3 * LONG_MS;
}

static void publish(struct driver *d, void *context)
{
    (void)d;
    (void)context;
}

static void end_is_filled_with_short_trials(void **state)
{
    struct conf *conf = settings_new();
    struct comm *alone = comm_self();
    struct ranks ranks = {.world = alone, .per_child = 1};
    struct space space = {.count = 12};
    struct driver d = {.conf = conf,
                       .space = &space,
                       .method = &search_random,
                       .eval = &sleeper,
                       .stop = {.file = "/nonexistent", .until = HUGE_VAL},
                       .after = after,
                       .publish = publish};
    int64_t begun = 0;

    (void)state;
    for (int i = 0; i < space.count; i++)
        space.decisions[i].options = 4;
    d.farm = farm_new(&ranks, &sleeper, NULL, 0);
    driver_begin(&d);
    assert_int_equal(driver_run(&d), RUN_STOPPED);
    assert_string_equal(d.stop.why, "the time limit");
    assert_true(d.put_off > 0);
    for (int64_t i = KNOWN; i < d.trials.count; i++) {
        struct trial t;

        assert_true(trials_read(&d.trials, i, 1, &t) == ERR_NONE);
        assert_true(!t.answered || !is_long(i));
        begun += t.answered;
    }
    assert_true(begun > 0);
    driver_end(&d);
    farm_free(d.farm);
    comm_free(alone);
    conf_free(conf);
}

static void time_of_a_trial_is_foretold(void **state)
{
    struct pace p = {0};

    (void)state;
    assert_true(pace_seconds(&p, 1) == 0);
    pace_note(&p, 10, 5);
    assert_float_equal(pace_seconds(&p, 10), 1.2 * 5, 1e-12);
    assert_float_equal(pace_seconds(&p, 20), 1.2 * 10, 1e-12);
    assert_float_equal(pace_seconds(&p, 2), 1.2 * 5, 1e-12);
    pace_note(&p, 2, 1);
    pace_note(&p, 3, 0.9);
    assert_float_equal(pace_seconds(&p, 2), 1.2, 1e-12);
    assert_float_equal(pace_seconds(&p, 3), 1.2, 1e-12);
}

/* The earliest are forgotten. */
static void time_of_a_trial_is_that_of_the_latest(void **state)
{
    struct pace p = {0};

    (void)state;
    pace_note(&p, 10, 5);
    for (int i = 0; i < PACE_KEPT - 1; i++)
        pace_note(&p, 3, 1);
    assert_float_equal(pace_seconds(&p, 10), 1.2 * 5, 1e-12);
    pace_note(&p, 3, 1);
    assert_float_equal(pace_seconds(&p, 10), 1.2 * 10 / 3, 1e-12);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_of_a_trial_is_foretold),
        cmocka_unit_test(time_of_a_trial_is_that_of_the_latest),
        cmocka_unit_test(end_is_filled_with_short_trials),
    };
    struct comm *world = comm_start(&argc, &argv);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    comm_finish(world);
    return failed;
}
