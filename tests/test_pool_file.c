/* SPDX-License-Identifier: MIT */
/* The file of the knowledge pool: there and back, wrong, damaged. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/h5.h"
#include "base/mem.h"
#include "data_files.h"
#include "eval/pool_file.h"
#include "pool_blocks.h"
#include "run/store.h"

/* Blocks of every kind. */
static struct pool *varied(void)
{
    struct pool *p = pool_new(&small, 1);
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
    put(p, stem, 1);
    put(p, mbconv(1, 3, 16), 2);
    put(p, conv, 3);
    put(p, sep, 4);
    put(p, classifier, 5);
    for (int i = 0; i < p->count; i++)
        for (size_t k = 0; k < block_values(&p->list[i].block); k++)
            p->list[i].w[k] += (float)k / 4096;
    return p;
}

/* The bytes of its file, without a seal. */
static void *image(const struct pool *p, size_t *size)
{
    struct h5 *h = h5_new();
    void *bytes = NULL;

    assert_int_equal(pool_write(h, p), ERR_NONE);
    assert_int_equal(h5_image(h, &bytes, size), ERR_NONE);
    h5_close(h);
    return bytes;
}

static void save(const struct pool *p)
{
    size_t size;
    void *bytes = image(p, &size);

    files_write("a", bytes, size);
    mem_free(bytes);
}

static void test_file(void **state)
{
    struct pool *p = varied(), *q = pool_new(&small, 1);
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
        assert_true(y->age == x->age);
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
    struct pool *p = pool_new(&small, 1);

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

/* A file of which only the version matters. */
static void refuse_version(const char *version)
{
    struct h5 *h = h5_new();

    assert_int_equal(h5_set_attribute(h, "/", "format", "fnas-pool"), ERR_NONE);
    if (version)
        assert_int_equal(h5_set_attribute(h, "/", "format_version", version),
                         ERR_NONE);
    assert_int_equal(store_publish_h5(files_path("a"), h), ERR_NONE);
    h5_close(h);
    refuse(version ? version : "format 1;");
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
    refuse_version("3.1.0");
    refuse_version(NULL);
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
    size_t size;
    unsigned char *good = image(p, &size);
    int refused = 0;

    (void)state;
    for (int i = 0; i < 200; i++) {
        struct pool *q = pool_new(&small, 1);
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
    mem_free(good);
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
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_fit),
    };
    int failed = cmocka_run_group_tests(tests, files_start, files_end);

    return failed + (mem_live() != 0);
}
