/* SPDX-License-Identifier: MIT */
/* Sums of products whose weights lie in panels, those of a term side by side.
 *
 * A tile as high as a panel reads half the pixels for as many products as the
 * tile of kernel_mac.c, so that twice as many terms stay in the first cache
 * while all outs read them; and weights come one after the other, as a cache
 * likes it. Panels: Goto and van de Geijn 2008.
 *
 * Between the products of two tiles there should be little else, so one function
 * computes all tiles of a few columns, and only what is left has others. */
#include <math.h>

#include "variant.h"

/* Accumulators: 24 of 32 registers with AVX-512, 12 of 16 else.  Low tiles, of
 * what is left for the last panel, are the wider. */
enum {
    TILE_OUTS = VEC == 16 ? KERNEL_PANEL : 6,
    TILE_COLS = 2,
    LOW_OUTS = 6,
    LOW_COLS = VEC == 16 ? 4 : 2
};

/* What becomes of a sum: stored, added to y, stored within bounds. */
enum fate { STORED, ADDED, RAISED, CLAMPED };

static enum fate fate_of(const struct finish *end, bool add)
{
    if (add)
        return ADDED;
    if (!end || (end->low == -HUGE_VALF && end->high == HUGE_VALF))
        return STORED;
    return end->high == HUGE_VALF ? RAISED : CLAMPED;
}

/* The pixels and weights of some columns and outs, and where they go. */
struct job {
    float *y;
    const float *x, *w, *bias;
    float low, high;
    const int *x_at;
    ptrdiff_t y_out, y_col;
    int terms;
    enum fate fate;
};

INLINE void put_all(vec (*sum)[LOW_COLS], int outs, int cols, float *y,
                    const struct job *j, enum fate fate)
{
    ptrdiff_t y_out = j->y_out, y_col = j->y_col;
    float low = j->low, high = j->high;

    UNROLL
    for (int i = 0; i < outs * cols; i++) {
        vec v = sum[i / cols][i % cols];

        if (fate == RAISED)
            v = at_least(v, low);
        if (fate == CLAMPED)
            v = clamp(v, low, high);
        put(y + i / cols * y_out + i % cols * y_col, v, fate == ADDED);
    }
}

/* One of the pixels `ahead` is brought near for each term. */
INLINE void compute(int outs, int cols, float *y, const float *x,
                    const float *w, const float *bias, ptrdiff_t tall,
                    ptrdiff_t ahead, const struct job *j)
{
    const int *x_at = j->x_at;
    int terms = j->terms;
    vec sum[TILE_OUTS][LOW_COLS];

    UNROLL
    for (int i = 0; i < outs * cols; i++)
        sum[i / cols][i % cols] = same(bias ? bias[i / cols] : 0.0f);
    for (int k = 0; k < terms; k++, w += tall) {
        const float *xk = opaque(x + x_at[k]);
        vec xv[LOW_COLS];

        __builtin_prefetch(xk + ahead);
        UNROLL
        for (int i = 0; i < cols; i++)
            xv[i] = load(xk + i * LANES);
        UNROLL
        for (int m = 0; m < outs; m++) {
            vec wv = same(w[m]);

            UNROLL
            for (int i = 0; i < cols; i++)
                sum[m][i] += wv * xv[i];
        }
    }
    switch (j->fate) {
    case STORED:
        put_all(sum, outs, cols, y, j, STORED);
        break;
    case ADDED:
        put_all(sum, outs, cols, y, j, ADDED);
        break;
    case RAISED:
        put_all(sum, outs, cols, y, j, RAISED);
        break;
    case CLAMPED:
        put_all(sum, outs, cols, y, j, CLAMPED);
        break;
    }
}

/* Full panels; the first tiles bring the next columns near. */
INLINE void panels(int count, int cols, const struct job *whole)
{
    const struct job j = *whole;
    float *y = j.y;
    const float *w = j.w, *bias = j.bias;

    for (int i = 0; i < count; i++, w += (ptrdiff_t)KERNEL_PANEL * j.terms)
        for (int m = 0; m < KERNEL_PANEL; m += TILE_OUTS) {
            ptrdiff_t ahead = i < TILE_COLS ? (TILE_COLS + i) * LANES : 0;

            for (int q = 0; q < LANES; q += VEC)
                compute(TILE_OUTS, cols, y + q, j.x + q, w + m, bias,
                        KERNEL_PANEL, ahead, &j);
            y += TILE_OUTS * j.y_out;
            bias = bias ? bias + TILE_OUTS : NULL;
        }
}

static void panels_1(int count, const struct job *j)
{
    panels(count, 1, j);
}

static void panels_2(int count, const struct job *j)
{
    panels(count, 2, j);
}

/* A part of a panel of `tall` outs. */
typedef void tile(int tall, const struct job *j);

#define TILE(outs, cols)                                                       \
    static void tile_##outs##_##cols(int tall, const struct job *j)            \
    {                                                                          \
        for (int q = 0; q < LANES; q += VEC)                                   \
            compute(outs, cols, j->y + q, j->x + q, j->w, j->bias, tall,       \
                    cols * LANES, j);                                          \
    }

/* clang-format off */
#define PAIRS(m) TILE(m, 1) TILE(m, 2)
#define PAIR(m) {tile_##m##_1, tile_##m##_2}
#if VEC == 16
#define TILES(m) PAIRS(m) TILE(m, 3) TILE(m, 4)
#define ROW(m) {tile_##m##_1, tile_##m##_2, tile_##m##_3, tile_##m##_4}
PAIRS(7) PAIRS(8) PAIRS(9) PAIRS(10) PAIRS(11)
#else
#define TILES(m) PAIRS(m)
#define ROW(m) PAIR(m)
#endif
TILES(1) TILES(2) TILES(3) TILES(4) TILES(5) TILES(6)

static tile *const tiles[][LOW_COLS] = {
    ROW(1), ROW(2), ROW(3), ROW(4), ROW(5), ROW(6),
#if VEC == 16
    PAIR(7), PAIR(8), PAIR(9), PAIR(10), PAIR(11)
#endif
};
/* clang-format on */

INLINE int least(int a, int b)
{
    return a < b ? a : b;
}

/* The job from out m of its panel, and column c, on. */
INLINE struct job job_at(const struct job *j, int m, int c)
{
    struct job part = *j;

    part.y += m * j->y_out + c * j->y_col;
    part.x += c * LANES;
    part.w += m;
    part.bias = j->bias ? j->bias + m : NULL;
    return part;
}

/* The last panel of `tall` outs, fewer than others have. */
static void rest(int tall, int cols, const struct job *j)
{
    int wide = tall <= LOW_OUTS ? LOW_COLS : TILE_COLS;

    for (int m = 0; m < tall; m += TILE_OUTS)
        for (int c = 0; c < cols; c += wide) {
            const struct job part = job_at(j, m, c);

            tiles[least(TILE_OUTS, tall - m) - 1][least(wide, cols - c) - 1](
                tall, &part);
        }
}

static void columns(int outs, int cols, struct job *j)
{
    int count = outs / KERNEL_PANEL, tall = outs % KERNEL_PANEL;

    for (int c = 0; c < cols; c += TILE_COLS) {
        const struct job part = job_at(j, 0, c);

        (cols - c < TILE_COLS ? panels_1 : panels_2)(count, &part);
    }
    j->y += count * KERNEL_PANEL * j->y_out;
    j->w += (ptrdiff_t)(count * KERNEL_PANEL) * j->terms;
    j->bias = j->bias ? j->bias + count * KERNEL_PANEL : NULL;
    rest(tall, cols, j);
}

void KERNEL(panels)(float *y, const float *x, const float *w,
                    const struct finish *end, const struct pass *p, bool add)
{
    for (int r = 0; r < p->height; r++)
        for (int c = 0; c < p->width; c += LOW_COLS) {
            struct job j = {.y = y + r * p->y_row + c * p->y_col,
                            .x = x + r * p->x_row + c * LANES,
                            .w = w,
                            .bias = end ? end->bias : NULL,
                            .low = end ? end->low : 0,
                            .high = end ? end->high : 0,
                            .x_at = p->x_at,
                            .y_out = p->y_out,
                            .y_col = p->y_col,
                            .terms = p->terms,
                            .fate = fate_of(end, add)};

            columns(p->outs, least(LOW_COLS, p->width - c), &j);
        }
}
