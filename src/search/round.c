/* SPDX-License-Identifier: MIT */
#include "round.h"

#include <math.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/state.h"
#include "learn/categorical.h"

static void round_new(struct round *r, int room, int slots)
{
    size_t count = (size_t)room * (size_t)slots;

    *r = (struct round){.audit = -1,
                        .arch = MEM_NEW(struct arch, room),
                        .said = MEM_NEW(struct prediction, room),
                        .moved = MEM_NEW(bool, room),
                        .reward = MEM_NEW(double, room),
                        .age = MEM_NEW(double, room),
                        .mu = MEM_NEW(float, count)};
}

static void round_free(struct round *r)
{
    mem_free(r->arch);
    mem_free(r->said);
    mem_free(r->moved);
    mem_free(r->reward);
    mem_free(r->age);
    mem_free(r->mu);
}

void round_begin(struct round *r, int64_t first, int count)
{
    r->first = first;
    r->count = count;
    r->asked = r->told = 0;
    r->audit = -1;
    r->rise = 0;
    for (int i = 0; i < count; i++) {
        r->said[i] = (struct prediction){(double)NAN, (double)NAN, false};
        r->reward[i] = (double)NAN;
        r->age[i] = 0;
        r->moved[i] = false;
    }
}

int round_find(const struct round *r, int64_t id)
{
    return id >= r->first && id < r->first + r->count ? (int)(id - r->first)
                                                      : -1;
}

static void state_round(struct round *r, struct state *s,
                        const struct space *space, int room)
{
    size_t n;

    state_count(s, "first", &r->first, 0, INT64_MAX - room);
    state_int(s, "count", &r->count, 0, room);
    state_int(s, "asked", &r->asked, 0, r->count);
    state_int(s, "told", &r->told, 0, r->asked);
    state_int(s, "audit", &r->audit, -1, r->count - 1);
    state_doubles(s, "rise", &r->rise, 1);
    n = (size_t)r->count;
    space_state(space, s, "arch", r->arch, n, sizeof r->arch[0]);
    state_reals_in(s, "value", &r->said->value, n, sizeof r->said[0]);
    state_reals_in(s, "deviation", &r->said->deviation, n, sizeof r->said[0]);
    state_bools_in(s, "replaces", &r->said->replaces, n, sizeof r->said[0]);
    state_bools_in(s, "moved", r->moved, n, sizeof r->moved[0]);
    state_any_doubles(s, "reward", r->reward, n);
    state_any_doubles(s, "age", r->age, n);
    state_floats(s, "mu", r->mu, n * (size_t)space->count, LOG_LEAST, 1);
}

void rounds_new(struct rounds *r, int open, int room, int slots)
{
    *r = (struct rounds){
        .ring = MEM_NEW(struct round, open), .open = open, .room = room};
    for (int i = 0; i < open; i++)
        round_new(&r->ring[i], room, slots);
}

void rounds_free(struct rounds *r)
{
    for (int i = 0; i < r->open; i++)
        round_free(&r->ring[i]);
    mem_free(r->ring);
}

struct round *rounds_at(const struct rounds *r, int64_t number)
{
    return &r->ring[number % r->open];
}

/* Do the open rounds hold the tasks told..asked - 1, in order? */
static bool in_order(const struct rounds *r, int64_t asked, int64_t told)
{
    int64_t next = told;

    for (int64_t k = r->learned; k < r->drawn; k++) {
        const struct round *one = rounds_at(r, k);

        if (one->first + one->told != next || one->told == one->count)
            return false;
        next = one->first + one->asked;
        if (k + 1 < r->drawn && one->asked < one->count)
            return false;
    }
    return next == asked;
}

void rounds_state(struct rounds *r, struct state *s, const struct space *space,
                  int64_t asked, int64_t told)
{
    state_enter(s, "rounds");
    state_count(s, "learned", &r->learned, 0, INT64_MAX - r->open);
    state_count(s, "drawn", &r->drawn, r->learned, r->learned + r->open);
    for (int64_t k = r->learned; k < r->drawn; k++) {
        char name[16];

        (void)snprintf(name, sizeof name, "%d", (int)(k - r->learned));
        state_enter(s, name);
        state_round(rounds_at(r, k), s, space, r->room);
        state_leave(s);
    }
    state_need(s, in_order(r, asked, told), "of other tasks");
    state_leave(s);
}
