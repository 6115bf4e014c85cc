/* SPDX-License-Identifier: MIT */
/* Every variant's convolutions against plain loops in double, and a product. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "all_kernels.h"
#include "base/mem.h"
#include "nn/gemm.h"
#include "nn/graph.h"
#include "nn/kernel.h"
#include "nn/op.h"

/* A convolution as the outer world sees it; depthwise if channels is 0. */
struct layer {
    struct shape in;
    int channels, kernel, stride, groups;
    bool bias;
};

/* clang-format off */
static const struct layer layers[] = {
    {{ 1,  1,  1},  1, 1, 1, 1, false}, {{ 5,  1,  1}, 13, 1, 1, 3, true},
    {{13,  4,  4},  7, 1, 1, 1, false}, {{ 7,  7,  7},  6, 1, 1, 3, false},
    {{ 3,  9,  8},  5, 1, 2, 1, true},  {{16, 28, 28}, 10, 1, 1, 1, false},
    {{ 2, 28, 28},  4, 1, 2, 3, false}, {{ 1,  1,  1},  2, 3, 1, 1, false},
    {{ 3,  4,  4},  7, 3, 1, 3, true},  {{ 3,  4,  4},  7, 3, 2, 1, false},
    {{ 4,  7,  7},  5, 3, 2, 3, false}, {{ 2,  9,  8},  9, 3, 2, 1, true},
    {{ 5,  9,  8},  3, 5, 1, 1, false}, {{ 2,  7,  7},  6, 5, 2, 1, false},
    {{ 1, 28, 28}, 16, 3, 1, 1, false}, {{ 3, 28, 28},  8, 5, 2, 1, false},
    {{ 2,  1,  1},  3, 5, 2, 3, false}, {{ 4,  2,  3}, 13, 5, 2, 1, false},
    {{ 1,  1,  1},  0, 3, 1, 1, false}, {{ 3,  1,  1},  0, 5, 2, 3, false},
    {{ 5,  4,  4},  0, 3, 1, 3, false}, {{ 5,  4,  4},  0, 3, 2, 1, false},
    {{ 2,  7,  7},  0, 5, 2, 1, false}, {{ 3,  7,  7},  0, 5, 1, 3, false},
    {{ 3,  7,  7},  0, 3, 2, 1, false}, {{ 4,  9,  8},  0, 5, 2, 3, false},
    {{ 4,  9,  8},  0, 3, 1, 1, false}, {{ 2, 28, 28},  0, 5, 1, 1, false},
    {{ 2, 28, 28},  0, 3, 2, 3, false}, {{ 3, 17, 23},  0, 5, 2, 1, false},
    {{70,  5,  7}, 33, 1, 1, 1, false}, {{24,  7,  7}, 75, 1, 1, 3, false},
    {{43,  2, 35}, 65, 3, 1, 1, true},  {{65,  3, 67}, 66, 3, 2, 1, false},
    {{70,  1,  1}, 33, 1, 1, 3, false},
};
enum { LAYERS = sizeof layers / sizeof layers[0] };
/* clang-format on */

/* A layer, the arena it lives in, and what the plain loops say: values and the
 * sums of their terms' sizes, for the bound. */
struct bench {
    struct graph g;
    struct arena a;
    int node, first; /* the layer, and the convolution that feeds it */
    double *want, *size;
};

static void fill(float *x, size_t n, struct rng *r)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)rng_normal(r);
}

static size_t floats(const struct bench *b, int node)
{
    const struct node *n = &b->g.nodes[node];

    return (size_t)(b->g.groups * n->shape.c * op_plane(n));
}

/* The layer behind a first one, so that a gradient of its input is asked for;
 * its x is then set directly. */
static void start(struct bench *b, const struct layer *l,
                  const struct kernels *kernels)
{
    struct rng r = rng_stream(7, RNG_TEST, 1);
    size_t most = 0;

    memset(b, 0, sizeof *b);
    graph_start(&b->g, (struct shape){1, l->in.h, l->in.w}, l->groups);
    b->g.kernels = kernels;
    b->first = graph_conv(&b->g, 0, l->in.c, 1, 1, false);
    b->node = l->channels ? graph_conv(&b->g, b->first, l->channels, l->kernel,
                                       l->stride, l->bias)
                          : graph_dwconv(&b->g, b->first, l->kernel, l->stride);
    arena_reserve(&b->a, graph_cost(&b->g).bytes);
    graph_build(&b->g, &b->a);
    graph_init(&b->g, &r);
    fill(b->g.w, b->g.params, &r);
    fill(b->g.nodes[0].x, floats(b, 0), &r);
    graph_forward(&b->g, GRAPH_TRAIN);
    fill(b->g.nodes[b->node].dx, floats(b, b->node), &r);
    for (int i = 0; i < b->g.count; i++)
        most = floats(b, i) > most ? floats(b, i) : most;
    most = b->g.flat > most ? b->g.flat : most;
    b->want = MEM_NEW(double, most);
    b->size = MEM_NEW(double, most);
}

static void finish(struct bench *b)
{
    mem_free(b->want);
    mem_free(b->size);
    graph_end(&b->g);
    arena_free(&b->a);
}

static size_t at(const struct node *n, int group, int c, int h, int w, int lane)
{
    return (size_t)((group * n->shape.c + c) * op_plane(n) +
                    (h * n->shape.w + w) * GRAPH_LANES + lane);
}

/* Is it behind a plane? */
static bool is_gap(const struct node *n, size_t i)
{
    return (int)i % op_plane(n) >= op_pixels(&n->shape) * GRAPH_LANES;
}

static void tally(struct bench *b, size_t i, double term)
{
    b->want[i] += term;
    b->size[i] += fabs(term);
}

/* Which of the three results the plain loops make. */
enum what { Y, DX, DW };

/* One product of the definition: y[yi] += w[wi] x[xi]. */
static void product(struct bench *b, enum what what, size_t yi, size_t xi,
                    size_t wi)
{
    const struct node *n = &b->g.nodes[b->node], *in = &b->g.nodes[b->first];
    double w = (double)b->g.w[n->w_at + wi];

    if (what == Y)
        tally(b, yi, w * (double)in->x[xi]);
    else if (what == DX)
        tally(b, xi, w * (double)n->dx[yi]);
    else
        tally(b, wi, (double)in->x[xi] * (double)n->dx[yi]);
}

/* All products of output channel co and input channel ci in one group. */
static void products(struct bench *b, const struct layer *l, enum what what,
                     int group, int co, int ci)
{
    const struct node *y = &b->g.nodes[b->node], *x = &b->g.nodes[b->first];
    int k = l->kernel, from = l->channels ? co * l->in.c + ci : co;

    for (int h = 0; h < y->shape.h; h++)
        for (int w = 0; w < y->shape.w; w++)
            for (int t = 0; t < k * k; t++) {
                int hi = h * l->stride + t / k - k / 2;
                int wi = w * l->stride + t % k - k / 2;

                if (hi < 0 || hi >= l->in.h || wi < 0 || wi >= l->in.w)
                    continue;
                for (int lane = 0; lane < GRAPH_LANES; lane++)
                    product(b, what, at(y, group, co, h, w, lane),
                            at(x, group, ci, hi, wi, lane),
                            (size_t)(from * k * k + t));
            }
}

static void bias_terms(struct bench *b, enum what what)
{
    const struct node *n = &b->g.nodes[b->node];
    size_t channels = (size_t)n->shape.c, bias = n->params - channels;

    for (size_t i = 0; i < floats(b, b->node); i++) {
        size_t c = i / (size_t)op_plane(n) % channels;

        if (is_gap(n, i))
            continue;
        if (what == Y)
            tally(b, i, (double)b->g.w[n->w_at + bias + c]);
        else if (what == DW)
            tally(b, bias + c, (double)n->dx[i]);
    }
}

static void plain_loops(struct bench *b, const struct layer *l, enum what what)
{
    const struct shape *y = &b->g.nodes[b->node].shape;
    size_t most = floats(b, b->node) + floats(b, b->first);

    if (what == DW)
        most = b->g.nodes[b->node].params;
    else
        most = what == Y ? floats(b, b->node) : floats(b, b->first);
    memset(b->want, 0, most * sizeof(double));
    memset(b->size, 0, most * sizeof(double));
    for (int group = 0; group < l->groups; group++)
        for (int co = 0; co < y->c; co++)
            for (int ci = 0; ci < l->in.c; ci++)
                if (l->channels || ci == co)
                    products(b, l, what, group, co, ci);
    if (l->bias)
        bias_terms(b, what);
}

/* Rounding of a sum is bounded by its terms' sizes; each result must be there,
 * so a NaN fails. */
static void compare(const struct bench *b, const float *got, size_t n,
                    const struct node *of)
{
    for (size_t i = 0; i < n; i++) {
        double error = fabs((double)got[i] - b->want[i]);

        if (!(of && is_gap(of, i)) && !(error <= 1e-6 * b->size[i] + 1e-30))
            fail_msg("%s: value %zu is %.9g, not %.9g", b->g.kernels->name, i,
                     (double)got[i], b->want[i]);
    }
}

static void check_layer(const struct layer *l, const struct kernels *kernels)
{
    struct bench b;
    const struct node *n;

    start(&b, l, kernels);
    n = &b.g.nodes[b.node];
    plain_loops(&b, l, Y);
    compare(&b, n->x, floats(&b, b.node), n);
    /* backward also runs the first layer, which leaves this dx alone */
    graph_backward(&b.g);
    plain_loops(&b, l, DX);
    compare(&b, b.g.nodes[b.first].dx, floats(&b, b.first),
            &b.g.nodes[b.first]);
    plain_loops(&b, l, DW);
    compare(&b, b.g.dw + n->w_at, n->params, NULL);
    /* forward again, with weights in panels */
    graph_fold(&b.g);
    graph_forward(&b.g, GRAPH_EVAL);
    plain_loops(&b, l, Y);
    compare(&b, n->x, floats(&b, b.node), n);
    finish(&b);
}

static void test_plain_loops(void **state)
{
    const struct kernels *k;

    (void)state;
    for (int v = 0; (k = all_kernels(v)) != NULL; v++)
        for (int i = 0; i < LAYERS; i++)
            check_layer(&layers[i], k);
}

/* Twice the pass gives twice the weights' gradient: dw adds up. */
static void test_adds(void **state)
{
    struct bench b;
    float *once;

    (void)state;
    start(&b, &layers[9], kernels_best());
    once = MEM_NEW(float, b.g.flat);
    graph_backward(&b.g);
    memcpy(once, b.g.dw, b.g.flat * sizeof(float));
    graph_backward(&b.g);
    for (size_t i = 0; i < b.g.params; i++) {
        assert_true(once[i] != 0);
        assert_float_equal(b.g.dw[i], 2 * once[i], 1e-4);
    }
    mem_free(once);
    finish(&b);
}

/* Columns [ci, kr, kc][h, w] of one image. */
static void columns(float *to, const struct bench *b, const struct layer *l,
                    int image)
{
    const struct node *in = &b->g.nodes[b->first];
    const struct shape *y = &b->g.nodes[b->node].shape;
    int k = l->kernel, pixels = y->h * y->w;

    for (int i = 0; i < l->in.c * k * k; i++)
        for (int p = 0; p < pixels; p++) {
            int h = p / y->w * l->stride + i / k % k - k / 2;
            int w = p % y->w * l->stride + i % k - k / 2;
            bool inside = h >= 0 && h < l->in.h && w >= 0 && w < l->in.w;

            to[i * pixels + p] =
                inside ? in->x[at(in, image / GRAPH_LANES, i / (k * k), h, w,
                                  image % GRAPH_LANES)]
                       : 0;
        }
}

/* im2col and OpenBLAS (Chellapilla et al. 2006). */
static void test_matrix_product(void **state)
{
    static const struct layer l = {{6, 14, 14}, 11, 5, 2, 1, false};
    enum { TERMS = 6 * 25, PIXELS = 49 };
    struct bench b;
    float *cols = MEM_NEW(float, TERMS *PIXELS);
    float *y = MEM_NEW(float, 11 * PIXELS);

    (void)state;
    start(&b, &l, kernels_best());
    for (int image = 0; image < GRAPH_LANES; image++) {
        columns(cols, &b, &l, image);
        gemm(y, b.g.w + b.g.nodes[b.node].w_at, cols, 11, PIXELS, TERMS, false,
             false, 0);
        for (int i = 0; i < 11 * PIXELS; i++)
            assert_float_equal(b.g.nodes[b.node].x[i * GRAPH_LANES + image],
                               y[i], 1e-4);
    }
    finish(&b);
    mem_free(cols);
    mem_free(y);
}

/* AVX2 and AVX-512 agree to the last bit, and so does a second run. */
static void test_same_bits(void **state)
{
    const struct kernels *k;

    (void)state;
    for (int v = 0; (k = all_kernels(v)) != NULL; v++)
        for (int i = 0; i < LAYERS; i++) {
            const struct kernels *other =
                strcmp(k->name, "avx2") == 0 ? kernels_at(0) : k;
            struct bench a, b;

            start(&a, &layers[i], k);
            start(&b, &layers[i], other);
            graph_backward(&a.g);
            graph_backward(&b.g);
            assert_memory_equal(a.g.nodes[a.node].x, b.g.nodes[b.node].x,
                                floats(&a, a.node) * sizeof(float));
            assert_memory_equal(a.g.nodes[a.first].dx, b.g.nodes[b.first].dx,
                                floats(&a, a.first) * sizeof(float));
            assert_memory_equal(a.g.dw, b.g.dw, a.g.flat * sizeof(float));
            finish(&a);
            finish(&b);
        }
}

static void test_variants(void **state)
{
    int count = 0;

    (void)state;
    while (kernels_at(count))
        count++;
    assert_true(count >= 1);
    assert_ptr_equal(kernels_at(0), kernels_best());
    assert_string_equal(kernels_at(count - 1)->name, "portable");
    for (int i = 0; i < count; i++)
        assert_ptr_equal(kernels_named(kernels_at(i)->name), kernels_at(i));
    assert_string_equal(kernels_named("blas")->name, "blas");
    assert_null(kernels_named("avx1024"));
    print_message("variants:");
    for (int i = 0; i < count; i++)
        print_message(" %s", kernels_at(i)->name);
    print_message("\n");
}

static void test_no_leak(void **state)
{
    (void)state;
    assert_int_equal(mem_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_variants),  cmocka_unit_test(test_plain_loops),
        cmocka_unit_test(test_adds),      cmocka_unit_test(test_matrix_product),
        cmocka_unit_test(test_same_bits), cmocka_unit_test(test_no_leak),
    };

    gemm_set_threads(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
