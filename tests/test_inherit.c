/* SPDX-License-Identifier: MIT */
/* Blocks that share weights: where those of one are in another, their first
 * values, and the way to a child and back. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "eval/child.h"
#include "eval/heritage.h"
#include "eval/inherit.h"

static const enum layer_kind kinds[] = {LAYER_CONV, LAYER_SEP, LAYER_MBCONV};

static struct block block_of(enum layer_kind kind)
{
    return (struct block){.stage = 1,
                          .c_in = 6,
                          .layers = 2,
                          .form = {.kind = kind,
                                   .act = ACT_RELU,
                                   .block = 1,
                                   .kernel = 3,
                                   .stride = 1,
                                   .channels = 8,
                                   .expand = 2,
                                   .se = 25,
                                   .gate = ACT_HSIGMOID}};
}

static struct block larger_of(struct block b)
{
    b.c_in = 9;
    b.layers = 3;
    b.form.kernel = 5;
    b.form.channels = 11;
    b.form.expand = 3;
    b.form.se = 50;
    return b;
}

static size_t *map_of(const struct block *b, const struct block *whole)
{
    size_t *at = MEM_NEW(size_t, block_values(b));

    inherit_map(at, b, whole);
    return at;
}

static void test_kin(void **state)
{
    struct block b = block_of(LAYER_MBCONV), large = larger_of(b), other = b;
    struct block u = inherit_union(&b, &large);

    (void)state;
    assert_true(inherit_kin(&b, &large) && block_equal(&u, &large));
    u = inherit_union(&large, &b);
    assert_true(block_equal(&u, &large));
    other.form.kind = LAYER_CONV;
    assert_false(inherit_kin(&b, &other));
    other.form.kind = LAYER_SEP;
    assert_false(inherit_kin(&b, &other));
    b.form.expand = 1; /* is a separable convolution */
    assert_true(inherit_kin(&b, &other));
    other.stage = 2;
    assert_false(inherit_kin(&b, &other));
}

/* Of one size, all weights are where they are; of a smaller one, each has a
 * place of its own, and is found again from there. */
static void test_map(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct block b = block_of(kinds[i]), large = larger_of(b);
        size_t n = block_values(&b), all = block_values(&large), found = 0;
        size_t *same = map_of(&b, &b), *at = map_of(&b, &large);
        size_t *back = map_of(&large, &b);

        for (size_t k = 0; k < n; k++) {
            assert_int_equal(same[k], k);
            assert_true(at[k] < all && back[at[k]] == k);
        }
        for (size_t k = 0; k < all; k++)
            found += back[k] != INHERIT_NOWHERE;
        assert_int_equal(found, n);
        mem_free(same);
        mem_free(at);
        mem_free(back);
    }
}

/* The centre of the kernel; hidden channel (copy 1, 2) of 6 and of 9 read. */
static void test_places(void **state)
{
    struct block b = block_of(LAYER_MBCONV), large = larger_of(b);
    size_t *at = map_of(&b, &large);
    struct tensor part[PARTS], whole[PARTS];
    size_t from, to;

    (void)state;
    block_tensors(part, &b, 0);
    block_tensors(whole, &large, 0);
    from = part[PART_DEPTH].at + (1 * 6 + 2) * 9 + 4;
    to = whole[PART_DEPTH].at + (1 * 9 + 2) * 25 + 12;
    assert_int_equal(at[from], to);
    from = part[PART_MAIN].at + 5 * (2 * 6) + 1 * 6 + 2;
    to = whole[PART_MAIN].at + 5 * (3 * 9) + 1 * 9 + 2;
    assert_int_equal(at[from], to);
    mem_free(at);
}

/* A weight starts as the same draw in every size, but for its scale. */
static void test_first(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct block b = block_of(kinds[i]), large = larger_of(b);
        float *w = MEM_NEW(float, block_values(&b));
        float *all = MEM_NEW(float, block_values(&large));
        size_t *at = map_of(&b, &large);
        struct tensor part[PARTS];
        size_t depth;

        inherit_first(w, &b, 1);
        inherit_first(all, &large, 1);
        block_tensors(part, &b, 0);
        depth = i == 0 ? part[PART_SQUEEZE].at : part[PART_DEPTH].at;
        for (size_t k = 1; k < 4; k++)
            assert_true(fabsf(w[depth + k] / w[depth] -
                              all[at[depth + k]] / all[at[depth]]) < 1e-4f);
        inherit_first(all, &large, 2);
        assert_true(w[depth] != all[at[depth]]);
        mem_free(at);
        mem_free(all);
        mem_free(w);
    }
}

enum { SIDE = 6, COLORS = 6, CLASSES = 40 };

struct network {
    struct graph g;
    struct arena arena;
    struct luggage l;
};

/* A network of one block of each number, with first weights. */
static void build(struct network *n, struct block b, int layers)
{
    struct blueprint plan = {
        .channels = COLORS, .height = SIDE, .width = SIDE, .classes = CLASSES};
    struct shape image = {COLORS, SIDE, SIDE};
    struct block list[BLOCKS_MAX];
    int count;

    *n = (struct network){0};
    b.form.se = 0;
    for (int i = 0; i < layers; i++)
        blueprint_add(&plan, b.form);
    graph_start(&n->g, image, 1);
    child_append(&n->g, &plan);
    arena_reserve(&n->arena, graph_cost(&n->g).bytes);
    graph_build(&n->g, &n->arena);
    count = block_list(list, &plan);
    for (int i = 0; i < count; i++) {
        float *w = MEM_NEW(float, block_values(&list[i]));

        inherit_first(w, &list[i], 1);
        heritage_add(&n->l, &(struct legacy){.block = list[i],
                                             .age = 2,
                                             .share = 0.5,
                                             .generation = 3,
                                             .w = w});
        mem_free(w);
    }
}

static void end(struct network *n)
{
    graph_end(&n->g);
    arena_free(&n->arena);
    mem_free(n->l.bytes);
}

/* There and back: what is left is what was added. */
static void test_heritage(void **state)
{
    struct luggage left = {0};
    struct inherited got;
    struct network n;
    struct legacy item;
    size_t at = 0;

    (void)state;
    build(&n, block_of(LAYER_MBCONV), 2);
    got = heritage_give(&n.g, &n.l);
    assert_true(got.share == 0.5 && got.age == 2 && got.generation == 3);
    for (size_t i = 0; i < n.g.params + n.g.stats; i++)
        n.g.w[i] += 0.25f;
    heritage_take(&left, &n.g, &n.l, 0.5);
    while (heritage_next(&left, &at, &item)) {
        assert_true(item.epochs == 0.5);
        for (size_t i = 0; i < block_values(&item.block); i++)
            assert_true(fabsf(item.w[i] - 0.25f) < 1e-6f);
    }
    assert_int_equal(left.size, n.l.size);
    mem_free(left.bytes);
    end(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kin),      cmocka_unit_test(test_map),
        cmocka_unit_test(test_places),   cmocka_unit_test(test_first),
        cmocka_unit_test(test_heritage),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    return failed + (mem_live() != 0);
}
