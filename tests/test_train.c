/* SPDX-License-Identifier: MIT */
/* Whole children: gradients by finite differences, memory as predicted, the
 * shard tree, learning, divergence, refusal. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/comm.h"
#include "base/mem.h"
#include "data_files.h"
#include "eval/child.h"
#include "eval/pool.h"
#include "eval/train.h"
#include "eval/tree.h"
#include "nn/graph.h"
#include "nn/kernel.h"
#include "run/settings.h"
#include "space/kinds.h"

static struct comm *world, *self;

/* A small mnas space with a smooth activation, so that no finite difference
 * steps over a kink. */
static struct conf *smooth_conf(void)
{
    struct conf *conf = settings_new();

    files_set(conf, &mnas_section, "stem", "4");
    files_set(conf, &mnas_section, "stem_stride", "1");
    files_set(conf, &mnas_section, "widths", "4 6");
    files_set(conf, &mnas_section, "strides", "1 2");
    files_set(conf, &mnas_section, "depths", "1 2");
    files_set(conf, &mnas_section, "divisor", "2");
    files_set(conf, &mnas_section, "head", "12");
    files_set(conf, &mnas_section, "activation", "hswish");
    conf_check(conf);
    assert_int_equal(conf_errors(conf), 0);
    return conf;
}

static double loss_at(struct graph *g, const int *labels)
{
    double loss;

    graph_zero(g);
    graph_forward(g, GRAPH_TRAIN);
    (void)graph_loss(g, GRAPH_TRAIN, labels, 0.1f, &loss);
    return loss / (GRAPH_LANES * g->groups);
}

/* Along one random direction: dw . d against the central difference. */
static void check_direction(struct graph *g, const int *labels, struct rng *r)
{
    float *w = MEM_NEW(float, g->params), *d = MEM_NEW(float, g->params);
    double step = 2e-3, slope = 0, norm = 0, up, down;

    memcpy(w, g->w, g->params * sizeof *w);
    for (size_t i = 0; i < g->params; i++) {
        d[i] = (float)rng_normal(r);
        norm += (double)d[i] * (double)d[i];
    }
    (void)loss_at(g, labels);
    graph_backward(g);
    for (size_t i = 0; i < g->params; i++) {
        d[i] /= (float)sqrt(norm);
        slope += (double)g->dw[i] * (double)d[i];
    }
    for (size_t i = 0; i < g->params; i++)
        g->w[i] = w[i] + (float)step * d[i];
    up = loss_at(g, labels);
    for (size_t i = 0; i < g->params; i++)
        g->w[i] = w[i] - (float)step * d[i];
    down = loss_at(g, labels);
    memcpy(g->w, w, g->params * sizeof *w);
    if (fabs((up - down) / (2 * step) - slope) > 2e-3 + 2e-2 * fabs(slope))
        fail_msg("slope %g, by differences %g", slope,
                 (up - down) / (2 * step));
    mem_free(w);
    mem_free(d);
}

static void check_child(const struct space *s, const struct arch *a,
                        struct rng *r)
{
    struct arena arena = {0};
    struct blueprint b;
    struct graph g;
    int labels[2 * GRAPH_LANES];

    space_blueprint(s, a, 2, 8, 8, 5, &b);
    graph_start(&g, (struct shape){2, 8, 8}, 2);
    child_append(&g, &b);
    arena_reserve(&arena, graph_cost(&g).bytes);
    graph_build(&g, &arena);
    assert_int_equal(arena.peak, graph_cost(&g).bytes);
    graph_init(&g, r);
    for (int i = 0; i < 2 * 2 * 64 * GRAPH_LANES; i++)
        g.nodes[0].x[i] = (float)rng_normal(r);
    for (int i = 0; i < 2 * GRAPH_LANES; i++)
        labels[i] = rng_below(r, 5);
    for (int i = 0; i < 3; i++)
        check_direction(&g, labels, r);
    graph_end(&g);
    arena_free(&arena);
}

static void test_gradients(void **state)
{
    struct conf *conf = smooth_conf();
    struct rng r = rng_stream(1, RNG_TEST, 0);
    struct space s;

    (void)state;
    space_open(&s, conf);
    for (int i = 0; i < 40; i++) {
        struct arch a = space_random(&s, &r);

        check_child(&s, &a, &r);
    }
    conf_free(conf);
}

/* Everything to train children of the tiny space. */
struct bench {
    struct conf *conf;
    struct space space;
    struct data *data;
    struct trainer trainer;
};

static void bench_open(struct bench *b, const char *name, const char *value)
{
    b->conf = settings_new();
    files_set(b->conf, &space_section, "kind", "tiny");
    files_set(b->conf, &synthetic_section, "classes", "4");
    files_set(b->conf, &synthetic_section, "images", "1280");
    files_set(b->conf, &synthetic_section, "channels", "1");
    files_set(b->conf, &synthetic_section, "size", "10");
    files_set(b->conf, &synthetic_section, "noise", "0.5");
    files_set(b->conf, &data_section, "validation", "0.2");
    files_set(b->conf, &train_section, "rate", "0.1");
    files_set(b->conf, &train_section, "epochs", "2");
    if (name)
        files_set(b->conf, &train_section, name, value);
    conf_check(b->conf);
    assert_int_equal(conf_errors(b->conf), 0);
    space_open(&b->space, b->conf);
    assert_int_equal(data_open(&b->data, NULL, b->conf, 1), ERR_NONE);
    b->trainer = (struct trainer){.conf = conf_of(b->conf, &train_section),
                                  .data = b->data,
                                  .group = self,
                                  .seed = 1,
                                  .memory_limit = (size_t)1 << 30,
                                  .order = MEM_NEW(int, b->data->trains)};
}

static void bench_close(struct bench *b)
{
    arena_free(&b->trainer.arena);
    mem_free(b->trainer.order);
    data_close(b->data);
    conf_free(b->conf);
}

static struct result train(struct bench *b, const char *arch, int64_t task)
{
    struct result r = {.id = task, .state = TRIAL_FAILED};
    struct lesson l = train_lesson(b->trainer.conf);
    struct arch a;
    struct blueprint p;

    assert_int_equal(space_parse(&b->space, arch, &a), ERR_NONE);
    space_blueprint(&b->space, &a, b->data->c, b->data->h, b->data->w,
                    b->data->classes, &p);
    train_child(&b->trainer, &p, task, &l, &r);
    return r;
}

static void test_learns(void **state)
{
    struct bench b;
    struct result r, again, other;

    (void)state;
    bench_open(&b, NULL, NULL);
    r = train(&b, "mb2se_k3_id/sep_k5_pool", 3);
    assert_int_equal(r.state, TRIAL_DONE);
    assert_true(r.accuracy > 0.6); /* chance is 0.25 */
    assert_true(r.loss < 1.0 && r.train_loss < 1.2 && r.latency > 0);
    assert_true(r.epochs == 2);
    assert_int_equal(b.trainer.arena.peak, r.bytes);
    again = train(&b, "mb2se_k3_id/sep_k5_pool", 3);
    assert_true(again.accuracy == r.accuracy && again.loss == r.loss);
    other = train(&b, "mb2se_k3_id/sep_k5_pool", 4);
    assert_true(other.loss != r.loss);
    bench_close(&b);
}

/* The prediction is what the arena peaks at, for every size of batch. */
static void test_memory(void **state)
{
    static const char *const batches[] = {"64", "128", "256"};
    struct rng r = rng_stream(5, RNG_TEST, 0);

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct bench b;

        bench_open(&b, "batch", batches[i]);
        for (int k = 0; k < 5; k++) {
            struct arch a = space_random(&b.space, &r);
            struct blueprint p;
            struct result result = {.id = k};
            struct lesson lesson = train_lesson(b.trainer.conf);

            space_blueprint(&b.space, &a, 1, 10, 10, 4, &p);
            train_child(&b.trainer, &p, k, &lesson, &result);
            assert_int_equal(result.bytes, train_bytes(&b.trainer, &p));
            assert_int_equal(result.bytes, b.trainer.arena.peak);
        }
        bench_close(&b);
    }
}

/* A child that starts from the pool, at that rate; what it leaves. */
static struct luggage train_from(struct bench *b, struct pool *pool,
                                 double rate, struct result *r)
{
    struct lesson l = train_lesson(b->trainer.conf);
    const struct arch a = {.count = b->space.count};
    struct luggage from, left = {0};
    struct blueprint p;

    space_blueprint(&b->space, &a, 1, 10, 10, 4, &p);
    from = pool_start(pool, &p);
    l.from = &from;
    l.left = &left;
    l.rate = rate;
    *r = (struct result){.id = 1, .state = TRIAL_FAILED};
    train_child(&b->trainer, &p, 1, &l, r);
    assert_int_equal(r->state, TRIAL_DONE);
    mem_free(from.bytes);
    return left;
}

/* The sum of all that training added, in absolute terms. */
static double size_of(const struct luggage *left)
{
    struct legacy item;
    double sum = 0;

    for (size_t at = 0; heritage_next(left, &at, &item);)
        for (size_t i = 0; i < block_values(&item.block); i++)
            sum += fabs((double)item.w[i]);
    return sum;
}

/* The first child learns at the whole rate; one of which all was trained before
 * at the one of the lesson. */
static void test_rate(void **state)
{
    static const struct pool_conf conf = {
        .enabled = true, .round = 1, .step = 1, .limit = 16};
    struct pool *pool = pool_new(&conf, 1);
    struct luggage first, again, fast, slow;
    struct result r, same;
    struct bench b;

    (void)state;
    bench_open(&b, NULL, NULL);
    first = train_from(&b, pool, 1, &r);
    again = train_from(&b, pool, 0.01, &same);
    assert_true(r.inherited == 0 && r.loss == same.loss);
    assert_true(size_of(&first) == size_of(&again));
    pool_tell(pool, &r, first);
    fast = train_from(&b, pool, 1, &r);
    slow = train_from(&b, pool, 0.01, &r);
    assert_true(r.inherited > 0.99);
    assert_true(size_of(&slow) < 0.3 * size_of(&fast));
    mem_free(again.bytes);
    mem_free(fast.bytes);
    mem_free(slow.bytes);
    pool_free(pool);
    bench_close(&b);
}

/* The sum of arrays from..to as a binary tree, value i. */
static float tree_sum(float x[][5], int from, int to, int i)
{
    int half = (from + to) / 2;

    return to - from == 1
               ? x[from][i]
               : tree_sum(x, from, half, i) + tree_sum(x, half, to, i);
}

static void test_tree(void **state)
{
    struct rng r = rng_stream(5, RNG_TEST, 0);

    (void)state;
    for (int shards = 1; shards <= 16; shards *= 2) {
        struct arena a = {0};
        struct tree tree;
        float x[16][5], *dw;

        arena_reserve(&a, tree_bytes(16, 5) + arena_piece(sizeof x[0]));
        tree_build(&tree, &a, 16, 5);
        dw = ARENA_NEW(&a, float, 5);
        for (int i = 0; i < shards; i++) {
            for (int k = 0; k < 5; k++)
                dw[k] = x[i][k] = (float)rng_normal(&r);
            tree_add(&tree, &dw, i, shards);
        }
        for (int k = 0; k < 5; k++)
            assert_true(dw[k] == tree_sum(x, 0, shards, k));
        arena_free(&a);
    }
}

static int macs_counted;

static void count_mac(float *y, const float *x, const float *w,
                      const struct finish *end, const struct pass *p, bool add)
{
    macs_counted++;
    kernels_best()->mac(y, x, w, end, p, add);
}

static void test_kernels(void **state)
{
    struct kernels counted = *kernels_best();
    struct bench b;

    (void)state;
    counted.mac = count_mac;
    bench_open(&b, NULL, NULL);
    b.trainer.kernels = &counted;
    (void)train(&b, "conv_k5_none/conv_k5_none", 0);
    assert_true(macs_counted > 0);
    bench_close(&b);
}

static void test_diverges(void **state)
{
    struct bench b;
    struct result r;

    (void)state;
    bench_open(&b, "rate", "100");
    files_set(b.conf, &train_section, "momentum", "0.9999");
    files_set(b.conf, &train_section, "decay", "1");
    r = train(&b, "conv_k5_none/conv_k5_none", 0);
    assert_int_equal(r.state, TRIAL_DIVERGED);
    assert_true(isnan(r.accuracy) && r.reason[0] != '\0');
    bench_close(&b);
}

static void test_refuses(void **state)
{
    struct bench b;
    struct result r;

    (void)state;
    bench_open(&b, NULL, NULL);
    b.trainer.memory_limit = 1 << 16;
    r = train(&b, "conv_k5_none/conv_k5_none", 0);
    assert_int_equal(r.state, TRIAL_REFUSED);
    assert_true(isnan(r.accuracy) && strstr(r.reason, "MiB"));
    assert_null(b.trainer.arena.base);
    bench_close(&b);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients), cmocka_unit_test(test_learns),
        cmocka_unit_test(test_kernels),   cmocka_unit_test(test_memory),
        cmocka_unit_test(test_tree),      cmocka_unit_test(test_diverges),
        cmocka_unit_test(test_refuses),   cmocka_unit_test(test_rate),
    };
    int failed;

    world = comm_start(&argc, &argv);
    self = comm_self();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    comm_free(self);
    comm_finish(world);
    return failed + (mem_live() != 0);
}
