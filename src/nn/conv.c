/* SPDX-License-Identifier: MIT */
/* Full convolutions as passes of two kernels: their plan.
 *
 * The input is read into a frame with zero margins, and tables say where each
 * product finds its pixel; 1 x 1 convolutions with stride 1 read the tensor
 * itself, or a few columns packed.  With padding q, output row ho, tap r reads
 * row s ho + r - q.  So the input row hi gets its gradient from the taps with
 * hi + q - r divisible by s: the rows hi = a, a + s, a + 2s... form a *phase*
 * with taps of its own, as the columns do, and each phase is again a sum of
 * products over a frame of dy. */
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "conv.h"

static int ins_of(const struct graph *g, const struct node *n)
{
    return op_input(g, n, 0)->shape.c;
}

static int most_channels(const struct graph *g, const struct node *n)
{
    int ins = ins_of(g, n);

    return ins > n->shape.c ? ins : n->shape.c;
}

bool conv_framed(const struct node *n)
{
    return n->kernel > 1 || n->stride > 1;
}

/* A tensor read in place is a frame without margins. */
static struct frame frame_for(const struct node *n, const struct node *of,
                              int stride)
{
    struct frame f = frame_of(of->shape.h, of->shape.w, n->kernel / 2, stride);

    if (!conv_framed(n))
        f.plane = (int)(op_plane(of) / GRAPH_LANES);
    return f;
}

static struct frame x_frame(const struct graph *g, const struct node *n)
{
    return frame_for(n, op_input(g, n, 0), n->stride);
}

static struct frame dy_frame(const struct node *n)
{
    return frame_for(n, n, 1);
}

static void shape(const struct graph *g, struct node *n)
{
    const struct shape *s = &op_input(g, n, 0)->shape;

    CHECK(n->kernel > 0 && n->kernel % 2 == 1);
    CHECK(n->stride >= 1 && n->stride <= STRIDE_MAX);
    n->shape.h = op_strided(s->h, n->stride);
    n->shape.w = op_strided(s->w, n->stride);
    n->params =
        (size_t)n->shape.c * (size_t)(s->c * n->kernel * n->kernel + n->bias);
}

static int64_t macs(const struct graph *g, const struct node *n)
{
    return (int64_t)ins_of(g, n) * n->shape.c * n->kernel * n->kernel *
           op_pixels(&n->shape);
}

/* A table for x, k = (i, r, c), and one for dy: each tap is in one phase, which
 * has a run of weights; one for packed columns, one for conv_dot. */
static size_t keep(const struct graph *g, const struct node *n)
{
    size_t taps = (size_t)(n->kernel * n->kernel);
    size_t channels = (size_t)(ins_of(g, n) + n->shape.c);

    return sizeof(struct conv) + sizeof(int) * (channels + 1) * taps +
           sizeof(int[2]) * (size_t)most_channels(g, n) +
           sizeof(int[CONV_DOT_TERMS]);
}

size_t conv_x_frame(const struct graph *g, const struct node *n)
{
    return (size_t)ins_of(g, n) * (size_t)x_frame(g, n).plane * GRAPH_LANES;
}

/* Frames of x and dy; or columns packed for a tile, or what conv_dot takes. */
static size_t work(const struct graph *g, const struct node *n)
{
    size_t packed = (size_t)most_channels(g, n) * CONV_COLUMNS * GRAPH_LANES;
    size_t dot = conv_dot_work(ins_of(g, n), n->shape.c);

    if (conv_framed(n))
        return conv_x_frame(g, n) +
               (size_t)n->shape.c * (size_t)dy_frame(n).plane * GRAPH_LANES;
    return packed > dot ? packed : dot;
}

static bool widens(const struct graph *g, const struct node *n)
{
    return n->shape.c > op_input(g, n, 0)->shape.c;
}

/* Who widens reads its input often: better give it stored. */
static bool conv_views(const struct graph *g, const struct node *n)
{
    return conv_framed(n) || !widens(g, n);
}

static bool conv_bands_up(const struct graph *g, const struct node *n)
{
    return !conv_framed(n) && widens(g, n);
}

static bool conv_bands_down(const struct graph *g, const struct node *n)
{
    return !conv_framed(n) && !widens(g, n);
}

/* Fill the tables of the forward pass; where the next ones go is returned. */
static int *plan_forward(struct conv *c, const struct node *n, int *table)
{
    int k = n->kernel, terms = c->ins * k * k;

    for (int t = 0; t < terms; t++)
        table[t] = frame_at(&c->x, t / (k * k), t / k % k, t % k);
    c->pass = (struct pass){.outs = c->outs,
                            .terms = terms,
                            .runs = 1,
                            .height = n->shape.h,
                            .width = n->shape.w,
                            .planes = c->ins,
                            .y_out = op_plane(n),
                            .y_row = n->shape.w * GRAPH_LANES,
                            .y_col = GRAPH_LANES,
                            .x_row = n->stride * c->x.row * GRAPH_LANES,
                            .w_out = terms,
                            .w_term = 1,
                            .x_at = table};
    return table + terms;
}

/* Taps 0..k-1 that a line's phase uses: first, first + s... */
static int first_tap(const struct node *n, int phase)
{
    return (phase + n->kernel / 2) % n->stride;
}

static int taps_of(const struct node *n, int phase)
{
    return (n->kernel - first_tap(n, phase) + n->stride - 1) / n->stride;
}

/* Terms (r, c, o) of the phase of rows a, a + s... and columns b, b + s..., a run
 * for each tap. */
static void fill_phase(const struct conv *c, const struct node *n, int a, int b,
                       int *x_at, int *w_at)
{
    int k = n->kernel, s = n->stride, q = k / 2;

    for (int i = first_tap(n, a); i < k; i += s)
        for (int j = first_tap(n, b); j < k; j += s) {
            for (int o = 0; o < c->outs; o++)
                *x_at++ = frame_at(&c->dy, o, q + (a + q - i) / s,
                                   q + (b + q - j) / s);
            *w_at++ = i * k + j;
        }
}

static int *plan_phase(struct conv *c, const struct node *n,
                       const struct node *in, int a, int b, int *table)
{
    const struct shape *x = &in->shape;
    int s = n->stride, taps = taps_of(n, a) * taps_of(n, b);
    int terms = c->outs * taps;

    fill_phase(c, n, a, b, table, table + terms);
    c->back[c->phases++] = (struct phase){
        .at = (a * x->w + b) * GRAPH_LANES,
        .pass = {.outs = c->ins,
                 .terms = terms,
                 .runs = taps > 0 ? taps : 1,
                 .height = (x->h - a + s - 1) / s,
                 .width = (x->w - b + s - 1) / s,
                 .planes = c->outs,
                 .y_out = op_plane(in),
                 .y_row = s * x->w * GRAPH_LANES,
                 .y_col = s * GRAPH_LANES,
                 .x_row = c->dy.row * GRAPH_LANES,
                 .w_out = n->kernel * n->kernel,
                 .w_term = (ptrdiff_t)c->ins * n->kernel * n->kernel,
                 .x_at = table,
                 .w_at = table + terms}};
    return table + terms + taps;
}

static void plan_packed(struct conv *c, int most, int *table)
{
    for (int i = 0; i < most; i++)
        table[i] = i * CONV_COLUMNS * GRAPH_LANES;
    c->packed_at = table;
    c->terms_at = table + most;
}

/* Without margins the plane is one long row. */
static void flatten(struct pass *p)
{
    p->width *= p->height;
    p->height = 1;
}

static void plan(const struct graph *g, struct node *n)
{
    const struct node *in = op_input(g, n, 0);
    struct conv *c = n->keep;
    int *table = c->tables;

    c->ins = ins_of(g, n);
    c->outs = n->shape.c;
    c->framed = conv_framed(n);
    c->x = x_frame(g, n);
    c->dy = dy_frame(n);
    CHECK((int64_t)c->x.plane * c->ins < INT32_MAX / GRAPH_LANES);
    CHECK((int64_t)c->dy.plane * c->outs < INT32_MAX / GRAPH_LANES);
    c->phases = 0;
    table = plan_forward(c, n, table);
    for (int a = 0; a < n->stride; a++)
        for (int b = 0; b < n->stride; b++)
            table = plan_phase(c, n, in, a, b, table);
    plan_packed(c, most_channels(g, n), table);
    if (!c->framed) {
        flatten(&c->pass);
        flatten(&c->back[0].pass);
    }
}

/* He et al. 2015, fan-out; the last layer starts small, so that the first loss
 * is that of a guess. */
static void init(struct graph *g, const struct node *n, struct rng *r)
{
    size_t biases = n->bias ? (size_t)n->shape.c : 0;
    int fan = n->kernel * n->kernel * n->shape.c;
    bool last = n == &g->nodes[g->count - 1];
    double deviation = last ? 0.01 : sqrt(2.0 / fan);
    float *w = g->w + n->w_at;

    for (size_t i = 0; i < n->params - biases; i++)
        w[i] = (float)(deviation * rng_normal(r));
    for (size_t i = n->params - biases; i < n->params; i++)
        w[i] = 0;
}

/* Outs side by side, through graph.work: a frame or a packed chunk is larger. */
static void pack_panel(float *w, float *room, int outs, int terms)
{
    memcpy(room, w, (size_t)(outs * terms) * sizeof(float));
    for (int k = 0; k < terms; k++)
        for (int m = 0; m < outs; m++)
            w[k * outs + m] = room[m * terms + k];
}

static void pack(struct graph *g, const struct node *n)
{
    const struct conv *c = n->keep;
    float *w = g->folded + n->w_at;
    int terms = c->pass.terms;

    for (int m = 0; m < c->outs; m += KERNEL_PANEL) {
        int rest = c->outs - m;

        pack_panel(w + (ptrdiff_t)m * terms, g->work,
                   rest < KERNEL_PANEL ? rest : KERNEL_PANEL, terms);
    }
}

const struct op op_conv = {.name = "conv",
                           .inputs = 1,
                           .views = conv_views,
                           .bands_up = conv_bands_up,
                           .bands_down = conv_bands_down,
                           .shape = shape,
                           .macs = macs,
                           .keep = keep,
                           .work = work,
                           .plan = plan,
                           .init = init,
                           .pack = pack,
                           .forward = conv_forward,
                           .backward = conv_backward};
