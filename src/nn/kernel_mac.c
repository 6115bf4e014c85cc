/* SPDX-License-Identifier: MIT */
/* Sums of products for forward passes and data gradients: register tiles of
 * outs x columns; the weights are broadcast, the pixels come straight from x.
 *
 * Weights in panels come one after the other, as a cache likes it.  A tile as
 * high as a panel, if there are registers for it, reads half the pixels for as
 * many products as one of 6 outs, so that twice as many terms stay in the first
 * cache while all outs read them.  A column alone is in tiles as high, too,
 * since 6 sums do not hide the latency of a product.  Tiles and panels: Goto and
 * van de Geijn 2008, without their packing of x.
 *
 * Beside a product there should be little else, even where two threads share a
 * core: so a function computes all tiles of a few columns, several terms in a
 * turn, and weights are found without arithmetic. */
#include <math.h>

#include "variant.h"

/* Accumulators: 24 of 32 registers with AVX-512, 12 of 16 else. */
enum {
    TILE_OUTS = 6,
    TILE_COLS = VEC == 16 ? 4 : 1,
    LOW_OUTS = 3, /* tiles that low are WIDEST */
    WIDEST = VEC == 16 ? 4 : 2,
    TALL_OUTS = VEC == 16 ? KERNEL_PANEL : 6,
    TALL_COLS = VEC == 16 ? 2 : 1,
    BLOCK_COLS = 4, /* are in the first cache when their last outs are */
    SUMS = 4,       /* most vectors in a row of a tile */
    TURN = VEC == 16 ? 1 : 4 /* terms; with more, AVX-512 would spill */
};

/* What becomes of a sum: stored, added to y, stored within bounds. */
enum fate { STORED, ADDED, CLAMPED };

/* What all tiles have in common. */
struct job {
    const int *x_at, *w_at;
    ptrdiff_t y_out, y_col, w_out, w_term;
    int terms, runs;
    float low, high;
    enum fate fate;
};

/* Where those of some columns and outs start. */
struct spot {
    float *y;
    const float *x, *w, *bias;
};

/* Bring the next columns near. */
INLINE void look_ahead(int cols, int terms, const float *x, const int *x_at)
{
    UNROLL
    for (int i = 0; i < cols * terms; i++)
        __builtin_prefetch(x + x_at[i / cols] + (cols + i % cols) * LANES);
}

/* sum[m][i] += w[m w_out + k w_term] x[x_at[k], i], k = 0..terms-1.  A pointer
 * and multiples of w_out that an instruction can add find 3 weights. */
INLINE void multiply(vec (*sum)[SUMS], int outs, int cols, int terms,
                     const float *x, const int *x_at, const float *w,
                     ptrdiff_t w_out, ptrdiff_t w_term)
{
    const float *w_0 = opaque(w);
    const float *w_3 = outs > 3 ? opaque(w + 3 * w_out) : w_0;
    const float *w_6 = outs > 6 ? opaque(w + 6 * w_out) : w_0;
    const float *w_9 = outs > 9 ? opaque(w + 9 * w_out) : w_0;

    UNROLL
    for (int k = 0; k < terms; k++) {
        const float *xk = opaque(x + x_at[k]);
        vec xv[SUMS];

        UNROLL
        for (int i = 0; i < cols * VECS; i++)
            xv[i] = load(xk + i / VECS * LANES + i % VECS * VEC);
        UNROLL
        for (int m = 0; m < outs; m++) {
            const float *wm = m < 3   ? w_0 + m * w_out
                              : m < 6 ? w_3 + (m - 3) * w_out
                              : m < 9 ? w_6 + (m - 6) * w_out
                                      : w_9 + (m - 9) * w_out;
            vec wv = same(wm[k * w_term]);

            UNROLL
            for (int i = 0; i < cols * VECS; i++) {
                sum[m][i] += wv * xv[i];
                settle(&sum[m][i]);
            }
        }
    }
}

INLINE void put_all(vec (*sum)[SUMS], int outs, int cols, float *y,
                    const struct job *j, enum fate fate)
{
    ptrdiff_t y_out = j->y_out, y_col = j->y_col;
    float low = j->low, high = j->high;

    UNROLL
    for (int i = 0; i < outs * cols * VECS; i++) {
        int m = i / (cols * VECS), c = i % (cols * VECS);
        vec v = fate == CLAMPED ? clamp(sum[m][c], low, high) : sum[m][c];

        put(y + m * y_out + c / VECS * y_col + c % VECS * VEC, v,
            fate == ADDED);
    }
}

/* One tile, part of its pixels. */
INLINE void tile(int outs, int cols, struct spot at, ptrdiff_t w_out,
                 ptrdiff_t w_term, bool first, const struct job *j)
{
    const int *x_at = j->x_at;
    int terms = j->terms;
    vec sum[TALL_OUTS][SUMS];

    UNROLL
    for (int i = 0; i < outs * cols * VECS; i++)
        sum[i / (cols * VECS)][i % (cols * VECS)] =
            same(at.bias ? at.bias[i / (cols * VECS)] : 0.0f);
    for (int run = 0; run < j->runs; run++, x_at += terms) {
        const float *w = j->w_at ? at.w + j->w_at[run] : at.w;
        int k = 0;

        for (; k + TURN <= terms; k += TURN, w += TURN * w_term) {
            if (first)
                look_ahead(cols, TURN, at.x, x_at + k);
            multiply(sum, outs, cols, TURN, at.x, x_at + k, w, w_out, w_term);
        }
        for (; k < terms; k++, w += w_term)
            multiply(sum, outs, cols, 1, at.x, x_at + k, w, w_out, w_term);
    }
    if (j->fate == STORED)
        put_all(sum, outs, cols, at.y, j, STORED);
    else if (j->fate == ADDED)
        put_all(sum, outs, cols, at.y, j, ADDED);
    else
        put_all(sum, outs, cols, at.y, j, CLAMPED);
}

/* All of its pixels. */
INLINE void spans(int outs, int cols, struct spot at, ptrdiff_t w_out,
                  ptrdiff_t w_term, bool first, const struct job *j)
{
    for (int q = 0; q < LANES; q += SPAN, at.y += SPAN, at.x += SPAN)
        tile(outs, cols, at, w_out, w_term, first, j);
}

/* `outs` further down. */
INLINE struct spot below(struct spot at, int outs, ptrdiff_t weights,
                         const struct job *j)
{
    at.y += outs * j->y_out;
    at.w += weights;
    at.bias = at.bias ? at.bias + outs : NULL;
    return at;
}

/* c columns further. */
INLINE struct spot beside(struct spot at, int c, const struct job *j)
{
    at.y += c * j->y_col;
    at.x += c * LANES;
    return at;
}

/* `down` x `across` tiles. */
INLINE void tiles(int outs, int cols, ptrdiff_t w_term, int down, int across,
                  struct spot top, const struct job *j)
{
    for (; across > 0; across--, top = beside(top, cols, j)) {
        struct spot at = top;

        for (int i = 0; i < down; i++) {
            spans(outs, cols, at, j->w_out, w_term, i == 0, j);
            at = below(at, outs, outs * j->w_out, j);
        }
    }
}

/* The same, `down` full panels. */
INLINE void panels(int cols, int down, int across, struct spot top,
                   const struct job *j)
{
    for (; across > 0; across--, top = beside(top, cols, j)) {
        struct spot at = top;

        for (int i = 0; i < down; i++) {
            const float *next = at.w + (ptrdiff_t)KERNEL_PANEL * j->terms;

            for (int m = 0; m < KERNEL_PANEL; m += TALL_OUTS) {
                spans(TALL_OUTS, cols, at, 1, KERNEL_PANEL, i + m == 0, j);
                at = below(at, TALL_OUTS, TALL_OUTS, j);
            }
            at.w = next;
        }
    }
}

/* Computes a grid of them. */
typedef void grid(int down, int across, const struct spot *at,
                  const struct job *j);

#define PANELS(cols)                                                           \
    static void panels_##cols(int down, int across, const struct spot *at,     \
                              const struct job *j)                             \
    {                                                                          \
        panels(cols, down, across, *at, j);                                    \
    }

/* Weights of an out side by side; or anywhere. */
#define TILES(outs, cols)                                                      \
    static void rows_##outs##_##cols(                                          \
        int down, int across, const struct spot *at, const struct job *j)      \
    {                                                                          \
        tiles(outs, cols, 1, down, across, *at, j);                            \
    }                                                                          \
    static void any_##outs##_##cols(                                           \
        int down, int across, const struct spot *at, const struct job *j)      \
    {                                                                          \
        tiles(outs, cols, j->w_term, down, across, *at, j);                    \
    }

/* clang-format off */
#if VEC == 16
PANELS(1) PANELS(2)
#define FORMS(m) TILES(m, 1) TILES(m, 2) TILES(m, 3) TILES(m, 4)
#define OF(kind, m) {kind##_##m##_1, kind##_##m##_2, kind##_##m##_3, kind##_##m##_4}
FORMS(1) FORMS(2) FORMS(3) FORMS(4) FORMS(5) FORMS(6) TILES(12, 1)
static grid *const tall[TALL_COLS] = {panels_1, panels_2};
static grid *const lone[2] = {any_12_1, rows_12_1};
#define ALL(kind) {OF(kind, 1), OF(kind, 2), OF(kind, 3), OF(kind, 4), OF(kind, 5), OF(kind, 6)}
#else
PANELS(1)
#define FORMS(m) TILES(m, 1) TILES(m, 2)
#define OF(kind, m) {kind##_##m##_1, kind##_##m##_2}
FORMS(1) FORMS(2) FORMS(3) TILES(4, 1) TILES(5, 1) TILES(6, 1)
static grid *const tall[TALL_COLS] = {panels_1};
static grid *const lone[2] = {any_6_1, rows_6_1};
#define ALL(kind) {OF(kind, 1), OF(kind, 2), OF(kind, 3), {kind##_4_1}, {kind##_5_1}, {kind##_6_1}}
#endif

static grid *const forms[2][TILE_OUTS][WIDEST] = {ALL(any), ALL(rows)};
/* clang-format on */

INLINE int least(int a, int b)
{
    return a < b ? a : b;
}

/* All columns, the widest tiles having `wide`. */
INLINE void all_columns(grid *const *of_cols, int wide, int down, int cols,
                        struct spot at, const struct job *j)
{
    int rest = cols % wide;

    if (cols > rest)
        of_cols[wide - 1](down, cols / wide, &at, j);
    if (rest > 0) {
        at = beside(at, cols - rest, j);
        of_cols[rest - 1](down, 1, &at, j);
    }
}

/* A column alone, as high as tiles can be; how many outs that are. */
static int column(int outs, int cols, struct spot at, const struct job *j)
{
    int down = TALL_OUTS > TILE_OUTS && cols == 1 ? outs / TALL_OUTS : 0;

    if (down > 0)
        lone[j->w_term == 1](down, 1, &at, j);
    return down * TALL_OUTS;
}

static void strided(int outs, int cols, struct spot at, const struct job *j)
{
    grid *const(*of_outs)[WIDEST] = forms[j->w_term == 1];
    int done = column(outs, cols, at, j);
    int down = (outs - done) / TILE_OUTS, rest = (outs - done) % TILE_OUTS;

    at = below(at, done, done * j->w_out, j);
    if (down > 0)
        all_columns(of_outs[TILE_OUTS - 1], TILE_COLS, down, cols, at, j);
    at = below(at, down * TILE_OUTS, down * TILE_OUTS * j->w_out, j);
    if (rest > 0)
        all_columns(of_outs[rest - 1], rest <= LOW_OUTS ? WIDEST : TILE_COLS, 1,
                    cols, at, j);
}

/* The last panel, of fewer outs, is a matrix like others. */
static void in_panels(int outs, int cols, struct spot at, const struct job *j)
{
    int down = outs / KERNEL_PANEL, rest = outs % KERNEL_PANEL;
    struct job last;

    if (down > 0)
        all_columns(tall, TALL_COLS, down, cols, at, j);
    if (rest == 0)
        return;
    last = *j;
    last.w_out = 1;
    last.w_term = rest;
    strided(rest, cols,
            below(at, outs - rest, (ptrdiff_t)(outs - rest) * j->terms, j),
            &last);
}

static enum fate fate_of(const struct finish *end, bool add)
{
    if (add)
        return ADDED;
    return end && (end->low > -HUGE_VALF || end->high < HUGE_VALF) ? CLAMPED
                                                                   : STORED;
}

void KERNEL(mac)(float *y, const float *x, const float *w,
                 const struct finish *end, const struct pass *p, bool add)
{
    const struct job j = {.x_at = p->x_at,
                          .w_at = p->w_at,
                          .y_out = p->y_out,
                          .y_col = p->y_col,
                          .w_out = p->w_out,
                          .w_term = p->w_term,
                          .terms = p->terms / p->runs,
                          .runs = p->runs,
                          .low = end ? end->low : 0,
                          .high = end ? end->high : 0,
                          .fate = fate_of(end, add)};

    for (int r = 0; r < p->height; r++)
        for (int c = 0; c < p->width; c += BLOCK_COLS) {
            const struct spot at = {y + r * p->y_row + c * p->y_col,
                                    x + r * p->x_row + c * LANES, w,
                                    end ? end->bias : NULL};

            (p->panels ? in_panels : strided)(
                p->outs, least(BLOCK_COLS, p->width - c), at, &j);
        }
}
