/* SPDX-License-Identifier: MIT */
/* The split into parts, the order of an epoch, and what a batch holds. */
#include "data_files.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "eval/batch.h"
#include "eval/split.h"
#include "nn/graph.h"

enum { LANES = GRAPH_LANES, N = 1000, CLASSES = 7, SIDE = 6, PLANE = 36 };

struct parts {
    struct split_sizes sizes;
    int images[N];
    int train[CLASSES], validation[CLASSES]; /* images of each class */
};

/* Class k has about k + 1 parts of 28. */
static void make_labels(int *labels, int n)
{
    struct rng r = rng_stream(SEED, RNG_TEST, 0);

    for (int i = 0; i < n; i++) {
        int at = rng_below(&r, 28);

        for (labels[i] = 0; at > labels[i]; labels[i]++)
            at -= labels[i] + 1;
    }
}

static struct parts split_labels(const int *labels, int n,
                                 const struct split *s, uint64_t seed)
{
    struct parts p = {.sizes = {0, 0}};

    p.sizes = split_make(p.images, labels, n, CLASSES, s, seed);
    for (int i = 0; i < p.sizes.train; i++)
        p.train[labels[p.images[i]]]++;
    for (int i = 0; i < p.sizes.validation; i++)
        p.validation[labels[p.images[p.sizes.train + i]]]++;
    return p;
}

static void check_disjoint(const struct parts *p, int n)
{
    int seen[N] = {0};

    assert_true(p->sizes.train + p->sizes.validation <= n);
    for (int i = 0; i < p->sizes.train + p->sizes.validation; i++) {
        assert_in_range(p->images[i], 0, n - 1);
        assert_int_equal(seen[p->images[i]]++, 0);
        if (i > 0 && i != p->sizes.train)
            assert_true(p->images[i - 1] < p->images[i]);
    }
}

static void split_is_stratified(void **state)
{
    const double fractions[] = {0, 0.001, 0.1, 0.3, 0.5};
    int labels[N], count[CLASSES] = {0};

    (void)state;
    make_labels(labels, N);
    for (int i = 0; i < N; i++)
        count[labels[i]]++;
    for (int f = 0; f < 5; f++) {
        const struct split s = {.validation = fractions[f]};
        struct parts p = split_labels(labels, N, &s, SEED);

        check_disjoint(&p, N);
        assert_int_equal(p.sizes.train + p.sizes.validation, N);
        for (int k = 0; k < CLASSES; k++) {
            int wanted = (int)lround(fractions[f] * count[k]);

            wanted += f > 0 && wanted == 0;
            assert_int_equal(p.validation[k], wanted);
            assert_int_equal(p.train[k], count[k] - wanted);
        }
    }
}

static void small_classes_are_split(void **state)
{
    const int labels[] = {0, 1, 1, 2, 2, 2, 6};
    const struct split tenth = {.validation = 0.1}, half = {.validation = 0.5};
    struct parts p = split_labels(labels, 7, &tenth, SEED);

    (void)state;
    check_disjoint(&p, 7);
    for (int k = 0; k < CLASSES; k++)
        assert_int_equal(p.validation[k], k == 1 || k == 2);
    p = split_labels(labels, 7, &half, SEED);
    for (int k = 0; k < CLASSES; k++) {
        assert_int_equal(p.validation[k], "\0\1\2\0\0\0\0"[k]);
        assert_int_equal(p.train[k], "\1\1\1\0\0\0\1"[k]);
    }
}

static void limits_are_in_proportion(void **state)
{
    const struct split all = {.validation = 0.2};
    int labels[N];
    struct parts whole;

    (void)state;
    make_labels(labels, N);
    whole = split_labels(labels, N, &all, SEED);
    for (int limit = 1; limit < 900; limit += 13) {
        const struct split s = {0.2, limit, limit};
        struct parts p = split_labels(labels, N, &s, SEED);
        int train = limit < whole.sizes.train ? limit : whole.sizes.train;

        check_disjoint(&p, N);
        assert_int_equal(p.sizes.train, train);
        for (int k = 0; k < CLASSES; k++) {
            double share = (double)train * whole.train[k] / whole.sizes.train;

            assert_true(fabs(p.train[k] - share) < 1);
            assert_true(p.validation[k] <= whole.validation[k]);
        }
    }
}

static void split_depends_on_the_seed_alone(void **state)
{
    const struct split s = {.validation = 0.2, .train_limit = 300};
    int labels[N];
    struct parts a, b, c;

    (void)state;
    make_labels(labels, N);
    a = split_labels(labels, N, &s, 1);
    b = split_labels(labels, N, &s, 1);
    c = split_labels(labels, N, &s, 2);
    assert_memory_equal(&a, &b, sizeof a);
    assert_memory_not_equal(a.images, c.images, sizeof a.images);
}

/* Two images of two channels, SIDE x SIDE; pixel = its number + 1. */
static struct data *new_data(enum data_type type)
{
    static unsigned char bytes[4 * PLANE];
    static float floats[4 * PLANE];
    static const int labels[] = {1, 0}, parts[] = {0, 1};
    struct data *d = MEM_NEW(struct data, 1);

    for (int i = 0; i < 4 * PLANE; i++)
        floats[i] = bytes[i] = (unsigned char)(i + 1);
    *d = (struct data){.n = 2,
                       .c = 2,
                       .h = SIDE,
                       .w = SIDE,
                       .classes = 2,
                       .type = type,
                       .images = floats,
                       .labels = labels,
                       .trains = 2,
                       .train = parts,
                       .mean = {0, 0.25f},
                       .std = {1, 0.5f}};
    if (type == DATA_UINT8)
        d->images = bytes;
    return d;
}

static double pixel(const struct data *d, int image, int c, int y, int x)
{
    int value = ((image * 2 + c) * SIDE + y) * SIDE + x + 1;

    return (value / (d->type == DATA_UINT8 ? 255.0 : 1) - (double)d->mean[c]) /
           (double)d->std[c];
}

/* What a pixel becomes, the plain way. */
static double changed(const struct data *d, int image, int c, int y, int x,
                      const struct batch_change *t)
{
    int sy = y - t->dy, sx = x - t->dx;

    if (y >= t->cut_y && y < t->cut_y + t->cut && x >= t->cut_x &&
        x < t->cut_x + t->cut)
        return 0;
    if (sy < 0 || sy >= SIDE || sx < 0 || sx >= SIDE)
        return 0;
    return pixel(d, image, c, sy, t->flip ? SIDE - 1 - sx : sx);
}

static void check_lane(const float *x, int lane, const struct data *d,
                       int image, const struct batch_change *t)
{
    for (int c = 0; c < 2; c++)
        for (int i = 0; i < PLANE; i++) {
            double wanted = changed(d, image, c, i / SIDE, i % SIDE, t);
            double is = (double)x[(c * PLANE + i) * LANES + lane];

            assert_true(fabs(is - wanted) <= 1e-5 * (1 + fabs(wanted)));
        }
}

static void images_are_changed_as_told(void **state)
{
    static float x[2 * PLANE * LANES];

    (void)state;
    for (int type = 0; type < 2; type++) {
        struct data *d = new_data((enum data_type)type);
        struct rng r = rng_stream(SEED, RNG_TEST, 1);

        for (int i = 0; i < 2000; i++) {
            const struct batch_change t = {.flip = rng_below(&r, 2) == 1,
                                           .dy = rng_below(&r, 15) - 7,
                                           .dx = rng_below(&r, 15) - 7,
                                           .cut_y = rng_below(&r, 13) - 6,
                                           .cut_x = rng_below(&r, 13) - 6,
                                           .cut = rng_below(&r, 6)};

            memset(x, 0xff, sizeof x);
            batch_image(x, i % LANES, d, i & 1, &t);
            check_lane(x, i % LANES, d, i & 1, &t);
        }
        mem_free(d);
    }
    assert_int_equal(mem_live(), 0);
}

static void changes_are_as_the_settings_say(void **state)
{
    struct data *d = new_data(DATA_UINT8);
    const struct batch_options o = {true, SEED, batch_key(3, 4)};
    int flips = 0, seen[5][5] = {{0}};

    (void)state;
    d->shift = 2;
    d->cutout = 3;
    d->flip = true;
    for (int i = 0; i < 4000; i++) {
        struct batch_change t = batch_change(d, i, &o);

        assert_in_range(t.dy + 2, 0, 4);
        assert_in_range(t.dx + 2, 0, 4);
        assert_in_range(t.cut_y + 1, 0, SIDE - 1);
        assert_in_range(t.cut_x + 1, 0, SIDE - 1);
        assert_int_equal(t.cut, 3);
        flips += t.flip;
        seen[t.dy + 2][t.dx + 2]++;
    }
    assert_in_range(flips, 1800, 2200);
    for (int i = 0; i < 25; i++)
        assert_in_range(seen[i / 5][i % 5], 100, 220);
    d->flip = false;
    for (int i = 0; i < 100; i++)
        assert_false(batch_change(d, i, &o).flip);
    mem_free(d);
}

static void augmentation_depends_on_the_image_alone(void **state)
{
    static float x[2][2 * PLANE * LANES];
    struct data *d = new_data(DATA_UINT8);
    const struct batch_options o = {true, SEED, batch_key(3, 4)};
    const struct batch_options next = {true, SEED, batch_key(3, 5)};
    struct batch_change t;
    int images[2][LANES] = {{0}}, labels[LANES];

    (void)state;
    d->shift = 2;
    d->flip = true;
    d->cutout = 2;
    images[0][3] = 1;
    images[1][9] = 1;
    batch_fill(x[0], labels, d, images[0], 1, &o);
    batch_fill(x[1], labels, d, images[1], 1, &o);
    t = batch_change(d, 1, &o);
    check_lane(x[0], 3, d, 1, &t);
    check_lane(x[1], 9, d, 1, &t);
    t = batch_change(d, 0, &o);
    check_lane(x[0], 15, d, 0, &t);
    batch_fill(x[1], labels, d, images[0], 1, &next);
    assert_memory_not_equal(x[0], x[1], sizeof x[0]);
    mem_free(d);
}

static void padding_is_zero(void **state)
{
    static float x[2][2 * PLANE * LANES];
    struct data *d = new_data(DATA_FLOAT);
    const struct batch_change none = {0};
    const struct batch_options o = {.augment = false};
    int images[2 * LANES], labels[2 * LANES];

    (void)state;
    for (int i = 0; i < 2 * LANES; i++)
        images[i] = i < 17 ? i % 2 : -1;
    memset(x, 0xff, sizeof x);
    batch_fill(x[0], labels, d, images, 2, &o);
    for (int i = 0; i < 2 * LANES; i++)
        assert_int_equal(labels[i], i < 17 ? 1 - i % 2 : -1);
    check_lane(x[0], 15, d, 1, &none);
    check_lane(x[1], 0, d, 0, &none);
    for (int i = 0; i < 2 * PLANE; i++)
        for (int lane = 1; lane < LANES; lane++)
            assert_true(x[1][i * LANES + lane] == 0.0f);
    mem_free(d);
}

static void training_part_has_mean_0_and_deviation_1(void **state)
{
    enum { SIZE = 3 * 16 * 16 };
    static float x[SIZE * LANES];
    const struct batch_options o = {.augment = false};
    struct data *d = files_must_open("synthetic", 0);
    double sum[3] = {0}, squares[3] = {0}, n = d->trains * 256.0;
    int labels[LANES];

    (void)state;
    for (int at = 0; at < d->trains; at += LANES) {
        int images[LANES];

        for (int i = 0; i < LANES; i++)
            images[i] = at + i < d->trains ? d->train[at + i] : -1;
        batch_fill(x, labels, d, images, 1, &o);
        for (int i = 0; i < SIZE * LANES; i++) {
            double v = (double)x[i];

            sum[i / (256 * LANES)] += v;
            squares[i / (256 * LANES)] += v * v;
        }
    }
    for (int c = 0; c < 3; c++) {
        assert_true(fabs(sum[c] / n) < 1e-5);
        assert_true(fabs(squares[c] / n - 1) < 1e-5);
    }
    data_close(d);
}

static void order_is_a_shuffle_of_the_part(void **state)
{
    struct data *d = files_must_open("synthetic", 0);
    size_t bytes = (size_t)d->trains * sizeof(int);
    int *order = MEM_NEW(int, d->trains), *other = MEM_NEW(int, d->trains);
    int *seen = MEM_NEW(int, d->n);

    (void)state;
    batch_order(order, d, SEED, 5, 1);
    for (int i = 0; i < d->trains; i++)
        seen[order[i]]++;
    for (int i = 0; i < d->trains; i++)
        assert_int_equal(seen[d->train[i]], 1);
    batch_order(other, d, SEED, 5, 1);
    assert_memory_equal(order, other, bytes);
    batch_order(other, d, SEED, 5, 2);
    assert_memory_not_equal(order, other, bytes);
    batch_order(other, d, SEED, 1, 5);
    assert_memory_not_equal(order, other, bytes);
    batch_order(other, d, SEED + 1, 5, 1);
    assert_memory_not_equal(order, other, bytes);
    mem_free(seen);
    mem_free(order);
    mem_free(other);
    data_close(d);
    assert_int_equal(mem_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(split_is_stratified),
        cmocka_unit_test(small_classes_are_split),
        cmocka_unit_test(limits_are_in_proportion),
        cmocka_unit_test(split_depends_on_the_seed_alone),
        cmocka_unit_test(images_are_changed_as_told),
        cmocka_unit_test(changes_are_as_the_settings_say),
        cmocka_unit_test(augmentation_depends_on_the_image_alone),
        cmocka_unit_test(padding_is_zero),
        cmocka_unit_test(training_part_has_mean_0_and_deviation_1),
        cmocka_unit_test(order_is_a_shuffle_of_the_part),
    };

    return cmocka_run_group_tests(tests, files_start, files_end);
}
