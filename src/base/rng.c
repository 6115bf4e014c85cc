/* SPDX-License-Identifier: MIT */
#include "base/rng.h"

#include <math.h>

#include "base/err.h"

static uint64_t rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t rng_mix(uint64_t hash, uint64_t value)
{
    uint64_t state = hash ^ rotate(value, 32);

    return splitmix(&state) ^ value;
}

uint64_t rng_mix_bytes(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *b = bytes;

    for (size_t i = 0; i < size; i++)
        hash = rng_mix(hash, b[i]);
    return hash;
}

struct rng rng_stream(uint64_t seed, enum rng_use use, uint64_t id)
{
    uint64_t state = rng_mix(rng_mix(rng_mix(0, seed), (uint64_t)use), id);
    struct rng r;

    for (int i = 0; i < 4; i++)
        r.s[i] = splitmix(&state);
    return r;
}

uint64_t rng_bits(struct rng *r)
{
    uint64_t *s = r->s;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

double rng_uniform(struct rng *r)
{
    return (double)(rng_bits(r) >> 11) * 0x1.0p-53;
}

int rng_below(struct rng *r, int n)
{
    uint64_t range, limit, x;

    CHECK(n > 0);
    range = (uint64_t)n;
    limit = UINT64_MAX - UINT64_MAX % range;
    do
        x = rng_bits(r);
    while (x >= limit);
    return (int)(x % range);
}

double rng_normal(struct rng *r)
{
    const double two_pi = 6.283185307179586;
    double u = 1.0 - rng_uniform(r); /* in (0, 1] */

    return sqrt(-2.0 * log(u)) * cos(two_pi * rng_uniform(r));
}

void rng_shuffle(struct rng *r, int *x, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)rng_below(r, (int)i);
        int t = x[i - 1];

        x[i - 1] = x[j];
        x[j] = t;
    }
}
