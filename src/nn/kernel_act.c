/* SPDX-License-Identifier: MIT */
/* Normalisation and activation, pixel by pixel.
 *
 * Clamps are written so that NaN passes: a diverged network must say so. */
#include <math.h>

#include "variant.h"

/* Partial sums of neighbouring pixels, to hide the latency of an addition. */
enum { WAYS = 4 };

INLINE vec choose(mask m, vec a, vec b)
{
    return (vec)((m & (mask)a) | (~m & (mask)b));
}

INLINE vec clamp(vec x, float low, float high)
{
    x = choose(x < same(low), same(low), x);
    return choose(x > same(high), same(high), x);
}

INLINE vec sigmoid(vec u)
{
    vec s;

    for (int i = 0; i < VEC; i++)
        s[i] = 1 / (1 + expf(-u[i]));
    return s;
}

INLINE vec activate(vec u, enum nn_act act)
{
    switch (act) {
    case NN_RELU:
        return choose(u < same(0), same(0), u);
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
        return dy * s * (1 - s);
    case NN_SWISH:
        s = sigmoid(u);
        return dy * s * (1 + u * (1 - s));
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

INLINE void forward(float *y, const float *x, const struct affine *f, int n,
                    enum nn_act act)
{
    vec a = same(f->a), b = same(f->b);

    for (int i = 0; i < n * LANES; i += VEC)
        store(y + i, activate(a * load(x + i) + b, act));
}

void KERNEL(act)(float *y, const float *x, const struct affine *f,
                 enum nn_act act, int n){
#define FORWARD(act) forward(y, x, f, n, act)
    FOR_ACT(act, FORWARD)}

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

INLINE void backward(float *dx, const float *dy, const float *x,
                     const struct affine *f, int n, bool add, enum nn_act act)
{
    const struct affine c = *f;

    for (int i = 0; i < n * LANES; i += VEC) {
        vec xv = load(x + i);
        vec du = activate_back(load(dy + i), xv * c.a + c.b, act);

        put(dx + i, du * c.k1 + ((xv - c.mean) * c.k2 + c.k3), add);
    }
}

void KERNEL(act_back)(float *dx, const float *dy, const float *x,
                      const struct affine *f, enum nn_act act, int n, bool add)
{
#define BACKWARD(act) backward(dx, dy, x, f, n, add, act)
    FOR_ACT(act, BACKWARD)
}
