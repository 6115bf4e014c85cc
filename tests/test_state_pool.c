/* SPDX-License-Identifier: MIT */
/* The state of the knowledge pool: loaded it is the same, or else it stays. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/state.h"
#include "data_files.h"
#include "pool_blocks.h"
#include "run/store.h"

static enum err move_pool(struct pool *from, struct pool *to)
{
    const char *path = files_path("a");
    struct draft draft;
    struct state *s;
    struct h5 *h;
    enum err e;

    assert_int_equal(store_begin(&draft, path), ERR_NONE);
    s = state_save(draft.h5);
    pool_state(from, s);
    assert_int_equal(store_end(&draft, state_end(s)), ERR_NONE);
    assert_int_equal(h5_open(&h, path), ERR_NONE);
    s = state_load(h, "the file");
    pool_state(to, s);
    e = state_end(s);
    h5_close(h);
    return e;
}

static void assert_same_pool(const struct pool *a, const struct pool *b)
{
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->bytes, b->bytes);
    assert_int_equal(a->generation, b->generation);
    assert_memory_equal(&a->counted, &b->counted, sizeof a->counted);
    for (int i = 0; i < a->count; i++) {
        const struct entry *x = &a->list[i], *y = &b->list[i];

        assert_true(block_equal(&x->block, &y->block));
        assert_true(x->age == y->age && x->updates == y->updates &&
                    x->used == y->used);
        assert_memory_equal(x->w, y->w, block_values(&x->block) * 4);
    }
    assert_int_equal(a->told_count, b->told_count);
    for (int i = 0; i < a->told_count; i++) {
        assert_int_equal(a->told[i].size, b->told[i].size);
        assert_memory_equal(a->told[i].bytes, b->told[i].bytes,
                            a->told[i].size);
    }
}

static void leave(struct pool *p, const struct block *b)
{
    const struct result r = {.state = TRIAL_DONE};
    struct luggage l = {0};
    float *w = filled(b, 0.5f);

    heritage_add(&l, &(struct legacy){.block = *b, .epochs = 1, .w = w});
    mem_free(w);
    pool_tell(p, &r, l);
}

static void test_pool(void **state)
{
    struct pool *p = pool_new(&small, 1), *q = pool_new(&small, 1);
    const struct block b = mbconv(2, 5, 16);

    (void)state;
    put(p, mbconv(1, 3, 16), 0.25f);
    leave(p, &b);
    leave(p, &b); /* a commit */
    leave(p, &b);
    p->counted.hits = 7;
    put(q, mbconv(3, 3, 8), 1);
    assert_int_equal(move_pool(p, q), ERR_NONE);
    assert_same_pool(p, q);
    leave(p, &b);
    leave(q, &b);
    assert_same_pool(p, q);
    pool_free(p);
    pool_free(q);
}

/* One that cannot be right leaves the pool as it was. */
static void test_wrong_pool(void **state)
{
    struct pool *p = pool_new(&small, 1), *q = pool_new(&small, 1);
    struct pool *was = pool_new(&small, 1);

    (void)state;
    put(p, mbconv(1, 3, 16), 0.25f);
    put(q, mbconv(3, 3, 8), 1);
    put(was, mbconv(3, 3, 8), 1);
    p->list[0].block.form.stride = 3;
    assert_int_equal(move_pool(p, q), ERR_DATA);
    assert_non_null(strstr(err_message(), "/pool/entry_0: no block"));
    err_clear();
    assert_same_pool(q, was);
    p->list[0].block.form.stride = 1;
    p->list[0].w[5] = (float)NAN;
    assert_int_equal(move_pool(p, q), ERR_DATA);
    err_clear();
    assert_same_pool(q, was);
    pool_free(p);
    pool_free(q);
    pool_free(was);
}

static int nothing_is_kept(void **state)
{
    (void)state;
    return mem_live() != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_pool, nothing_is_kept),
        cmocka_unit_test_teardown(test_wrong_pool, nothing_is_kept),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, files_start, files_end);
}
