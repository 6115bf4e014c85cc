/* SPDX-License-Identifier: MIT */
/* Random streams, keyed by what they are for: (seed, use, id).
 *
 * There is no global generator: a draw depends neither on the rank that makes
 * it nor on what was drawn before elsewhere.  Generator: xoshiro256** (Blackman
 * and Vigna 2018), state filled by splitmix64. All Local. */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

enum rng_use {
    RNG_SPLIT,     /* training and validation part */
    RNG_SAMPLES,   /* synthetic images */
    RNG_WEIGHTS,   /* initial weights of a child */
    RNG_BATCH,     /* order of the images in an epoch */
    RNG_AUGMENT,   /* shift, flip, cutout of one image */
    RNG_POLICY,    /* initial weights of the policy */
    RNG_SEARCH,    /* what a search method draws */
    RNG_TABLE,     /* which recorded seed of a benchmark */
    RNG_TEST,      /* tests */
    RNG_MUTATE,    /* neighbours of what is known */
    RNG_GATE,      /* audits of predictions */
    RNG_REPLAY,    /* which results are learned from again */
    RNG_BOOTSTRAP, /* intervals of a comparison */
    RNG_AUDIT      /* which children are trained from scratch as well */
};

struct rng {
    uint64_t s[4];
};

/** The stream of one use and one id (task, epoch, image...). */
struct rng rng_stream(uint64_t seed, enum rng_use use, uint64_t id);

/** 64 random bits. */
uint64_t rng_bits(struct rng *r);

/** Uniform in [0, 1), 53 bits. */
double rng_uniform(struct rng *r);

/** Uniform in 0..n-1, unbiased; n > 0. */
int rng_below(struct rng *r, int n);

/** Standard normal (Box-Muller, one of the pair is discarded). */
double rng_normal(struct rng *r);

/** Shuffle n ints (Fisher-Yates). */
void rng_shuffle(struct rng *r, int *x, size_t n);

/** Mix a value into a 64-bit hash (splitmix64 finaliser); also what keys the
 * streams. */
uint64_t rng_mix(uint64_t hash, uint64_t value);

/** The bytes of a text, or of anything else, mixed into a hash. */
uint64_t rng_mix_bytes(uint64_t hash, const void *bytes, size_t size);

#endif
