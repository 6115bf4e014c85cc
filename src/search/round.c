/* SPDX-License-Identifier: MIT */
#include "round.h"

#include <math.h>

#include "base/mem.h"

void round_new(struct round *r, int room, int slots)
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

void round_free(struct round *r)
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
