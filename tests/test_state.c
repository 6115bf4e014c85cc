/* SPDX-License-Identifier: MIT */
/* What is saved is loaded, and what cannot be right is refused. */
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/h5.h"
#include "base/mem.h"
#include "base/state.h"
#include "run/store.h"

enum { LIGHTS = 3000, ROWS = 5000 };

/* A module of every kind of thing. */
struct lamp {
    int bulbs;
    int64_t hours;
    bool on;
    float light[LIGHTS];
    double warm[2], any[2];
    unsigned char code[4];
    void *note;
    size_t note_size;
    int64_t rows[ROWS];
    int64_t taken; /* rows */
    const char *name;
    int64_t refuse; /* this row; -1: none */
};

static enum err get(void *self, int64_t first, int64_t n, void *rows)
{
    const struct lamp *l = self;

    memcpy(rows, l->rows + first, (size_t)n * sizeof(int64_t));
    return ERR_NONE;
}

static bool put(void *self, int64_t at, const void *row)
{
    struct lamp *l = self;

    assert_int_equal(at, l->taken++);
    memcpy(&l->rows[at], row, sizeof(int64_t));
    return at != l->refuse;
}

static void lamp_state(struct lamp *l, struct state *s)
{
    state_enter(s, "lamp");
    state_same(s, "name", l->name);
    state_int(s, "bulbs", &l->bulbs, 0, 9);
    state_count(s, "hours", &l->hours, -5, INT64_MAX);
    state_bools_in(s, "on", &l->on, 1, sizeof l->on);
    state_enter(s, "colour");
    state_floats(s, "light", l->light, LIGHTS, 0, 1000);
    state_doubles(s, "warm", l->warm, 2);
    state_leave(s);
    state_any_doubles(s, "any", l->any, 2);
    state_raw(s, "code", l->code, sizeof l->code);
    state_bytes(s, "note", &l->note, &l->note_size);
    state_list(
        s, &(struct state_list){"rows", sizeof(int64_t), ROWS, l, get, put});
    state_need(s, l->bulbs != 7, "seven bulbs");
    state_leave(s);
}

static void fill(struct lamp *l)
{
    *l = (struct lamp){.bulbs = 3,
                       .hours = -5,
                       .on = true,
                       .warm = {1.5, -2},
                       .any = {(double)NAN, (double)-INFINITY},
                       .code = {0, 255, 1, 2},
                       .note_size = 6,
                       .name = "lamp",
                       .refuse = -1};
    l->note = MEM_NEW(char, 6);
    memcpy(l->note, "hello", 6);
    for (int i = 0; i < LIGHTS; i++)
        l->light[i] = (float)i / 7;
    for (int i = 0; i < ROWS; i++)
        l->rows[i] = i * i;
}

static const char *path(void)
{
    static char name[64];

    (void)snprintf(name, sizeof name, "test_state.%d.h5", (int)getpid());
    return name;
}

static void save(struct lamp *l)
{
    struct draft draft;
    struct state *s;

    assert_int_equal(store_begin(&draft, path()), ERR_NONE);
    s = state_save(draft.h5);
    lamp_state(l, s);
    assert_int_equal(store_end(&draft, state_end(s)), ERR_NONE);
}

static enum err load(struct lamp *l)
{
    struct state *s;
    struct h5 *h;
    enum err e;

    assert_int_equal(h5_open(&h, path()), ERR_NONE);
    s = state_load(h, "the file");
    lamp_state(l, s);
    e = state_end(s);
    h5_close(h);
    return e;
}

static void what_is_saved_is_loaded(void **state)
{
    static struct lamp was, is;

    (void)state;
    fill(&was);
    save(&was);
    is = (struct lamp){.name = "lamp", .refuse = -1};
    assert_int_equal(load(&is), ERR_NONE);
    assert_int_equal(is.bulbs, 3);
    assert_int_equal(is.hours, -5);
    assert_true(is.on);
    assert_memory_equal(is.light, was.light, sizeof was.light);
    assert_memory_equal(is.warm, was.warm, sizeof was.warm);
    assert_true(isnan(is.any[0]) && is.any[1] < 0 && isinf(is.any[1]));
    assert_memory_equal(is.code, was.code, sizeof was.code);
    assert_int_equal(is.note_size, 6);
    assert_string_equal(is.note, "hello");
    assert_int_equal(is.taken, ROWS);
    assert_memory_equal(is.rows, was.rows, sizeof was.rows);
    mem_free(was.note);
    mem_free(is.note);
}

/* refused SAVED: what is loaded then fails with this message, and what comes after
 * it is as it was. */
static void refused(struct lamp *was, struct lamp *is, const char *message)
{
    save(was);
    is->bulbs = 1;
    is->note = NULL;
    is->note_size = 0;
    is->taken = 0;
    assert_int_equal(load(is), ERR_DATA);
    if (!strstr(err_message(), message))
        fail_msg("%s, not %s", err_message(), message);
    err_clear();
    mem_free(is->note);
}

static void what_cannot_be_is_refused(void **state)
{
    static struct lamp was, is;

    (void)state;
    fill(&was);
    is = (struct lamp){.name = "lamp", .refuse = -1};
    was.bulbs = 10;
    refused(&was, &is, "/lamp/bulbs: 10; 0..9 are allowed");
    assert_int_equal(is.bulbs, 1);
    assert_int_equal(is.hours, 0);
    was.bulbs = 7;
    refused(&was, &is, "/lamp: seven bulbs");
    was.bulbs = 2;
    was.hours = -6;
    refused(&was, &is, "/lamp/hours: -6");
    was.hours = 1;
    was.light[17] = (float)INFINITY;
    refused(&was, &is, "/lamp/colour/light: inf; 0..1000 are allowed");
    assert_null(is.note);
    was.light[17] = 0;
    was.warm[1] = (double)NAN;
    refused(&was, &is, "/lamp/colour/warm: is not finite");
    was.warm[1] = 0;
    is.refuse = 4000;
    refused(&was, &is, "/lamp/rows: row 4000 cannot be right");
    assert_int_equal(is.taken, 4001);
    is.refuse = -1;
    is.name = "lump";
    refused(&was, &is, "/lamp/name: is another");
    is.name = "lamp or so";
    refused(&was, &is, "/lamp/name");
    mem_free(was.note);
}

static int clean(void **state)
{
    (void)state;
    (void)unlink(path());
    return mem_live() != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_is_saved_is_loaded, clean),
        cmocka_unit_test_teardown(what_cannot_be_is_refused, clean),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
