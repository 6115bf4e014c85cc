/* SPDX-License-Identifier: MIT */
/* Inheritance: where a rule keeps the function of a network, a child computes
 * what its parent does; each rule, and what it leaves alone. */
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

enum { SIDE = 8, COLORS = 2, CLASSES = 5, GROUPS = 1 };

/* A stem, a block to change, a block behind it. */
struct body {
    struct layer stem, block, next;
    int layers; /* of the block */
};

static const struct body mb = {.stem = {.kind = LAYER_CONV,
                                        .act = ACT_HSWISH,
                                        .kernel = 3,
                                        .stride = 1,
                                        .channels = 6},
                               .block = {.kind = LAYER_MBCONV,
                                         .act = ACT_HSWISH,
                                         .block = 1,
                                         .kernel = 3,
                                         .stride = 1,
                                         .channels = 6,
                                         .expand = 2,
                                         .skip = SKIP_IDENTITY,
                                         .gate = ACT_HSIGMOID},
                               .next = {.kind = LAYER_SEP,
                                        .act = ACT_HSWISH,
                                        .block = 2,
                                        .kernel = 3,
                                        .stride = 2,
                                        .channels = 8,
                                        .skip = SKIP_POOL,
                                        .se = 50,
                                        .gate = ACT_SIGMOID},
                               .layers = 1};

/* The same with another operator. */
static struct body with(enum layer_kind kind)
{
    struct body b = mb;

    b.block.kind = kind;
    return b;
}

static struct blueprint blueprint_of(const struct body *b)
{
    struct blueprint p = {
        .channels = COLORS, .height = SIDE, .width = SIDE, .classes = CLASSES};

    blueprint_add(&p, b->stem);
    for (int i = 0; i < b->layers; i++)
        blueprint_add(&p, b->block);
    blueprint_add(&p, b->next);
    return p;
}

struct network {
    struct blueprint plan;
    struct graph g;
    struct arena arena;
    struct block blocks[BLOCKS_MAX];
    int count;
};

/* All weights and statistics at random, so that nothing is 0 or 1 by chance. */
static void build(struct network *n, const struct body *b, uint64_t seed)
{
    struct shape image = {COLORS, SIDE, SIDE};
    struct rng r = rng_stream(seed, RNG_TEST, 1);

    *n = (struct network){.plan = blueprint_of(b)};
    graph_start(&n->g, image, GROUPS);
    child_append(&n->g, &n->plan);
    arena_reserve(&n->arena, graph_cost(&n->g).bytes);
    graph_build(&n->g, &n->arena);
    graph_init(&n->g, &r);
    for (size_t i = 0; i < n->g.params; i++)
        n->g.w[i] += 0.2f * (float)rng_normal(&r);
    for (size_t i = n->g.params; i < n->g.params + n->g.stats; i++)
        n->g.w[i] = 0.5f + (float)rng_uniform(&r);
    n->count = block_list(n->blocks, &n->plan);
}

static void end(struct network *n)
{
    graph_end(&n->g);
    arena_free(&n->arena);
}

static void compute(struct network *n, float *y)
{
    struct rng r = rng_stream(3, RNG_TEST, 2);
    const struct node *last = &n->g.nodes[n->g.count - 1];

    for (int i = 0; i < GROUPS * COLORS * SIDE * SIDE * GRAPH_LANES; i++)
        n->g.nodes[0].x[i] = (float)rng_normal(&r);
    graph_fold(&n->g);
    graph_forward(&n->g, GRAPH_EVAL);
    memcpy(y, last->x, sizeof(float) * CLASSES * GRAPH_LANES);
}

static void leave(struct network *n, struct luggage *l)
{
    const struct luggage nothing = {0};

    heritage_take(l, &n->g, &n->plan, &nothing, 1);
}

/* Largest difference of outputs between `from`, prepared, and its heir. */
static double change_of(const struct body *from, const struct body *to,
                        void (*prepare)(struct network *n))
{
    float x[CLASSES * GRAPH_LANES], y[CLASSES * GRAPH_LANES];
    struct luggage l = {0};
    struct network parent, heir;
    double most = 0;

    build(&parent, from, 1);
    build(&heir, to, 2);
    if (prepare)
        prepare(&parent);
    leave(&parent, &l);
    (void)heritage_give(&heir.g, &heir.plan, &l);
    compute(&parent, x);
    compute(&heir, y);
    for (int i = 0; i < CLASSES * GRAPH_LANES; i++)
        most = fmax(most, fabs((double)x[i] - (double)y[i]));
    mem_free(l.bytes);
    end(&parent);
    end(&heir);
    return most;
}

#define SAME(from, to, prepare)                                                \
    assert_true(change_of(&(from), &(to), prepare) < 2e-4)
#define CHANGED(from, to) assert_true(change_of(&(from), &(to), NULL) > 1e-2)
static const enum layer_kind kinds[] = {LAYER_CONV, LAYER_SEP, LAYER_MBCONV};

static void test_same(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct body a = with(kinds[i]);

        SAME(a, a, NULL);
        a.layers = 3;
        SAME(a, a, NULL);
        a.block.se = 25;
        SAME(a, a, NULL);
    }
}

static void test_kernel(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct body a = with(kinds[i]), b = a;

        b.block.kernel = 5;
        SAME(a, b, NULL);
        CHANGED(b, a);
    }
}

static void test_kernel_alone(void **state)
{
    const float three[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    float five[25], back[9], one;

    (void)state;
    inherit_kernel(five, 5, three, 3);
    for (int i = 0; i < 25; i++) {
        int y = i / 5 - 1, x = i % 5 - 1;
        bool inside = y >= 0 && y < 3 && x >= 0 && x < 3;

        assert_true(five[i] == (inside ? three[y * 3 + x] : 0));
    }
    inherit_kernel(back, 3, five, 5);
    assert_memory_equal(back, three, sizeof three);
    inherit_kernel(&one, 1, five, 5);
    assert_true(one == 5);
}

/* Wider and wider: in, out, hidden; up to three copies of a channel. */
static void test_wider(void **state)
{
    static const int widths[] = {7, 11, 12, 17};

    (void)state;
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 4; k++) {
            struct body a = with(kinds[i]), b;

            a.block.skip = SKIP_NONE;
            a.next.skip = SKIP_NONE; /* would add more channels */
            b = a;
            b.block.channels = widths[k];
            SAME(a, b, NULL);
            b.stem.channels = widths[k];
            SAME(a, b, NULL);
            a.block.skip = b.block.skip = SKIP_IDENTITY;
            a.layers = b.layers = 2;
            SAME(a, b, NULL);
            CHANGED(b, a);
        }
}

static void test_shares(void **state)
{
    (void)state;
    for (int old = 1; old < 7; old++)
        for (int count = 1; count < 25; count++) {
            struct channels c = channels_first(count, old);
            double sum[7] = {0};

            for (int i = 0; i < count; i++) {
                assert_int_equal(c.from[i], i % old);
                sum[c.from[i]] += (double)c.share[i];
                for (int k = 0; k < i; k++)
                    assert_false(c.from[k] == c.from[i] &&
                                 c.share[k] == c.share[i]);
            }
            for (int i = 0; i < old && i < count; i++)
                assert_true(fabs(sum[i] - 1) < 1e-6);
            channels_free(&c);
        }
}

static void test_strongest(void **state)
{
    const float gamma[] = {0.5f, -3, 0.1f, 2, -0.5f, 0};
    const int best[] = {0, 1, 3};
    struct channels c = channels_strongest(3, 6, gamma);

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(c.from[i], best[i]);
        assert_true(c.share[i] == 1);
    }
    channels_free(&c);
}

static void test_expansion(void **state)
{
    struct body a = mb, b = mb;

    (void)state;
    b.block.expand = 5;
    SAME(a, b, NULL);
    a.block.se = b.block.se = 50;
    SAME(a, b, NULL);
    CHANGED(b, a);
}

/* Every third of the hidden channels has nothing to say. */
static void mute_hidden(struct network *n)
{
    const struct block *b = &n->blocks[1];
    float *w = MEM_NEW(float, block_values(b));
    struct tensor part[PARTS];
    float *norm;

    block_take(w, &n->g, b);
    block_tensors(part, b, 0);
    norm = w + part[PART_DEPTH_NORM].at;
    for (int i = 0; i < part[PART_DEPTH_NORM].outs; i++)
        if (i % 3 == 1)
            norm[i] = norm[part[PART_DEPTH_NORM].outs + i] = 0;
    block_give(&n->g, b, w);
    mem_free(w);
}

static void test_narrower(void **state)
{
    struct body a = mb, b = mb;

    (void)state;
    a.block.expand = 3;
    b.block.expand = 2; /* two of three stay: those that say something */
    SAME(a, b, mute_hidden);
    a.block.se = b.block.se = 50;
    SAME(a, b, mute_hidden);
}

static void test_gates(void **state)
{
    (void)state;
    for (int i = 1; i < 3; i++) {
        struct body a = with(kinds[i]), b = a;

        b.block.se = 50;
        SAME(a, b, NULL);
        b.block.gate = ACT_SIGMOID;
        SAME(a, b, NULL);
    }
}

static void test_depth(void **state)
{
    (void)state;
    for (int i = 1; i < 3; i++)
        for (int layers = 1; layers < 3; layers++) {
            struct body a = with(kinds[i]), b = a;

            a.layers = layers;
            b.layers = layers + 2;
            SAME(a, b, NULL);
            CHANGED(b, a);
        }
}

/* Where weights of another operator go: nowhere, but for depthwise filters. */
static void test_operator(void **state)
{
    struct body sep = with(LAYER_SEP), conv = with(LAYER_CONV), wide = sep;
    struct network from, to;
    struct tensor part[PARTS], old[PARTS];
    float *w, *old_w;

    (void)state;
    wide.stem.channels = 12; /* as many as are hidden in mb */
    build(&from, &wide, 1);
    build(&to, &mb, 2);
    w = MEM_NEW(float, block_values(&to.blocks[1]));
    old_w = MEM_NEW(float, block_values(&from.blocks[1]));
    block_take(w, &to.g, &to.blocks[1]);
    block_take(old_w, &from.g, &from.blocks[1]);
    block_tensors(part, &to.blocks[1], 0);
    block_tensors(old, &from.blocks[1], 0);
    assert_int_equal(inherit_block(w, &to.blocks[1], old_w, &from.blocks[1]),
                     part[PART_DEPTH].values);
    assert_memory_equal(w + part[PART_DEPTH].at, old_w + old[PART_DEPTH].at,
                        part[PART_DEPTH].values * sizeof *w);
    mem_free(old_w);
    end(&from);
    build(&from, &conv, 1);
    old_w = MEM_NEW(float, block_values(&from.blocks[1]));
    assert_int_equal(inherit_block(w, &to.blocks[1], old_w, &from.blocks[1]),
                     0);
    mem_free(old_w);
    mem_free(w);
    end(&from);
    end(&to);
    CHANGED(mb, sep);
}

/* The age of what a child leaves is what it got plus what it was trained. */
static void test_age(void **state)
{
    struct luggage first = {0}, second = {0};
    struct network a, b;
    struct inherited got;
    struct legacy item;

    (void)state;
    build(&a, &mb, 1);
    build(&b, &mb, 2);
    leave(&a, &first);
    got = heritage_give(&b.g, &b.plan, &first);
    assert_true(fabs(got.share - 1) < 1e-12 && fabs(got.age - 1) < 1e-12 &&
                got.generation == 0);
    heritage_take(&second, &b.g, &b.plan, &first, 0.5);
    assert_true(heritage_find(&second, 1, &item));
    assert_true(fabs(item.age - 1.5) < 1e-12 && item.generation == 1);
    assert_false(heritage_find(&second, 9, &item));
    mem_free(first.bytes);
    mem_free(second.bytes);
    end(&a);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),         cmocka_unit_test(test_kernel),
        cmocka_unit_test(test_kernel_alone), cmocka_unit_test(test_wider),
        cmocka_unit_test(test_shares),       cmocka_unit_test(test_strongest),
        cmocka_unit_test(test_expansion),    cmocka_unit_test(test_narrower),
        cmocka_unit_test(test_gates),        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_operator),     cmocka_unit_test(test_age),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    return failed + (mem_live() != 0);
}
