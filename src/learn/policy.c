/* SPDX-License-Identifier: MIT */
/* Arrays are step-major, [slots, n, ...], so that each step is a matrix product
 * over the batch.  There are few tokens and many steps, so the products
 * e(token) W_x + b are made once for each token (`table`) and not for each
 * step; their gradient is gathered by token the same way. */
#include "learn/policy.h"

#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "learn/categorical.h"
#include "learn/lstm.h"
#include "nn/gemm.h"

struct policy {
    int slots, hidden, embedding, batch;
    int tokens; /* start, then each option of each slot */
    int options[SPACE_DECISIONS_MAX];
    int first[SPACE_DECISIONS_MAX]; /* token of the slot's option 0 */

    /* parameters and where each group starts */
    size_t params;
    float *w, *dw;
    size_t embed, input, bias, state, value; /* value: [hidden] and bias */
    size_t head[SPACE_DECISIONS_MAX];        /* [hidden, options], [options] */

    /* of the last batch */
    int n;
    bool stale;          /* table is older than w */
    int *token, *choice; /* [slots, n]: what goes in, what comes out */
    float *table;        /* [tokens, 4 hidden] */
    float *gates;        /* [slots, n, 4 hidden], after their activation */
    float *h, *c;        /* [slots + 1, n, hidden]; 0 is before the start */
    float *probs;        /* [tokens - 1, n]: for each slot [n, options] */
    float *dh, *dc, *dy; /* [n, hidden], [n, hidden], [n, options] */
    float *column;       /* [slots n] */
};

static size_t take(struct policy *p, int rows, int columns)
{
    p->params += (size_t)rows * (size_t)columns;
    return p->params - (size_t)rows * (size_t)columns;
}

static void lay_out(struct policy *p)
{
    p->embed = take(p, p->tokens, p->embedding);
    p->input = take(p, p->embedding, 4 * p->hidden);
    p->state = take(p, p->hidden, 4 * p->hidden);
    p->bias = take(p, 1, 4 * p->hidden);
    p->value = take(p, p->hidden + 1, 1);
    for (int t = 0; t < p->slots; t++)
        p->head[t] = take(p, p->hidden + 1, p->options[t]);
}

/* Uniform with standard deviation `scale`. */
static void fill(float *w, int rows, int columns, double scale, struct rng *r)
{
    double width = 2 * sqrt(3.0) * scale;

    for (size_t i = 0; i < (size_t)rows * (size_t)columns; i++)
        w[i] = (float)(width * (rng_uniform(r) - 0.5));
}

static void init(struct policy *p, uint64_t seed)
{
    struct rng r = rng_stream(seed, RNG_POLICY, 0);
    int h = p->hidden, e = p->embedding;

    fill(p->w + p->embed, p->tokens, e, 1, &r);
    fill(p->w + p->input, e, 4 * h, 1 / sqrt(e), &r);
    fill(p->w + p->state, h, 4 * h, 1 / sqrt(h), &r);
    fill(p->w + p->value, h, 1, 1 / sqrt(h), &r);
    for (int t = 0; t < p->slots; t++)
        fill(p->w + p->head[t], h, p->options[t], 0.01 / sqrt(h), &r);
    for (int j = 0; j < h; j++)
        p->w[p->bias + (size_t)(h + j)] = 1;
}

static float *room(int a, int b, int c)
{
    size_t count = (size_t)a * (size_t)b * (size_t)c;

    return MEM_NEW(float, count);
}

static void reserve(struct policy *p)
{
    int n = p->batch, h = p->hidden;
    size_t steps = (size_t)p->slots * (size_t)n;

    p->w = MEM_NEW(float, p->params);
    p->dw = MEM_NEW(float, p->params);
    p->token = MEM_NEW(int, steps);
    p->choice = MEM_NEW(int, steps);
    p->table = room(p->tokens, 4, h);
    p->gates = room(p->slots, n, 4 * h);
    p->h = room(p->slots + 1, n, h);
    p->c = room(p->slots + 1, n, h);
    p->probs = room(p->tokens - 1, n, 1);
    p->dh = room(n, h, 1);
    p->dc = room(n, h, 1);
    p->dy = room(n, SPACE_OPTIONS_MAX, 1);
    p->column = room(p->slots, n, 1);
}

struct policy *policy_new(const struct space *space,
                          const struct policy_shape *shape, uint64_t seed)
{
    struct policy *p = MEM_NEW(struct policy, 1);

    CHECK(shape->batch > 0 && shape->hidden > 0 && shape->embedding > 0);
    *p = (struct policy){.slots = space->count,
                         .hidden = shape->hidden,
                         .embedding = shape->embedding,
                         .batch = shape->batch,
                         .tokens = 1,
                         .stale = true};
    for (int t = 0; t < p->slots; t++) {
        p->options[t] = space->decisions[t].options;
        p->first[t] = p->tokens;
        p->tokens += p->options[t];
    }
    lay_out(p);
    reserve(p);
    init(p, seed);
    return p;
}

void policy_free(struct policy *p)
{
    if (!p)
        return;
    void *const arrays[] = {p->w,     p->dw, p->token, p->choice, p->table,
                            p->gates, p->h,  p->c,     p->probs,  p->dh,
                            p->dc,    p->dy, p->column};

    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        mem_free(arrays[i]);
    mem_free(p);
}

size_t policy_params(const struct policy *p)
{
    return p->params;
}

int policy_slots(const struct policy *p)
{
    return p->slots;
}

float *policy_weights(struct policy *p)
{
    p->stale = true;
    return p->w;
}

float *policy_gradient(struct policy *p)
{
    return p->dw;
}

/* The s-th step of a step-major array with `width` floats for each sequence. */
static float *at_step(const struct policy *p, float *x, int s, int width)
{
    return x + (size_t)s * (size_t)p->n * (size_t)width;
}

static float *probs_of(const struct policy *p, int t)
{
    return p->probs + (size_t)(p->first[t] - 1) * (size_t)p->n;
}

static void begin(struct policy *p, int n)
{
    int width = 4 * p->hidden;

    CHECK(n > 0 && n <= p->batch);
    p->n = n;
    memset(p->token, 0, sizeof(int) * (size_t)n);
    memset(p->h, 0, sizeof(float) * (size_t)n * (size_t)p->hidden);
    memset(p->c, 0, sizeof(float) * (size_t)n * (size_t)p->hidden);
    if (!p->stale)
        return;
    for (int k = 0; k < p->tokens; k++)
        memcpy(p->table + (size_t)k * (size_t)width, p->w + p->bias,
               sizeof(float) * (size_t)width);
    gemm(p->table, p->w + p->embed, p->w + p->input, p->tokens, width,
         p->embedding, false, false, 1);
    p->stale = false;
}

/* States, and probabilities of slot t, from the tokens that go in. */
static void step(struct policy *p, int t)
{
    int n = p->n, h = p->hidden, options = p->options[t];
    const int *token = p->token + (size_t)t * (size_t)n;
    float *gates = at_step(p, p->gates, t, 4 * h), *y = probs_of(p, t);
    const float *w = p->w + p->head[t], *bias = w + (size_t)(h * options);
    float *h1 = at_step(p, p->h, t + 1, h), *c1 = at_step(p, p->c, t + 1, h);

    for (int i = 0; i < n; i++)
        memcpy(gates + (size_t)(i * 4 * h), p->table + token[i] * 4 * h,
               sizeof(float) * 4 * (size_t)h);
    if (t > 0)
        gemm(gates, at_step(p, p->h, t, h), p->w + p->state, n, 4 * h, h, false,
             false, 1);
    for (int i = 0; i < n; i++)
        lstm_cell(gates + (size_t)(i * 4 * h), c1 + i * h, h1 + i * h,
                  at_step(p, p->c, t, h) + i * h, h);
    for (int i = 0; i < n; i++)
        memcpy(y + i * options, bias, sizeof(float) * (size_t)options);
    gemm(y, h1, w, n, options, h, false, false, 1);
    for (int i = 0; i < n; i++)
        categorical_softmax(y + i * options, options);
}

/* Sequence i took option k at slot t: note it, and the input of slot t + 1. */
static void decide(struct policy *p, int t, int i, int k)
{
    p->choice[t * p->n + i] = k;
    if (t + 1 < p->slots)
        p->token[(t + 1) * p->n + i] = p->first[t] + k;
}

const float *policy_probs(const struct policy *p, int i, int slot)
{
    return probs_of(p, slot) + i * p->options[slot];
}

/* Log-probability and entropy of what was decided at slot t. */
static void score(const struct policy *p, int t, float *log_prob,
                  float *entropy)
{
    for (int i = 0; i < p->n; i++) {
        const float *probs = policy_probs(p, i, t);
        int at = i * p->slots + t;

        log_prob[at] = categorical_log(probs, p->choice[t * p->n + i]);
        entropy[at] = categorical_entropy(probs, p->options[t]);
    }
}

void policy_sample(struct policy *p, int n, struct rng *r, struct arch *arch,
                   float *log_prob, float *entropy)
{
    begin(p, n);
    for (int t = 0; t < p->slots; t++) {
        step(p, t);
        for (int i = 0; i < n; i++) {
            int k = categorical_draw(policy_probs(p, i, t), p->options[t],
                                     rng_uniform(&r[i]));

            arch[i].count = p->slots;
            arch[i].option[t] = (unsigned char)k;
            decide(p, t, i, k);
        }
        score(p, t, log_prob, entropy);
    }
}

static void values(struct policy *p, float *value)
{
    int rows = p->slots * p->n;
    const float *v = p->w + p->value;

    for (int k = 0; k < rows; k++)
        p->column[k] = v[p->hidden];
    gemm(p->column, at_step(p, p->h, 1, p->hidden), v, rows, 1, p->hidden,
         false, false, 1);
    for (int t = 0; t < p->slots; t++)
        for (int i = 0; i < p->n; i++)
            value[i * p->slots + t] = p->column[t * p->n + i];
}

void policy_evaluate(struct policy *p, int n, const struct arch *arch,
                     float *log_prob, float *entropy, float *value)
{
    begin(p, n);
    for (int t = 0; t < p->slots; t++)
        for (int i = 0; i < n; i++)
            decide(p, t, i, arch[i].option[t]);
    for (int t = 0; t < p->slots; t++) {
        step(p, t);
        score(p, t, log_prob, entropy);
    }
    values(p, value);
}

static void head_gradient(struct policy *p, int t, const float *dlog_prob,
                          const float *dentropy)
{
    for (int i = 0, options = p->options[t]; i < p->n; i++) {
        int at = i * p->slots + t;

        categorical_gradient(p->dy + i * options, policy_probs(p, i, t),
                             options, p->choice[t * p->n + i], dlog_prob[at],
                             dentropy[at]);
    }
}

static void add_rows(float *sum, const float *x, int rows, int columns)
{
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            sum[j] += x[i * columns + j];
}

/* From the head of slot t to its weights, and to dh of h_{t+1}. */
static void head_backward(struct policy *p, int t)
{
    int n = p->n, h = p->hidden, options = p->options[t];
    float *dw = p->dw + p->head[t];

    if (options == 1)
        return;
    gemm(dw, at_step(p, p->h, t + 1, h), p->dy, h, options, n, true, false, 1);
    add_rows(dw + h * options, p->dy, n, options);
    gemm(p->dh, p->dy, p->w + p->head[t], n, h, options, false, true, 1);
}

static void value_backward(struct policy *p, int t, const float *dvalue)
{
    int h = p->hidden;
    const float *v = p->w + p->value, *h1 = at_step(p, p->h, t + 1, h);
    float *dv = p->dw + p->value;

    for (int i = 0; i < p->n; i++) {
        float d = dvalue[i * p->slots + t];

        for (int j = 0; j < h; j++) {
            dv[j] += d * h1[i * h + j];
            p->dh[i * h + j] += d * v[j];
        }
        dv[h] += d;
    }
}

static void step_backward(struct policy *p, int t)
{
    int n = p->n, h = p->hidden;
    float *gates = at_step(p, p->gates, t, 4 * h);
    const float *c0 = at_step(p, p->c, t, h), *c1 = at_step(p, p->c, t + 1, h);

    for (int i = 0; i < n; i++)
        lstm_cell_backward(gates + (size_t)(i * 4 * h), p->dc + i * h,
                           p->dh + i * h, c1 + i * h, c0 + i * h, h);
    gemm(p->dh, gates, p->w + p->state, n, h, 4 * h, false, true, 0);
}

/* All steps' gate gradients to the weights; the table is used up for theirs by
 * token. */
static void gates_backward(struct policy *p)
{
    int rows = p->slots * p->n, h = p->hidden, width = 4 * h;
    float *dtable = p->table;

    gemm(p->dw + p->state, p->h, p->gates, h, width, rows, true, false, 1);
    memset(dtable, 0, sizeof(float) * (size_t)(p->tokens * width));
    for (int k = 0; k < rows; k++)
        add_rows(dtable + p->token[k] * width,
                 p->gates + (size_t)k * (size_t)width, 1, width);
    add_rows(p->dw + p->bias, dtable, p->tokens, width);
    gemm(p->dw + p->input, p->w + p->embed, dtable, p->embedding, width,
         p->tokens, true, false, 1);
    gemm(p->dw + p->embed, dtable, p->w + p->input, p->tokens, p->embedding,
         width, false, true, 1);
    p->stale = true;
}

void policy_backward(struct policy *p, const float *dlog_prob,
                     const float *dentropy, const float *dvalue)
{
    size_t bytes = sizeof(float) * (size_t)p->n * (size_t)p->hidden;

    memset(p->dh, 0, bytes);
    memset(p->dc, 0, bytes);
    for (int t = p->slots - 1; t >= 0; t--) {
        head_gradient(p, t, dlog_prob, dentropy);
        head_backward(p, t);
        value_backward(p, t, dvalue);
        step_backward(p, t);
    }
    gates_backward(p);
}

double policy_spread(const struct policy *p, int n, const float *entropy)
{
    double sum = 0;
    int count = 0;

    for (int t = 0; t < p->slots; t++)
        for (int i = 0; i < n && p->options[t] > 1; i++, count++)
            sum += (double)entropy[i * p->slots + t] / log(p->options[t]);
    return count ? sum / count : 0;
}
