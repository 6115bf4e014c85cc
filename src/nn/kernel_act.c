/* SPDX-License-Identifier: MIT */
/* Normalisation and activation, pixel by pixel. */
#include "variant.h"

/* Partial sums of neighbouring pixels, to hide the latency of an addition. */
enum { WAYS = 4 };

/* e^x to 2 units in the last place: e^x = 2^n e^r, |r| <= ln(2) / 2, and a
 * polynomial for e^r (Cephes, expf).  Adding `magic` rounds to the nearest
 * integer, which is then in the low bits. */
INLINE vec exponential(vec x)
{
    const float magic = 12582912.0f; /* 1.5 2^23 */
    vec t = clamp(x, -87, 88) * 1.44269504088896341f + magic;
    vec n = t - magic;
    vec r = clamp(x, -87, 88) - n * 0.693359375f + n * 2.12194440e-4f;
    vec p = same(1.9875691500e-4f);

    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    return p * (vec)(((mask)t << 23) + (mask)same(1.0f));
}

INLINE vec sigmoid(vec u)
{
    return 1.0f / (1.0f + exponential(-u));
}

INLINE vec activate(vec u, enum nn_act act)
{
    switch (act) {
    case NN_RELU:
        return at_least(u, 0);
    case NN_RELU6:
        return clamp(u, 0, 6);
    case NN_HSWISH:
        return u * clamp(u + 3.0f, 0, 6) * (1.0f / 6);
    case NN_HSIGMOID:
        return clamp(u + 3.0f, 0, 6) * (1.0f / 6);
    case NN_SIGMOID:
        return sigmoid(u);
    case NN_SWISH:
        return u * sigmoid(u);
    case NN_NONE:
        break;
    }
    return u;
}

/* dy act'(u); a clamp has slope 0 where it holds and at its corners. */
INLINE vec activate_back(vec dy, vec u, enum nn_act act)
{
    vec zero = same(0), s;

    switch (act) {
    case NN_RELU:
        return choose(u > zero, dy, zero);
    case NN_RELU6:
        return choose((u > zero) & (u < same(6)), dy, zero);
    case NN_HSWISH:
        return choose(u > same(3), dy,
                      choose(u < same(-3), zero, dy * (u * (1.0f / 3) + 0.5f)));
    case NN_HSIGMOID:
        return choose((u > same(-3)) & (u < same(3)), dy * (1.0f / 6), zero);
    case NN_SIGMOID:
        s = sigmoid(u);
        return dy * (s * (1.0f - s));
    case NN_SWISH:
        s = sigmoid(u);
        return dy * (s + u * s * (1.0f - s));
    case NN_NONE:
        break;
    }
    return dy;
}

/* One loop per activation, none inside a loop. */
#define FOR_ACT(act, call)                                                     \
    switch (act) {                                                             \
    case NN_NONE:                                                              \
        call(NN_NONE);                                                         \
        break;                                                                 \
    case NN_RELU:                                                              \
        call(NN_RELU);                                                         \
        break;                                                                 \
    case NN_RELU6:                                                             \
        call(NN_RELU6);                                                        \
        break;                                                                 \
    case NN_HSWISH:                                                            \
        call(NN_HSWISH);                                                       \
        break;                                                                 \
    case NN_HSIGMOID:                                                          \
        call(NN_HSIGMOID);                                                     \
        break;                                                                 \
    case NN_SIGMOID:                                                           \
        call(NN_SIGMOID);                                                      \
        break;                                                                 \
    case NN_SWISH:                                                             \
        call(NN_SWISH);                                                        \
        break;                                                                 \
    }

INLINE void apply_row(float *y, const float *x, ptrdiff_t x_col, int n, float a,
                      float b, const vec *gate, enum nn_act act, bool add)
{
    for (int i = 0; i < n; i++) {
        UNROLL
        for (int q = 0; q < PARTS; q++)
            put(y + i * LANES + q * VEC,
                activate(load(x + i * x_col + q * VEC) * a + b, act) * gate[q],
                add);
    }
}

INLINE void apply(float *y, const float *x, const struct affine *f,
                  const float *gate, const struct sweep *s, enum nn_act act)
{
    const bool add = s->add;

    for (int i = 0; i < s->planes; i++) {
        float a = f ? f[i].a : 1, b = f ? f[i].b : 0;
        vec gv[PARTS];

        for (int q = 0; q < PARTS; q++)
            gv[q] = gate ? load(gate + i * LANES + q * VEC) : same(1);
        for (int r = 0; r < s->rows; r++)
            apply_row(y + i * s->y_plane + r * s->y_row,
                      x + i * s->x_plane + r * s->x_row, s->x_col, s->cols, a,
                      b, gv, act, add);
    }
}

void KERNEL(apply)(float *y, const float *x, const struct affine *f,
                   enum nn_act act, const float *gate, const struct sweep *s){
#define APPLY(act) apply(y, x, f, gate, s, act)
    FOR_ACT(act, APPLY)}

/* sum[s] += the sum of `ways` partial sums of lanes. */
INLINE void gather(double *sum, vec (*part)[WAYS][PARTS])
{
    float lanes[LANES] __attribute__((aligned(64)));

    for (int s = 0; s < 2; s++) {
        for (int q = 0; q < PARTS; q++)
            store(lanes + q * VEC, (part[s][0][q] + part[s][1][q]) +
                                       (part[s][2][q] + part[s][3][q]));
        sum[s] += (double)lanes_sum(lanes);
    }
}

INLINE void moments_step(vec (*part)[WAYS][PARTS], int way, const float *x,
                         float pivot)
{
    UNROLL
    for (int q = 0; q < PARTS; q++) {
        vec d = load(x + q * VEC) - pivot;

        part[0][way][q] += d;
        part[1][way][q] += d * d;
    }
}

void KERNEL(moments)(double *sum, const float *x, float pivot, int n)
{
    vec part[2][WAYS][PARTS] = {0};
    int i = 0;

    for (; i + WAYS <= n; i += WAYS) {
        UNROLL
        for (int way = 0; way < WAYS; way++)
            moments_step(part, way, x + (i + way) * LANES, pivot);
    }
    for (; i < n; i++)
        moments_step(part, 0, x + i * LANES, pivot);
    gather(sum, part);
}

INLINE void sums_step(vec (*part)[WAYS][PARTS], int way, const float *dy,
                      const float *x, const struct affine *f, enum nn_act act)
{
    UNROLL
    for (int q = 0; q < PARTS; q++) {
        vec xv = load(x + q * VEC);
        vec du = activate_back(load(dy + q * VEC), xv * f->a + f->b, act);

        part[0][way][q] += du;
        part[1][way][q] += du * (xv - f->mean);
    }
}

INLINE void sums(double *sum, const float *dy, const float *x,
                 const struct affine *f, int n, enum nn_act act)
{
    vec part[2][WAYS][PARTS] = {0};
    int i = 0;

    for (; i + WAYS <= n; i += WAYS) {
        UNROLL
        for (int way = 0; way < WAYS; way++)
            sums_step(part, way, dy + (i + way) * LANES, x + (i + way) * LANES,
                      f, act);
    }
    for (; i < n; i++)
        sums_step(part, 0, dy + i * LANES, x + i * LANES, f, act);
    gather(sum, part);
}

void KERNEL(act_sums)(double *sum, const float *dy, const float *x,
                      const struct affine *f, enum nn_act act, int n){
#define SUMS(act) sums(sum, dy, x, f, n, act)
    FOR_ACT(act, SUMS)}

INLINE void back_row(float *dx, const float *dy, const float *x, int n,
                     const struct affine *f, bool add, enum nn_act act)
{
    for (int i = 0; i < n * LANES; i += VEC) {
        vec xv = load(x + i);
        vec du = activate_back(load(dy + i), xv * f->a + f->b, act);

        put(dx + i, du * f->k1 + ((xv - f->mean) * f->k2 + f->k3), add);
    }
}

INLINE void backward(float *dx, const float *dy, const float *x,
                     const struct affine *f, const struct sweep *s,
                     enum nn_act act)
{
    const struct affine copy = *f; /* stores to dx cannot change it */

    for (int r = 0; r < s->rows; r++)
        back_row(dx + r * s->y_row, dy + r * s->x_row, x + r * s->x_row,
                 s->cols, &copy, s->add, act);
}

void KERNEL(act_back)(float *dx, const float *dy, const float *x,
                      const struct affine *f, enum nn_act act,
                      const struct sweep *s)
{
#define BACKWARD(act) backward(dx, dy, x, f, s, act)
    FOR_ACT(act, BACKWARD)
}
