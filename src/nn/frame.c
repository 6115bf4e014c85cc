/* SPDX-License-Identifier: MIT */
#include "frame.h"

#include <string.h>

#include "nn/kernel.h"

struct frame frame_of(int h, int w, int margin, int stride)
{
    int row = (w + 2 * margin + stride - 1) / stride * stride;
    int plane = row * (h + 2 * margin);

    return (struct frame){.h = h,
                          .w = w,
                          .margin = margin,
                          .stride = stride,
                          .row = row,
                          .plane = op_apart(plane)};
}

int frame_at(const struct frame *f, int plane, int r, int c)
{
    int place = c % f->stride * (f->row / f->stride) + c / f->stride;

    return (plane * f->plane + r * f->row + place) * GRAPH_LANES;
}

static void zero(float *x, ptrdiff_t floats)
{
    memset(x, 0, (size_t)floats * sizeof(float));
}

/* Between two rows is the right margin of one and the left one of the next. */
void frame_clear(float *x, int planes, const struct place *at,
                 const struct shape *s)
{
    ptrdiff_t side = at->halo * GRAPH_LANES, rows = at->halo * at->row;
    ptrdiff_t width = s->w * GRAPH_LANES;

    for (int i = 0; i < planes; i++, x += at->plane) {
        zero(x - rows - side, rows + side);
        for (int r = 0; r < s->h - 1; r++)
            zero(x + r * at->row + width, 2 * side);
        zero(x + (s->h - 1) * at->row + width, rows + side);
    }
}

/* The columns from c on that share its rest modulo the stride. */
static struct sweep columns(const struct frame *f, int c)
{
    return (struct sweep){.rows = f->h,
                          .cols = (f->w - c + f->stride - 1) / f->stride,
                          .y_plane = f->plane * GRAPH_LANES,
                          .y_row = f->row * GRAPH_LANES,
                          .x_row = f->w * GRAPH_LANES,
                          .x_col = f->stride * GRAPH_LANES};
}

void frame_fill(const struct graph *g, float *z, const struct frame *f,
                const struct node *n, enum graph_mode mode, int group,
                struct range k)
{
    struct view v = op_view(g, n, 0, mode);

    for (int c = 0; c < f->stride && c < f->w; c++) {
        struct sweep s = columns(f, c);

        op_sweep(g, z + frame_at(f, 0, f->margin, c + f->margin), &v, group, k,
                 c, &s);
    }
}

void frame_gradient(const struct graph *g, float *z, const struct frame *f,
                    const struct node *n, int group, struct range m)
{
    const struct node *norm = &g->nodes[n->norm];
    const struct affine *a = norm->keep;
    struct view plain = op_gradient(n);
    struct sweep s = columns(f, 0);

    z += frame_at(f, 0, f->margin, f->margin);
    if (!op_late(n)) {
        op_sweep(g, z, &plain, group, m, 0, &s);
        return;
    }
    for (int c = m.from; c < m.to; c++, z += f->plane * GRAPH_LANES)
        g->kernels->act_back(z, op_dx(n, group, c), op_x(n, group, c), &a[c],
                             (enum nn_act)norm->act, &s);
}
