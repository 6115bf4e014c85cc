/* SPDX-License-Identifier: MIT */
/* The knowledge pool: what is found, what is kept, in which order; its file,
 * whole and damaged. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/h5.h"
#include "base/mem.h"
#include "data_files.h"
#include "eval/pool_file.h"

static const struct pool_conf small = {
    .enabled = true, .epochs = 0.5, .round = 2, .generations = 9, .limit = 1};

static struct block mbconv(int stage, int kernel, int channels)
{
    return (struct block){.stage = stage,
                          .c_in = 8,
                          .layers = 2,
                          .form = {.kind = LAYER_MBCONV,
                                   .skip = SKIP_IDENTITY,
                                   .act = ACT_RELU,
                                   .block = stage,
                                   .kernel = kernel,
                                   .stride = 1,
                                   .channels = channels,
                                   .expand = 3,
                                   .se = 25,
                                   .gate = ACT_HSIGMOID}};
}

/* Weights that are all the same, but variances are at least 0. */
static float *filled(const struct block *b, float value)
{
    float *w = MEM_NEW(float, block_values(b));

    for (size_t i = 0; i < block_values(b); i++)
        w[i] = value;
    return w;
}

static struct entry entry_of(struct block b, int generation, float value)
{
    return (struct entry){.block = b,
                          .generation = generation,
                          .age = 1,
                          .reward = 0.5,
                          .w = filled(&b, value)};
}

static void put(struct pool *p, struct block b, int generation, float value)
{
    pool_put(p, entry_of(b, generation, value));
}

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

/* Blocks of every kind. */
static struct pool *varied(void)
{
    struct pool *p = pool_new(&small);
    struct block conv = mbconv(2, 3, 12), sep = mbconv(3, 5, 16);
    struct block stem = mbconv(0, 3, 8);
    struct block classifier = {.stage = 4,
                               .c_in = 16,
                               .layers = 1,
                               .classifier = true,
                               .form = {.kind = LAYER_CONV,
                                        .block = 4,
                                        .kernel = 1,
                                        .stride = 1,
                                        .channels = 5}};

    conv.form.kind = LAYER_CONV;
    sep.form.kind = LAYER_SEP;
    sep.form.stride = 2;
    stem.form.kind = LAYER_CONV;
    stem.layers = 1;
    stem.c_in = 3;
    put(p, stem, 0, 1);
    put(p, mbconv(1, 3, 16), 0, 2);
    put(p, conv, 0, 3);
    put(p, sep, 0, 4);
    put(p, classifier, 0, 5);
    for (int i = 0; i < p->count; i++)
        for (size_t k = 0; k < block_values(&p->list[i].block); k++)
            p->list[i].w[k] += (float)k / 4096;
    return p;
}

static void save(const struct pool *p)
{
    void *bytes;
    size_t size;

    assert_int_equal(pool_image(p, &bytes, &size), ERR_NONE);
    files_write("a", bytes, size);
    mem_free(bytes);
}

static void test_file(void **state)
{
    struct pool *p = varied(), *q = pool_new(&small);
    struct h5_array a;
    struct h5 *h;

    (void)state;
    save(p);
    assert_int_equal(pool_read(q, files_path("a")), ERR_NONE);
    assert_int_equal(q->count, p->count);
    assert_int_equal(q->bytes, p->bytes);
    for (int i = 0; i < p->count; i++) {
        const struct entry *x = &p->list[i], *y = &q->list[i];

        assert_true(block_equal(&x->block, &y->block));
        assert_true(y->age == x->age && y->generation == 0);
        assert_memory_equal(x->w, y->w,
                            block_values(&x->block) * sizeof(float));
    }
    assert_int_equal(h5_open(&h, files_path("a")), ERR_NONE);
    assert_int_equal(h5_shape(h, "/blocks/1/layer0/depthwise/weight", &a),
                     ERR_NONE);
    assert_true(a.rank == 4 && a.dims[0] == 24 && a.dims[1] == 1 &&
                a.dims[2] == 3 && a.dims[3] == 3);
    assert_int_equal(h5_shape(h, "/blocks/4/layer0/main/bias", &a), ERR_NONE);
    assert_true(a.rank == 1 && a.dims[0] == 5);
    h5_close(h);
    pool_free(p);
    pool_free(q);
}

/* Read file "a", which is wrong; what the message must say. */
static void refuse(const char *what)
{
    struct pool *p = pool_new(&small);

    assert_true(pool_read(p, files_path("a")) != ERR_NONE);
    assert_non_null(strstr(err_message(), files_path("a")));
    if (!strstr(err_message(), what))
        fail_msg("%s does not say %s", err_message(), what);
    err_clear();
    pool_free(p);
}

/* The varied pool with one thing wrong. */
static void refuse_block(int i, size_t at, int value, const char *what)
{
    struct pool *p = varied();

    *(int *)(void *)((char *)&p->list[i].block + at) = value;
    mem_free(p->list[i].w);
    p->list[i].w = filled(&p->list[i].block, 1);
    save(p);
    refuse(what);
    pool_free(p);
}

#define BLOCK(field) offsetof(struct block, field)

static void test_wrong(void **state)
{
    struct pool *p = varied();

    (void)state;
    refuse_block(1, BLOCK(stage), 300, "/entries/stage, row 1: 300; 0..256");
    refuse_block(2, BLOCK(form.kernel), 4, "/entries/kernel, row 2: 4");
    refuse_block(2, BLOCK(form.kernel), 33, "/entries/kernel, row 2: 33");
    refuse_block(2, BLOCK(form.stride), 3, "/entries/stride, row 2: 3; 1..2");
    refuse_block(4, BLOCK(form.kernel), 3, "/entries/classifier, row 4");
    refuse_block(1, BLOCK(form.channels), 4000, "pool.limit allows 1");
    p->list[3].w[2] = (float)NAN;
    save(p);
    refuse("/blocks/3/layer0/depthwise/weight has a value that is not finite");
    p->list[3].w[2] = 1;
    for (size_t i = 0; i < block_values(&p->list[3].block); i++)
        p->list[3].w[i] = -1;
    save(p);
    refuse("/blocks/3/layer0/depthwise_norm/variance");
    pool_free(p);
}

/* Any file that is cut or changed anywhere is read or refused, never worse. */
static void test_damaged(void **state)
{
    struct pool *p = varied();
    struct rng r = rng_stream(1, RNG_TEST, 0);
    unsigned char *good;
    void *bytes;
    size_t size;
    int refused = 0;

    (void)state;
    assert_int_equal(pool_image(p, &bytes, &size), ERR_NONE);
    good = bytes;
    for (int i = 0; i < 200; i++) {
        struct pool *q = pool_new(&small);
        size_t n = i % 2 ? size : (size_t)rng_below(&r, (int)size);
        size_t at = (size_t)rng_below(&r, (int)size);
        unsigned char was = good[at];

        good[at] = (unsigned char)(was ^ (1 + rng_below(&r, 255)));
        files_write("a", good, n);
        good[at] = was;
        if (pool_read(q, files_path("a")) != ERR_NONE) {
            assert_true(err_message()[0] != '\0');
            err_clear();
            refused++;
        }
        pool_free(q);
    }
    assert_true(refused >= 100);
    mem_free(bytes);
    pool_free(p);
    files_make("a", "00 01 02");
    refuse("not an HDF5 file");
    files_make("a", NULL);
    refuse("cannot be read");
}

/* Blocks that this space and these images have no use for go. */
static void test_fit(void **state)
{
    struct blueprint b = {.channels = 1, .height = 8, .width = 8, .classes = 7};
    struct pool *p = varied();

    (void)state;
    for (int i = 0; i < 4; i++) /* stages 0..3 */
        blueprint_add(&b, (struct layer){.kind = LAYER_CONV,
                                         .act = ACT_RELU,
                                         .block = i,
                                         .kernel = 3,
                                         .stride = i == 1 ? 2 : 1,
                                         .channels = 8});
    pool_fit(p, &b); /* 1 and 3 have other strides; 5 classes are not 7 */
    assert_int_equal(p->count, 2);
    assert_int_equal(p->list[0].block.stage, 0);
    assert_int_equal(p->list[1].block.stage, 2);
    b.classes = 5;
    pool_free(p);
    p = varied();
    pool_fit(p, &b);
    assert_int_equal(p->count, 3);
    pool_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_similarity), cmocka_unit_test(test_find),
        cmocka_unit_test(test_round),      cmocka_unit_test(test_failures),
        cmocka_unit_test(test_copy),       cmocka_unit_test(test_generations),
        cmocka_unit_test(test_eviction),   cmocka_unit_test(test_file),
        cmocka_unit_test(test_wrong),      cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_fit),
    };
    int failed = cmocka_run_group_tests(tests, files_start, files_end);

    return failed + (mem_live() != 0);
}
