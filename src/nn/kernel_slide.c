/* SPDX-License-Identifier: MIT */
/* Depthwise convolutions: a square of taps slides over a frame.
 *
 * Tiles of rows x columns are kept in registers.  Each pixel read is used by
 * all taps that meet it, so a tile reads few pixels; for each row of them the
 * weights it needs are broadcast once, or once for the plane if all of them find
 * room.  A tile is soon done, so one function computes many. */
#include "variant.h"

/* Accumulators, two rows of weights and a pixel fill the registers; so do the
 * taps of a gradient, or a row of them, and its pixels. */
enum {
    TILE_ROWS = 2,
    TILE_COLS = VEC == 16 ? 8 : 4,
    SQUARE_MAX = 5,
    DOT_ROWS = VEC == 16 ? SQUARE_MAX : 1,
    DOT_COLS = 4
};

/* What one tile reads and writes; see struct square. */
struct tile {
    float *y;
    const float *x, *w;
    const struct finish *end;
    ptrdiff_t y_row, x_row;
    bool add;
};

/* `count` tiles side by side, again and again below until all rows are done. */
typedef void lines(const struct tile *t, int rows, int count);

/* With registers to spare, all weights of a square stay in them. */
INLINE bool keeps_weights(int size)
{
    return VEC == 16 && size == 3;
}

INLINE void take_weights(vec (*w)[SQUARE_MAX], int size, const struct tile *t)
{
    UNROLL
    for (int i = 0; i < size * size; i++)
        w[i / size][i % size] = same(t->w[i]);
}

/* acc[r][c] += w[i - stride r][m - stride c] x[i][m], all i and m. */
INLINE void gather(vec (*acc)[TILE_COLS], vec (*kept)[SQUARE_MAX], int size,
                   int stride, int rows, int cols, const struct tile *t, int q)
{
    UNROLL
    for (int i = 0; i < stride * (rows - 1) + size; i++) {
        const float *x = opaque(t->x + q + i * t->x_row);
        vec w[TILE_ROWS][SQUARE_MAX];

        UNROLL
        for (int r = 0; r < rows; r++) {
            int k = i - stride * r;

            UNROLL
            for (int j = 0; j < size; j++)
                if (k >= 0 && k < size)
                    w[r][j] = keeps_weights(size) ? kept[k][j]
                                                  : same(t->w[k * size + j]);
        }
        UNROLL
        for (int m = 0; m < stride * (cols - 1) + size; m++) {
            vec xv = load(x + m * LANES);

            UNROLL
            for (int r = 0; r < rows; r++) {
                int k = i - stride * r;

                UNROLL
                for (int c = 0; c < cols; c++) {
                    int j = m - stride * c;

                    if (k >= 0 && k < size && j >= 0 && j < size)
                        acc[r][c] += w[r][j] * xv;
                }
            }
        }
    }
}

/* The least i for which stride i + size - 1 - size / 2 >= 0. */
INLINE int lowest(int size, int stride)
{
    return -((size - 1 - size / 2) / stride);
}

/* acc[r][c] += w[r + q - stride i][c + q - stride m] dy[i][m], all i and m,
 * q = size / 2: the gradient of what gather computes. */
INLINE void scatter(vec (*acc)[TILE_COLS], vec (*kept)[SQUARE_MAX], int size,
                    int stride, int rows, int cols, const struct tile *t, int q)
{
    int half = size / 2;

    UNROLL
    for (int i = lowest(size, stride); stride * i <= rows - 1 + half; i++) {
        const float *dy = opaque(t->x + q + i * t->x_row);
        vec w[TILE_ROWS][SQUARE_MAX];

        UNROLL
        for (int r = 0; r < rows; r++) {
            int k = r + half - stride * i;

            UNROLL
            for (int j = 0; j < size; j++)
                if (k >= 0 && k < size)
                    w[r][j] = keeps_weights(size) ? kept[k][j]
                                                  : same(t->w[k * size + j]);
        }
        UNROLL
        for (int m = lowest(size, stride); stride * m <= cols - 1 + half; m++) {
            vec dv = load(dy + m * LANES);

            UNROLL
            for (int r = 0; r < rows; r++) {
                int k = r + half - stride * i;

                UNROLL
                for (int c = 0; c < cols; c++) {
                    int j = c + half - stride * m;

                    if (k >= 0 && k < size && j >= 0 && j < size)
                        acc[r][c] += w[r][j] * dv;
                }
            }
        }
    }
}

INLINE void compute(bool back, vec (*kept)[SQUARE_MAX], int size, int stride,
                    int rows, int cols, const struct tile *t)
{
    for (int q = 0; q < LANES; q += VEC) {
        vec acc[TILE_ROWS][TILE_COLS];

        UNROLL
        for (int i = 0; i < rows * cols; i++)
            acc[i / cols][i % cols] = started(t->end, 0);
        if (back)
            scatter(acc, kept, size, stride, rows, cols, t, q);
        else
            gather(acc, kept, size, stride, rows, cols, t, q);
        UNROLL
        for (int i = 0; i < rows * cols; i++) {
            put(t->y + q + i / cols * t->y_row + i % cols * LANES,
                finished(acc[i / cols][i % cols], t->end), t->add);
        }
    }
}

INLINE void across(bool back, vec (*kept)[SQUARE_MAX], int size, int stride,
                   int rows, int cols, const struct tile *first, int count)
{
    struct tile t = *first;

    for (int i = 0; i < count; i++) {
        compute(back, kept, size, stride, rows, cols, &t);
        t.y += cols * LANES;
        t.x += (back ? cols / stride : stride * cols) * LANES;
    }
}

INLINE void down(bool back, int size, int stride, int cols,
                 const struct tile *first, int rows, int count)
{
    const struct finish end = first->end ? *first->end : (struct finish){0};
    struct tile t = *first;
    ptrdiff_t x_step = back ? TILE_ROWS / stride : stride * TILE_ROWS;
    vec kept[SQUARE_MAX][SQUARE_MAX];

    t.end = first->end ? &end : NULL;
    if (keeps_weights(size))
        take_weights(kept, size, first);
    for (; rows >= TILE_ROWS; rows -= TILE_ROWS) {
        across(back, kept, size, stride, TILE_ROWS, cols, &t, count);
        t.y += TILE_ROWS * t.y_row;
        t.x += x_step * t.x_row;
    }
    if (rows > 0)
        across(back, kept, size, stride, 1, cols, &t, count);
}

/* clang-format off */
#define LINE(name, back, size, stride, cols)                                   \
    static void name##_##size##_##stride##_##cols(const struct tile *t,        \
                                                  int rows, int count)         \
    {                                                                          \
        down(back, size, stride, cols, t, rows, count);                        \
    }
#if VEC == 16
#define LINES_OF(name, back, size, stride)                                     \
    LINE(name, back, size, stride, 1) LINE(name, back, size, stride, 2)        \
    LINE(name, back, size, stride, 3) LINE(name, back, size, stride, 4)        \
    LINE(name, back, size, stride, 5) LINE(name, back, size, stride, 6)        \
    LINE(name, back, size, stride, 7) LINE(name, back, size, stride, 8)
#define NAMES_OF(name, size, stride)                                           \
    {name##_##size##_##stride##_1, name##_##size##_##stride##_2,               \
     name##_##size##_##stride##_3, name##_##size##_##stride##_4,               \
     name##_##size##_##stride##_5, name##_##size##_##stride##_6,               \
     name##_##size##_##stride##_7, name##_##size##_##stride##_8}
#else
#define LINES_OF(name, back, size, stride)                                     \
    LINE(name, back, size, stride, 1) LINE(name, back, size, stride, 2)        \
    LINE(name, back, size, stride, 3) LINE(name, back, size, stride, 4)
#define NAMES_OF(name, size, stride)                                           \
    {name##_##size##_##stride##_1, name##_##size##_##stride##_2,               \
     name##_##size##_##stride##_3, name##_##size##_##stride##_4}
#endif
#define LINES(name, back)                                                      \
    LINES_OF(name, back, 3, 1)                                                 \
    LINES_OF(name, back, 3, 2)                                                 \
    LINES_OF(name, back, 5, 1)                                                 \
    LINES_OF(name, back, 5, 2)                                                 \
    static lines *const name##_lines[2][2][TILE_COLS] = {                       \
        {NAMES_OF(name, 3, 1), NAMES_OF(name, 3, 2)},                          \
        {NAMES_OF(name, 5, 1), NAMES_OF(name, 5, 2)}};

LINES(slide, false)
LINES(slide_back, true)
/* clang-format on */

/* Where the i-th of `parts` nearly equal parts of n starts, a multiple of
 * `unit`. */
INLINE int start(int n, int parts, int i, int unit)
{
    int at = (n + unit - 1) / unit * i / parts * unit;

    return at < n ? at : n;
}

/* A plane in tiles; those of one width are computed at once. */
INLINE void plane(bool back, const struct tile *whole, const struct square *s,
                  lines *const *of_cols)
{
    int parts = (s->width + TILE_COLS - 1) / TILE_COLS;
    int unit = back ? s->stride : 1;
    int count = s->width % (parts * unit) == 0 ? parts : 1;

    for (int i = 0; i < parts; i += count) {
        int c = start(s->width, parts, i, unit);
        int cols = start(s->width, parts, i + 1, unit) - c;
        struct tile t = *whole;

        t.y += c * LANES;
        t.x += (back ? c / s->stride : s->stride * c) * LANES;
        of_cols[cols - 1](&t, s->height, count);
    }
}

void KERNEL(slide)(float *y, const float *x, const float *w,
                   const struct finish *end, const struct square *s)
{
    struct tile t = {.y = y,
                     .x = x,
                     .w = w,
                     .end = end,
                     .y_row = s->y_row,
                     .x_row = s->x_row};

    plane(false, &t, s, slide_lines[s->size / 2 - 1][s->stride - 1]);
}

void KERNEL(slide_back)(float *dx, const float *dy, const float *w,
                        const struct square *s, bool add)
{
    struct tile t = {.y = dx,
                     .x = dy,
                     .w = w,
                     .y_row = s->y_row,
                     .x_row = s->x_row,
                     .add = add};

    plane(true, &t, s, slide_back_lines[s->size / 2 - 1][s->stride - 1]);
}

/* acc[i][j] += dy[c] x[i][stride c + j] for `cols` pixels. */
INLINE void dot_step(vec (*acc)[SQUARE_MAX], int size, int stride, int rows,
                     int cols, const float *dy, const float *x, ptrdiff_t x_row)
{
    vec dv[DOT_COLS];

    UNROLL
    for (int c = 0; c < cols; c++)
        dv[c] = load(dy + c * LANES);
    UNROLL
    for (int i = 0; i < rows; i++) {
        UNROLL
        for (int m = 0; m < stride * (cols - 1) + size; m++) {
            vec xv = load(x + i * x_row + m * LANES);

            UNROLL
            for (int c = 0; c < cols; c++) {
                int j = m - stride * c;

                if (j >= 0 && j < size)
                    acc[i][j] += dv[c] * xv;
            }
        }
    }
}

INLINE void dot_row(vec (*acc)[SQUARE_MAX], int size, int stride, int rows,
                    const float *dy, const float *x, const struct square *s)
{
    int c = 0;

    for (; c + 4 <= s->width; c += 4)
        dot_step(acc, size, stride, rows, 4, dy + c * LANES,
                 x + stride * c * LANES, s->x_row);
    for (; c + 2 <= s->width; c += 2)
        dot_step(acc, size, stride, rows, 2, dy + c * LANES,
                 x + stride * c * LANES, s->x_row);
    if (c < s->width)
        dot_step(acc, size, stride, rows, 1, dy + c * LANES,
                 x + stride * c * LANES, s->x_row);
}

/* `rows` rows of taps, dw[rows][size]. */
INLINE void dot_taps(float *dw, const float *dy, const float *x, int size,
                     int stride, int rows, const struct square *s)
{
    float lanes[DOT_ROWS * SQUARE_MAX][LANES] __attribute__((aligned(64)));

    for (int q = 0; q < LANES; q += VEC) {
        vec acc[DOT_ROWS][SQUARE_MAX];

        UNROLL
        for (int i = 0; i < rows * size; i++)
            acc[i / size][i % size] = (vec){0};
        for (int r = 0; r < s->height; r++)
            dot_row(acc, size, stride, rows, dy + q + r * s->y_row,
                    x + q + r * stride * s->x_row, s);
        UNROLL
        for (int i = 0; i < rows * size; i++)
            store(lanes[i] + q, acc[i / size][i % size]);
    }
    for (int i = 0; i < rows * size; i++)
        dw[i] += lanes_sum(lanes[i]);
}

INLINE void dot_all(float *dw, const float *dy, const float *x, int size,
                    int stride, const struct square *s)
{
    int rows = size < DOT_ROWS ? size : DOT_ROWS;

    for (int i = 0; i < size; i += rows)
        dot_taps(dw + i * size, dy, x + i * s->x_row, size, stride, rows, s);
}

void KERNEL(slide_dot)(float *dw, const float *dy, const float *x,
                       const struct square *s)
{
    if (s->size == 3 && s->stride == 1)
        dot_all(dw, dy, x, 3, 1, s);
    else if (s->size == 3)
        dot_all(dw, dy, x, 3, 2, s);
    else if (s->stride == 1)
        dot_all(dw, dy, x, 5, 1, s);
    else
        dot_all(dw, dy, x, 5, 2, s);
}
