/* SPDX-License-Identifier: MIT */
#include "learn/lstm.h"

#include <stdint.h>
#include <string.h>

/* exp without branches or calls, so that loops over it become vector code;
 * relative error 2e-7 (polynomial: Moshier, Cephes 2.2).  A NaN stays one. */
static inline float fast_exp(float x)
{
    x = x < -87.0f ? -87.0f : x;
    x = x > 87.0f ? 87.0f : x;
    float k = (x * 1.44269504f + 12582912.0f) - 12582912.0f; /* nearest */
    float r = (x - k * 0.693359375f) + k * 2.12194440e-4f;
    float y = 1.9875691500e-4f;
    /* k, read from the low bits of the sum with 1.5 * 2^23, as an exponent */
    float shifted = k + 12582912.0f, power;
    uint32_t bits;

    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 127) << 23;
    memcpy(&power, &bits, sizeof power);
    y = y * r + 1.3981999507e-3f;
    y = y * r + 8.3334519073e-3f;
    y = y * r + 4.1665795894e-2f;
    y = y * r + 1.6666665459e-1f;
    y = y * r + 5.0000001201e-1f;
    return (y * r * r + r + 1.0f) * power;
}

static inline float sigm(float x)
{
    return 1.0f / (1.0f + fast_exp(-x));
}

static inline float fast_tanh(float x)
{
    return 2.0f * sigm(2.0f * x) - 1.0f;
}

static void activate(float *restrict i, float *restrict f, float *restrict g,
                     float *restrict o, int hidden)
{
    for (int j = 0; j < hidden; j++) {
        i[j] = sigm(i[j]);
        f[j] = sigm(f[j]);
        g[j] = fast_tanh(g[j]);
        o[j] = sigm(o[j]);
    }
}

void lstm_cell(float *restrict gates, float *restrict c1, float *restrict h1,
               const float *restrict c0, int hidden)
{
    const float *i = gates, *f = i + hidden, *g = f + hidden, *o = g + hidden;

    activate(gates, gates + hidden, gates + 2 * hidden, gates + 3 * hidden,
             hidden);
    for (int j = 0; j < hidden; j++) {
        c1[j] = f[j] * c0[j] + i[j] * g[j];
        h1[j] = o[j] * fast_tanh(c1[j]);
    }
}

static void backward(float *restrict i, float *restrict f, float *restrict g,
                     float *restrict o, float *restrict dc,
                     const float *restrict dh1, const float *restrict c1,
                     const float *restrict c0, int hidden)
{
    for (int j = 0; j < hidden; j++) {
        float y = fast_tanh(c1[j]);
        float d = dc[j] + dh1[j] * o[j] * (1.0f - y * y);
        float di = d * g[j], df = d * c0[j], dg = d * i[j], d_o = dh1[j] * y;

        dc[j] = d * f[j];
        i[j] = di * i[j] * (1.0f - i[j]);
        f[j] = df * f[j] * (1.0f - f[j]);
        g[j] = dg * (1.0f - g[j] * g[j]);
        o[j] = d_o * o[j] * (1.0f - o[j]);
    }
}

void lstm_cell_backward(float *gates, float *dc, const float *dh1,
                        const float *c1, const float *c0, int hidden)
{
    backward(gates, gates + hidden, gates + 2 * hidden, gates + 3 * hidden, dc,
             dh1, c1, c0, hidden);
}
