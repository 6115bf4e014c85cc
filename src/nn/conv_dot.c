/* SPDX-License-Identifier: MIT */
/* Gradients of the weights of 1 x 1 convolutions, dw = dy x^T, summed over pixels
 * and images.
 *
 * The sums of kernels->dot are one for each lane; it loads 10 vectors for 24
 * products (with AVX2, 7 for 12) from the second cache, and adds lanes at the
 * end.  So the gradient is a product of kernels->mac, but for few channels: x or
 * dy is transposed, a chunk of pixels at a time, so that its channels are in the
 * lanes; the other one's values are the weights; pixels and images are the
 * terms:
 *
 *     sum[j, i] = sum over t of other[j, t] lanes[i, t] */
#include "conv.h"

enum {
    TERMS = CONV_DOT_TERMS,
    CHUNK = TERMS / GRAPH_LANES, /* pixels */
    PACK_FLOATS = 1 << 16        /* for kernels->dot; or one chunk */
};

/* `count` channels, `next` floats apart. */
struct planes {
    const float *at;
    int count;
    ptrdiff_t next;
};

/* Floats of a row of n values, whole vectors. */
static int row_of(int n)
{
    return (n + GRAPH_LANES - 1) / GRAPH_LANES * GRAPH_LANES;
}

/* Rooms in graph.work: x as it is to be read; a chunk transposed; sums; sums
 * transposed, if there may be fewer outputs. */
struct rooms {
    float *x, *lanes, *sum, *turned;
};

static size_t inputs_floats(int ins)
{
    return (size_t)ins * TERMS;
}

static size_t lanes_floats(int ins, int outs)
{
    return (size_t)row_of(ins > outs ? ins : outs) * TERMS;
}

static size_t sum_floats(int ins, int outs)
{
    return (size_t)row_of(ins) * (size_t)row_of(outs);
}

static struct rooms rooms_in(float *work, int ins, int outs)
{
    struct rooms r = {.x = work, .lanes = work + inputs_floats(ins)};

    r.sum = r.lanes + lanes_floats(ins, outs);
    r.turned = r.sum + sum_floats(ins, outs);
    return r;
}

size_t conv_dot_work(int ins, int outs)
{
    size_t all = inputs_floats(ins) + lanes_floats(ins, outs) +
                 (ins > outs ? 2 : 1) * sum_floats(ins, outs);

    return all > PACK_FLOATS ? all : PACK_FLOATS;
}

/* `count` pixels of inputs k, from pixel `at` on. */
static struct planes inputs(const struct graph *g, const struct node *n,
                            int group, struct range k, int at, int count,
                            float *room)
{
    const struct view v = op_view(g, n, 0, GRAPH_TRAIN);
    struct sweep s = {.rows = 1,
                      .cols = count,
                      .y_plane = count * GRAPH_LANES,
                      .x_col = GRAPH_LANES};

    if (op_plain(&v))
        return (struct planes){op_raw(&v, group, k.from) + at * GRAPH_LANES,
                               k.to - k.from, v.at.plane};
    op_sweep(g, room, &v, group, k, at, &s);
    return (struct planes){room, k.to - k.from, s.y_plane};
}

/* `count` pixels of all outputs' gradients. */
static struct planes outputs(const struct node *n, int group, int at)
{
    const struct conv *c = n->keep;

    return (struct planes){op_dx(n, group, 0) + at * GRAPH_LANES, c->outs,
                           c->pass.y_out};
}

/* sum = or += a product of `count` pixels. */
static void multiply(const struct graph *g, const struct rooms *r,
                     struct planes lanes, struct planes other, int count,
                     int *terms_at, bool add)
{
    int row = row_of(lanes.count), terms = count * GRAPH_LANES;
    const struct pass pass = {.outs = other.count,
                              .terms = terms,
                              .runs = 1,
                              .height = 1,
                              .width = row / GRAPH_LANES,
                              .planes = terms,
                              .y_out = row,
                              .y_col = GRAPH_LANES,
                              .w_out = other.next,
                              .w_term = 1,
                              .x_at = terms_at};

    for (int t = 0; t < terms; t++)
        terms_at[t] = t * row;
    g->kernels->transpose(r->lanes, lanes.at, lanes.count, lanes.next, count,
                          row);
    g->kernels->mac(r->sum, r->lanes, other.at, NULL, &pass, add);
}

/* dw[m, k] += sum[m, k]. */
static void add_sums(float *dw, const float *sum, int ins, int outs, int inputs)
{
    int row = row_of(inputs);

    for (int m = 0; m < outs; m++)
        for (int k = 0; k < inputs; k++)
            dw[m * ins + k] += sum[m * row + k];
}

/* Is it less to transpose the gradients, and then the sums, which are those of
 * dw^T, than to transpose the inputs? */
static bool turns(int ins, int outs, int terms)
{
    return (int64_t)(ins - outs) * terms > (int64_t)ins * outs;
}

static void by_products(struct graph *g, const struct node *n, float *dw,
                        struct range k)
{
    const struct conv *c = n->keep;
    const struct rooms r = rooms_in(g->work, c->ins, c->outs);
    int pixels = c->pass.width, ins = k.to - k.from;
    bool turned = turns(ins, c->outs, g->groups * pixels * GRAPH_LANES);

    for (int group = 0; group < g->groups; group++)
        for (int at = 0; at < pixels; at += CHUNK) {
            int count = pixels - at < CHUNK ? pixels - at : CHUNK;
            struct planes x = inputs(g, n, group, k, at, count, r.x);
            struct planes dy = outputs(n, group, at);

            multiply(g, &r, turned ? dy : x, turned ? x : dy, count,
                     c->terms_at, group + at > 0);
        }
    if (turned)
        g->kernels->transpose(r.turned, r.sum, ins, row_of(c->outs),
                              row_of(c->outs) / GRAPH_LANES, row_of(ins));
    add_sums(dw, turned ? r.turned : r.sum, c->ins, c->outs, ins);
}

static void by_lanes(struct graph *g, const struct node *n, float *dw,
                     struct range k)
{
    const struct conv *c = n->keep;
    int pixels = c->pass.width, ins = k.to - k.from;
    int most = PACK_FLOATS / (ins * GRAPH_LANES);
    int chunk = most < CHUNK ? CHUNK : most;

    for (int group = 0; group < g->groups; group++)
        for (int at = 0; at < pixels; at += chunk) {
            int count = pixels - at < chunk ? pixels - at : chunk;
            struct planes x = inputs(g, n, group, k, at, count, g->work);
            struct planes dy = outputs(n, group, at);
            const struct pass pass = {.outs = dy.count,
                                      .terms = ins,
                                      .runs = 1,
                                      .height = 1,
                                      .width = count,
                                      .planes = ins,
                                      .y_out = dy.next,
                                      .w_out = c->ins,
                                      .x_at = c->terms_at};

            for (int i = 0; i < ins; i++)
                c->terms_at[i] = i * (int)x.next;
            g->kernels->dot(dw, dy.at, x.at, &pass);
        }
}

/* Measured with AVX2: lanes are to be filled to 3/4; or there are so few pixels
 * that sums over lanes are dear. */
static bool fills(int inputs, int outs, int pixels)
{
    int thin = inputs < outs ? inputs : outs;
    int wide = inputs < outs ? outs : inputs;

    return 4 * thin >= 3 * row_of(thin) || 3 * pixels < 2 * wide;
}

void conv_dot(struct graph *g, const struct node *n, float *dw, struct range k)
{
    const struct conv *c = n->keep;
    bool full = fills(k.to - k.from, c->outs, c->pass.width);

    (full ? by_products : by_lanes)(g, n, dw, k);
}
