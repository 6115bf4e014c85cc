/* SPDX-License-Identifier: MIT */
/* Speed of the kernels at typical shapes, and of a training step.
 *
 *     bench_nn [kernels [seconds]]       kernels: avx512, blas...
 *
 * prints GFLOP/s of convolutions (2 floating-point operations for each
 * multiply-accumulate; backward is both gradients) and images/s of a network of
 * inverted residual blocks, 28 x 28, batch 64 as 4 shards of 16. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/err.h"
#include "nn/gemm.h"
#include "nn/graph.h"
#include "nn/kernel.h"
#include "nn/optim.h"

enum { SHARDS = 4, CLASSES = 10 };

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void fill(float *x, size_t n, struct rng *r)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)rng_normal(r);
}

/* A graph in memory, with random weights and input. */
static void prepare(struct graph *g, struct arena *a,
                    const struct kernels *kernels)
{
    struct rng r = rng_stream(1, RNG_TEST, 0);
    const struct shape *s = &g->nodes[0].shape;

    g->kernels = kernels;
    arena_reserve(a, graph_cost(g).bytes);
    graph_build(g, a);
    graph_init(g, &r);
    fill(g->nodes[0].x, (size_t)(g->groups * s->c * s->h * s->w) * GRAPH_LANES,
         &r);
}

static void random_labels(int *labels, int n)
{
    struct rng r = rng_stream(1, RNG_TEST, 1);

    for (int i = 0; i < n; i++)
        labels[i] = rng_below(&r, CLASSES);
}

/* Best seconds of one call, of many in the time given. */
static double best(void (*run)(struct graph *g), struct graph *g,
                   double seconds)
{
    double fastest = 1e30, end = now() + seconds;

    do {
        double t = now();

        run(g);
        t = now() - t;
        if (t < fastest)
            fastest = t;
    } while (now() < end);
    return fastest;
}

static void forward(struct graph *g)
{
    graph_forward(g, GRAPH_TRAIN);
}

static void infer(struct graph *g)
{
    graph_forward(g, GRAPH_EVAL);
}

static void print_layer(const struct kernels *kernels, double seconds,
                        struct shape s, int channels, int kernel, int stride)
{
    struct graph g;
    struct arena a = {0};
    double flop, up, down;
    int node;

    /* a first convolution, so that the one measured gives a gradient */
    graph_start(&g, (struct shape){1, s.h, s.w}, 1);
    node = graph_conv(&g, 0, s.c, 1, 1, false);
    flop = -(double)graph_cost(&g).macs;
    if (channels > 0)
        graph_conv(&g, node, channels, kernel, stride, false);
    else
        graph_dwconv(&g, node, kernel, stride);
    flop = 2 * GRAPH_LANES * (flop + (double)graph_cost(&g).macs);
    prepare(&g, &a, kernels);
    up = best(forward, &g, seconds);
    down = best(graph_backward, &g, seconds);
    printf("%s %3d -> %3d  %dx%d/%d  %2dx%-2d  %7.1f %7.1f\n",
           channels > 0 ? "conv  " : "dwconv", s.c, g.nodes[2].shape.c, kernel,
           kernel, stride, s.h, s.w, 1e-9 * flop / up, 2e-9 * flop / down);
    graph_end(&g);
    arena_free(&a);
}

static void print_layers(const struct kernels *kernels, double seconds)
{
    /* clang-format off */
    static const struct {
        struct shape in;
        int channels, kernel, stride; /* channels 0: depthwise */
    } layers[] = {
        {{16, 28, 28}, 48, 1, 1},  {{48, 28, 28}, 16, 1, 1},
        {{24, 14, 14}, 72, 1, 1},  {{72, 14, 14}, 24, 1, 1},
        {{40, 7, 7}, 240, 1, 1},   {{240, 7, 7}, 40, 1, 1},
        {{96, 4, 4}, 576, 1, 1},   {{576, 4, 4}, 96, 1, 1},
        {{32, 32, 32}, 96, 1, 1},  {{192, 8, 8}, 64, 1, 1},
        {{48, 28, 28}, 0, 3, 1},   {{48, 28, 28}, 0, 5, 2},
        {{72, 14, 14}, 0, 5, 1},   {{144, 14, 14}, 0, 3, 2},
        {{240, 7, 7}, 0, 3, 1},    {{240, 7, 7}, 0, 5, 1},
        {{576, 4, 4}, 0, 3, 1},    {{16, 28, 28}, 16, 3, 1},
        {{64, 14, 14}, 64, 3, 1},  {{32, 16, 16}, 64, 5, 2},
    };
    /* clang-format on */

    printf("16 images, GFLOP/s            forward backward\n");
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
        print_layer(kernels, seconds / 20, layers[i].in, layers[i].channels,
                    layers[i].kernel, layers[i].stride);
}

struct stage {
    int kernel, expansion, channels, blocks, stride, squeeze;
};

/* Gate of channels, reduced to `reduced` of them in between. */
static int squeeze(struct graph *g, int x, int reduced)
{
    int gate = graph_conv(g, graph_gpool(g, x), reduced, 1, 1, true);

    gate = graph_act(g, gate, NN_RELU);
    gate = graph_conv(g, gate, g->nodes[x].shape.c, 1, 1, true);
    return graph_scale(g, x, graph_act(g, gate, NN_HSIGMOID));
}

static int block(struct graph *g, int in, const struct stage *s, int stride)
{
    int c = g->nodes[in].shape.c;
    int x = graph_conv(g, in, c * s->expansion, 1, 1, false);

    x = graph_norm(g, x, NN_RELU);
    x = graph_norm(g, graph_dwconv(g, x, s->kernel, stride), NN_RELU);
    if (s->squeeze)
        x = squeeze(g, x, c / s->squeeze);
    x = graph_conv(g, x, s->channels, 1, 1, false);
    x = graph_norm(g, x, NN_NONE);
    return stride == 1 && c == s->channels ? graph_add(g, x, in) : x;
}

static void child(struct graph *g)
{
    static const struct stage stages[] = {
        {3, 3, 16, 2, 1, 0}, {5, 3, 24, 2, 2, 4}, {3, 6, 40, 2, 2, 0},
        {5, 6, 48, 1, 1, 4}, {3, 6, 96, 2, 2, 0},
    };
    int x;

    graph_start(g, (struct shape){1, 28, 28}, 1);
    x = graph_norm(g, graph_conv(g, 0, 16, 3, 1, false), NN_RELU);
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++)
        for (int b = 0; b < stages[i].blocks; b++)
            x = block(g, x, &stages[i], b == 0 ? stages[i].stride : 1);
    x = graph_norm(g, graph_conv(g, x, 192, 1, 1, false), NN_RELU);
    graph_conv(g, graph_gpool(g, x), CLASSES, 1, 1, true);
}

static void train(struct graph *g)
{
    int labels[GRAPH_LANES];

    random_labels(labels, GRAPH_LANES);
    graph_zero(g);
    g->share = 1.0f / SHARDS;
    for (int i = 0; i < SHARDS; i++) {
        graph_forward(g, GRAPH_TRAIN);
        (void)graph_loss(g, GRAPH_TRAIN, labels, 0, NULL);
        graph_backward(g);
    }
}

static void print_child(const struct kernels *kernels, double seconds)
{
    static const struct sgd sgd = {.rate = 0.01f, .momentum = 0.9f};
    struct graph g;
    struct arena a = {0};
    struct graph_cost cost;
    double step, start, up;
    float *v;

    child(&g);
    prepare(&g, &a, kernels);
    cost = graph_cost(&g);
    v = MEM_NEW(float, g.params);
    step = best(train, &g, seconds);
    start = now();
    sgd_step(&sgd, g.w, v, g.dw, g.params);
    graph_track(&g);
    step += now() - start;
    up = best(infer, &g, seconds / 4);
    printf("network: %lld parameters, %lld MACs, %.1f MB\n",
           (long long)cost.params, (long long)cost.macs,
           1e-6 * (double)cost.bytes);
    printf("training step of 64: %.1f ms, %.0f images/s, %.1f GFLOP/s; "
           "inference %.0f images/s\n",
           1e3 * step, 64 / step, 64 * 6e-9 * (double)cost.macs / step,
           GRAPH_LANES / up);
    mem_free(v);
    graph_end(&g);
    arena_free(&a);
}

static void print(const struct kernels *kernels, double seconds)
{
    printf("\n%s\n", kernels->name);
    print_layers(kernels, seconds);
    print_child(kernels, seconds);
}

int main(int argc, char **argv)
{
    double seconds = argc > 2 ? strtod(argv[2], NULL) : 2;
    const struct kernels *k = argc > 1 ? kernels_named(argv[1]) : NULL;

    gemm_set_threads(1);
    if (k)
        print(k, seconds);
    for (int i = 0; argc < 2 && (k = kernels_at(i)) != NULL; i++)
        print(k, seconds);
    return argc > 1 && !kernels_named(argv[1]);
}
