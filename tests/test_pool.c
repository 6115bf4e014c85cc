/* SPDX-License-Identifier: MIT */
/* The knowledge pool: what is found, what is kept, in which order. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "pool_blocks.h"

/* A child that leaves one block of such weights. */
static void tell(struct pool *p, int64_t id, struct block b, int generation,
                 float value, double reward)
{
    const struct result r = {.id = id, .state = TRIAL_DONE};
    struct legacy item = {.block = b, .generation = generation, .age = 1};
    struct luggage left = {0};
    float *w = filled(&b, value);

    item.w = w;
    heritage_add(&left, &item);
    mem_free(w);
    pool_tell(p, &r, reward, left);
}

/* The weights found for a block; 0: none. */
static float found(const struct pool *p, struct block b)
{
    const struct entry *e = pool_find(p, &b);

    return e ? e->w[0] : 0;
}

static void test_similarity(void **state)
{
    struct block a = mbconv(1, 3, 16), wider = mbconv(1, 3, 20);
    struct block larger = mbconv(1, 5, 16), other = a;

    (void)state;
    other.form.kind = LAYER_CONV;
    assert_true(fabs(pool_similarity(&a, &a) - 1) < 1e-9);
    assert_true(pool_similarity(&a, &wider) < 1);
    assert_true(pool_similarity(&a, &larger) < pool_similarity(&a, &wider));
    assert_true(pool_similarity(&a, &other) < pool_similarity(&a, &larger));
    assert_true(pool_similarity(&a, &other) > 0);
    assert_true(pool_same_kind(&a, &wider));
    assert_false(pool_same_kind(&a, &larger));
    assert_false(pool_same_kind(&a, &other));
}

static void test_find(void **state)
{
    struct pool *p = pool_new(&small);
    struct block conv = mbconv(1, 3, 16), strided = mbconv(1, 5, 16);

    (void)state;
    assert_true(found(p, conv) == 0);
    conv.form.kind = LAYER_CONV;
    strided.form.stride = 2;
    put(p, conv, 0, 1);
    assert_true(found(p, mbconv(1, 3, 16)) == 1); /* better than none */
    assert_true(found(p, mbconv(2, 3, 16)) == 0); /* another stage */
    put(p, mbconv(1, 5, 16), 0, 2);
    put(p, mbconv(1, 3, 20), 0, 3);
    put(p, mbconv(1, 3, 16), 1, 4); /* of the next generation */
    assert_true(found(p, mbconv(1, 3, 16)) == 3);
    assert_true(found(p, strided) == 2);
    put(p, strided, 0, 5);
    assert_true(found(p, strided) == 5);
    strided.form.kernel = 3; /* the stride counts more than the kernel */
    assert_true(found(p, strided) == 5);
    pool_free(p);
}

/* What is told is seen after a whole round, in the order told. */
static void test_round(void **state)
{
    struct pool *p = pool_new(&small);
    struct block b = mbconv(1, 3, 16);

    (void)state;
    tell(p, 0, b, 0, 1, 0.5);
    assert_int_equal(p->count, 0);
    tell(p, 1, b, 0, 2, 0.4); /* worse: the better one stays */
    assert_true(p->count == 1 && found(p, b) == 1);
    tell(p, 2, b, 0, 3, 0.6);
    assert_true(found(p, b) == 1);
    tell(p, 3, b, 0, 4, 0.6); /* as good: the first */
    assert_true(p->count == 1 && found(p, b) == 3);
    pool_free(p);
}

static void test_failures(void **state)
{
    struct pool *p = pool_new(&small);
    struct block b = mbconv(1, 3, 16);
    float *w = filled(&b, 1);

    (void)state;
    for (int s = 0; s < TRIAL_STATES; s++) {
        const struct result r = {.id = s, .state = (enum trial_state)s};
        struct luggage left = {0};

        if (result_counts(&r))
            continue;
        heritage_add(&left, &(struct legacy){.block = b, .w = w});
        pool_tell(p, &r, (double)NAN, left);
    }
    tell(p, 9, mbconv(2, 3, 16), 0, 1, 0.5);
    tell(p, 9, mbconv(2, 3, 16), 0, 1, 0.5);
    assert_true(found(p, b) == 0);
    mem_free(w);
    pool_free(p);
}

/* A copy travels: later changes of the pool do not reach it. */
static void test_copy(void **state)
{
    struct blueprint plan = {
        .channels = 1, .height = 4, .width = 4, .classes = 3};
    struct pool *p = pool_new(&small);
    struct block list[BLOCKS_MAX];
    struct luggage l;
    struct legacy item;

    (void)state;
    blueprint_add(&plan, (struct layer){.kind = LAYER_CONV,
                                        .act = ACT_RELU,
                                        .kernel = 3,
                                        .stride = 1,
                                        .channels = 8});
    assert_int_equal(block_list(list, &plan), 2);
    assert_int_equal(pool_start(p, &plan).size, 0);
    put(p, list[0], 0, 7);
    l = pool_start(p, &plan);
    p->list[0].w[0] = 8;
    assert_true(heritage_find(&l, 0, &item) && item.w[0] == 7);
    assert_false(heritage_find(&l, 1, &item));
    assert_int_equal(p->counted.lookups, 4);
    assert_int_equal(p->counted.hits, 1);
    assert_int_equal(p->counted.warm, 2);
    mem_free(l.bytes);
    pool_free(p);
}

/* The next generation takes over when it has every kind; before, and after the
 * last one, only what is missing is taken in. */
static void test_generations(void **state)
{
    struct pool_conf conf = small;
    struct block three = mbconv(1, 3, 16), five = mbconv(1, 5, 16);
    struct pool *p;

    (void)state;
    conf.round = 1;
    conf.generations = 2;
    p = pool_new(&conf);
    tell(p, 0, three, 0, 1, 0.5);
    tell(p, 1, five, 1, 2, 0.5); /* a kind that is missing */
    assert_true(found(p, five) == 2 && p->generation == 0);
    tell(p, 2, three, 1, 3, 0.5);
    assert_true(found(p, three) == 1 && p->generation == 0);
    tell(p, 3, five, 1, 4, 0.5);
    assert_true(p->generation == 1 && p->count == 2);
    assert_true(found(p, three) == 3 && found(p, five) == 4);
    tell(p, 4, three, 0, 5, 0.9); /* late */
    tell(p, 5, three, 2, 6, 0.9); /* beyond the last */
    tell(p, 6, five, 2, 7, 0.9);
    assert_true(p->generation == 1 && p->count == 2 && found(p, three) == 3);
    tell(p, 7, mbconv(2, 3, 16), 2, 8, 0.9);
    assert_true(found(p, mbconv(2, 3, 16)) == 8);
    pool_free(p);
}

/* The one not used for longest goes; the last of a stage stays. */
static void test_eviction(void **state)
{
    struct pool *p = pool_new(&small);
    size_t one;

    (void)state;
    for (int i = 0; i < 4; i++)
        put(p, mbconv(1, 3, 16 + i), 0, (float)(i + 1));
    put(p, mbconv(2, 3, 16), 0, 9);
    for (int i = 0; i < 4; i++)
        p->list[i].used = (i + 2) % 4; /* the third was never used since */
    one = block_values(&p->list[0].block) * sizeof(float);
    p->limit = p->bytes - one;
    pool_shrink(p);
    assert_int_equal(p->count, 4);
    assert_int_equal(p->counted.evicted, 1);
    assert_true(p->bytes <= p->limit);
    for (int i = 0; i < p->count; i++)
        assert_false(p->list[i].block.form.channels == 18);
    p->limit = 0;
    pool_shrink(p);
    assert_int_equal(p->count, 2);
    assert_true(found(p, mbconv(1, 3, 16)) == 2); /* used last of all */
    assert_true(found(p, mbconv(2, 3, 16)) == 9);
    pool_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_similarity), cmocka_unit_test(test_find),
        cmocka_unit_test(test_round),      cmocka_unit_test(test_failures),
        cmocka_unit_test(test_copy),       cmocka_unit_test(test_generations),
        cmocka_unit_test(test_eviction),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    return failed + (mem_live() != 0);
}
