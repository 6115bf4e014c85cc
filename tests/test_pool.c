/* SPDX-License-Identifier: MIT */
/* The knowledge pool: what a child starts from, what the pool learns. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "eval/inherit.h"
#include "pool_blocks.h"

/* A child that adds so much to every weight of one block. */
static void tell_as(struct pool *p, enum trial_state state, struct block b,
                    float more)
{
    const struct result r = {.state = state};
    struct luggage left = {0};
    float *w = filled(&b, more);

    heritage_add(&left, &(struct legacy){.block = b, .epochs = 1, .w = w});
    mem_free(w);
    pool_tell(p, &r, left);
}

static void tell(struct pool *p, struct block b, float more)
{
    tell_as(p, TRIAL_DONE, b, more);
}

/* The last weight of a block: of its last tensor, or that of its part. */
static float last_of(const struct pool *p, const struct block *part)
{
    const struct entry *e = pool_find(p, part);
    size_t n = block_values(part);
    size_t *at = MEM_NEW(size_t, n);
    float last;

    inherit_map(at, part, &e->block);
    last = e->w[at[n - 1]];
    mem_free(at);
    return last;
}

/* What is told is learned after a whole round: of weights that several children
 * trained, the mean. */
static void test_round(void **state)
{
    struct pool *p = pool_new(&small, 1);
    struct block b = mbconv(1, 3, 16);

    (void)state;
    tell(p, b, 1);
    assert_int_equal(p->count, 0);
    tell(p, b, 2); /* the last weight is a variance, which starts as 1 */
    assert_true(p->count == 1 && p->generation == 1);
    assert_true(last_of(p, &b) == 2.5f);
    assert_true(p->list[0].updates == 2 && p->list[0].age == 1);
    tell(p, b, -9);
    pool_commit(p);
    assert_true(last_of(p, &b) == 0); /* no variance below */
    assert_true(p->generation == 2);
    pool_commit(p);
    assert_int_equal(p->generation, 2); /* nothing was told */
    pool_free(p);
}

/* The first round is taken over whole, of later ones a part. */
static void test_step(void **state)
{
    struct pool_conf half = small;
    struct pool *p;
    struct block b = mbconv(1, 3, 16);

    (void)state;
    half.step = 0.5;
    p = pool_new(&half, 1);
    tell(p, b, 2);
    tell(p, b, 4);
    assert_true(last_of(p, &b) == 4); /* a variance, which starts as 1 */
    tell(p, b, 1);
    tell(p, b, 2);
    assert_true(last_of(p, &b) == 4.75f);
    assert_true(p->list[0].age == 2);
    pool_free(p);
}

/* Children of different sizes have one entry, as large as needed; each weight
 * is the mean over those that have it. */
static void test_sizes(void **state)
{
    struct pool *p = pool_new(&small, 1);
    struct block narrow = mbconv(1, 3, 12), wide = mbconv(1, 5, 16);
    struct block other = mbconv(1, 3, 16), all = inherit_union(&narrow, &wide);

    (void)state;
    other.form.kind = LAYER_CONV;
    tell(p, narrow, 1);
    tell(p, wide, 3);
    assert_int_equal(p->count, 1);
    assert_true(block_equal(&p->list[0].block, &all));
    assert_true(p->bytes == block_values(&all) * sizeof(float));
    assert_true(last_of(p, &narrow) == 3); /* 1 + (1 + 3) / 2 */
    assert_true(last_of(p, &wide) == 4);   /* 1 + 3 */
    assert_null(pool_find(p, &other));
    tell(p, other, 1);
    tell(p, mbconv(1, 7, 12), 1); /* grows */
    assert_int_equal(p->count, 2);
    assert_true(last_of(p, &narrow) == 4 && last_of(p, &wide) == 4);
    assert_int_equal(pool_find(p, &wide)->block.form.kernel, 7);
    pool_free(p);
}

static void test_failures(void **state)
{
    struct pool *p = pool_new(&small, 1);

    (void)state;
    for (int s = 0; s < TRIAL_STATES; s++)
        if (!result_counts(&(struct result){.state = (enum trial_state)s}))
            tell_as(p, (enum trial_state)s, mbconv(1, 3, 16), 1);
    pool_commit(p);
    assert_int_equal(p->count, 0);
    pool_free(p);
}

static struct blueprint stem_of(int channels)
{
    struct blueprint plan = {
        .channels = 1, .height = 4, .width = 4, .classes = 3};

    blueprint_add(&plan, (struct layer){.kind = LAYER_CONV,
                                        .act = ACT_RELU,
                                        .kernel = 3,
                                        .stride = 1,
                                        .channels = channels});
    return plan;
}

/* The first child starts, too; a copy travels: later changes of the pool do not
 * reach it; what is not stored is as it is at first. */
static void test_start(void **state)
{
    struct blueprint small_stem = stem_of(8), large_stem = stem_of(9);
    struct pool *p = pool_new(&small, 1);
    struct block list[BLOCKS_MAX];
    struct luggage first = pool_start(p, &small_stem), l;
    struct legacy item;
    size_t at = 0;

    (void)state;
    assert_true(heritage_next(&first, &at, &item) && item.share == 0);
    assert_true(item.w[0] != 0 && item.generation == 0);
    assert_int_equal(block_list(list, &small_stem), 2);
    put(p, list[0], 7);
    l = pool_start(p, &large_stem);
    p->list[0].w[0] = 8;
    at = 0;
    assert_true(heritage_next(&l, &at, &item));
    assert_true(item.w[0] == 7 && item.w[8 * 9] != 7);
    assert_true(fabs(item.share - 8 / 9.0) < 1e-9);
    assert_true(fabs(item.age - 8 / 9.0) < 1e-9);
    assert_true(heritage_next(&l, &at, &item) && item.share == 0);
    assert_false(heritage_next(&l, &at, &item));
    assert_int_equal(p->counted.lookups, 4);
    assert_int_equal(p->counted.hits, 1);
    assert_int_equal(p->counted.warm, 0);
    mem_free(first.bytes);
    mem_free(l.bytes);
    pool_free(p);
}

/* The one that learned least recently goes. */
static void test_eviction(void **state)
{
    struct pool *p = pool_new(&small, 1);

    (void)state;
    for (int i = 0; i < 4; i++) {
        put(p, mbconv(i, 3, 16), (float)i);
        p->list[i].used = (i + 2) % 4;
    }
    p->limit = p->bytes - 1;
    pool_shrink(p);
    assert_int_equal(p->count, 3);
    assert_int_equal(p->counted.evicted, 1);
    assert_true(p->bytes <= p->limit);
    for (int i = 0; i < p->count; i++)
        assert_int_not_equal(p->list[i].block.stage, 2);
    p->limit = 0;
    pool_shrink(p);
    assert_true(p->count == 0 && p->bytes == 0);
    pool_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round),    cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_failures), cmocka_unit_test(test_start),
        cmocka_unit_test(test_eviction), cmocka_unit_test(test_step),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    return failed + (mem_live() != 0);
}
