/* SPDX-License-Identifier: MIT */
/* Convolutions as matrix products of OpenBLAS: a reference for the kernels, not
 * a rival.  The rest is portable.
 *
 * A pass is y[m, n] = sum over k of w[m, k] x[k, n], where the columns n are
 * pixels and lanes (im2col, Chellapilla et al. 2006).  It is cut into parts that
 * fit a fixed room; where the rows of a part already are a matrix in memory, as
 * those of 1 x 1 convolutions are, they are not copied. */
#include <string.h>

#include "nn/gemm.h"

#define VARIANT portable
#include "variant.h"

/* Most of a part, a part's matrices: on the stack. */
enum { OUTS = 64, TERMS = 128, COLS = 32 * LANES };

struct room {
    float x[TERMS * COLS], w[OUTS * TERMS], y[OUTS * COLS];
};

/* Rows m.., terms k.., and columns from pixel r, i on. */
struct part {
    int m, outs, k, terms, r, i, cols;
};

/* y += w x, or dw += dy x'. */
struct product {
    float *to;
    const float *by; /* w or dy */
    const float *x;
    const struct pass *p;
    struct room *room;
};

typedef void multiply(const struct product *q, const struct part *t);

static int least(int a, int b)
{
    return a < b ? a : b;
}

static void each_part(const struct product *q, multiply *f)
{
    const struct pass *p = q->p;

    for (int r = 0; r < p->height; r++)
        for (int i = 0; i < p->width; i += COLS / LANES)
            for (int k = 0; k < p->terms; k += TERMS)
                for (int m = 0; m < p->outs; m += OUTS)
                    f(q, &(struct part){
                             .m = m,
                             .outs = least(OUTS, p->outs - m),
                             .k = k,
                             .terms = least(TERMS, p->terms - k),
                             .r = r,
                             .i = i,
                             .cols = least(COLS, (p->width - i) * LANES)});
}

/* From one of the terms to the next, if it is as far for all; else 0. */
static int step_of(const int *at, int terms)
{
    int step = terms > 1 ? at[1] - at[0] : 0;

    for (int k = 2; k < terms; k++)
        if (at[k] - at[k - 1] != step)
            return 0;
    return step;
}

/* x[terms, cols] */
static struct matrix columns(const struct product *q, const struct part *t)
{
    const int *x_at = q->p->x_at + t->k;
    const float *x = q->x + t->r * q->p->x_row + t->i * LANES;
    int step = step_of(x_at, t->terms);

    if (step >= t->cols)
        return (struct matrix){x + x_at[0], step, false};
    for (int k = 0; k < t->terms; k++)
        memcpy(q->room->x + k * COLS, x + x_at[k],
               (size_t)t->cols * sizeof(float));
    return (struct matrix){q->room->x, COLS, false};
}

/* Where w[m, k] is. */
static ptrdiff_t weight_at(const struct pass *p, const struct part *t, int m,
                           int k)
{
    int out = t->m + m, first = out - out % KERNEL_PANEL;
    int each = p->terms / p->runs, run;

    if (p->panels)
        return first * p->terms +
               (t->k + k) * least(KERNEL_PANEL, p->outs - first) + out - first;
    run = (t->k + k) / each;
    return (p->w_at ? p->w_at[run] : 0) + (t->m + m) * p->w_out +
           (t->k + k - run * each) * p->w_term;
}

/* Are the weights of the part a matrix in memory? */
static bool is_dense(const struct pass *p, const struct part *t)
{
    return !p->panels && !p->w_at && p->w_term == 1 && p->w_out >= t->terms;
}

/* w[outs, terms] */
static struct matrix weights(const struct product *q, const struct part *t)
{
    const struct pass *p = q->p;

    if (is_dense(p, t))
        return (struct matrix){q->by + weight_at(p, t, 0, 0), (int)p->w_out,
                               false};
    for (int m = 0; m < t->outs; m++)
        for (int k = 0; k < t->terms; k++)
            q->room->w[m * TERMS + k] = q->by[weight_at(p, t, m, k)];
    return (struct matrix){q->room->w, TERMS, false};
}

static void multiply_mac(const struct product *q, const struct part *t)
{
    const struct pass *p = q->p;
    struct matrix w = weights(q, t), x = columns(q, t);
    float *y = q->to + t->m * p->y_out + t->r * p->y_row + t->i * p->y_col;

    if (p->y_col == LANES) {
        gemm_add(y, (int)p->y_out, w, x, t->outs, t->cols, t->terms);
        return;
    }
    memset(q->room->y, 0, sizeof q->room->y);
    gemm_add(q->room->y, COLS, w, x, t->outs, t->cols, t->terms);
    for (int m = 0; m < t->outs; m++)
        for (int i = 0; i < t->cols; i++)
            y[m * p->y_out + i / LANES * p->y_col + i % LANES] +=
                q->room->y[m * COLS + i];
}

static void multiply_dot(const struct product *q, const struct part *t)
{
    const struct pass *p = q->p;
    const float *at = q->by + t->m * p->y_out + t->r * p->y_row;
    struct matrix y = {at + t->i * LANES, (int)p->y_out, false};
    struct matrix x = columns(q, t);

    x.transposed = true;
    gemm_add(q->to + t->m * p->w_out + t->k, (int)p->w_out, y, x, t->outs,
             t->terms, t->cols);
}

static void each_output(float *y, const struct pass *p,
                        void (*f)(float *y, const struct finish *end, int m),
                        const struct finish *end)
{
    for (int m = 0; m < p->outs; m++)
        for (int i = 0; i < p->height * p->width; i++) {
            float *to = y + m * p->y_out + i / p->width * p->y_row +
                        i % p->width * p->y_col;

            for (int l = 0; l < LANES; l++)
                f(to + l, end, m);
        }
}

static void shift(float *y, const struct finish *end, int m)
{
    *y += end->bias ? end->bias[m] : 0.0f;
}

static void start(float *y, const struct finish *end, int m)
{
    *y = end && end->bias ? end->bias[m] : 0.0f;
}

/* NaN passes. */
static void limit(float *y, const struct finish *end, int m)
{
    (void)m;
    *y = *y < end->low ? end->low : *y > end->high ? end->high : *y;
}

static void mac(float *y, const float *x, const float *w,
                const struct finish *end, const struct pass *p, bool add)
{
    struct room room;

    if (!add)
        each_output(y, p, start, end);
    else if (end)
        each_output(y, p, shift, end);
    each_part(&(struct product){y, w, x, p, &room}, multiply_mac);
    if (end && !add)
        each_output(y, p, limit, end);
}

static void dot(float *dw, const float *dy, const float *x,
                const struct pass *p)
{
    struct room room;

    each_part(&(struct product){dw, dy, x, p, &room}, multiply_dot);
}

extern const struct kernels kernels_blas;

const struct kernels kernels_blas = {
    .name = "blas",
    .mac = mac,
    .dot = dot,
    KERNEL_REST,
};
