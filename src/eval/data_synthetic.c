/* SPDX-License-Identifier: MIT */
/* Synthetic images: a class is a pattern of a few waves, an image its pattern
 * somewhere, under a weaker pattern of another class and white noise.
 *
 *   value = 128 + 32 (pattern[label] + noise (u pattern[other] + white))
 *
 * with u uniform in [0, 1) and white of variance 1; patterns wrap around, so
 * that shifting one is a change of index. */
#include <math.h>
#include <stddef.h>

#include "base/mem.h"
#include "base/rng.h"
#include "eval/data_format.h"

enum { WAVES = 4, FREQUENCY_MAX = 3 };

/* amplitude cos(2 pi (fy y + fx x + phase) / size) */
struct wave {
    int fy, fx, phase;
    float amplitude;
};

struct pattern {
    int size;
    const float *cosine;     /* [size] of a whole turn */
    const struct wave *wave; /* [channels][WAVES] */
    int dy, dx;
    float strength;
};

static struct wave random_wave(struct rng *r, int size)
{
    struct wave w;

    w.fy = rng_below(r, 2 * FREQUENCY_MAX + 1) - FREQUENCY_MAX;
    w.fx = rng_below(r, FREQUENCY_MAX) + 1;
    w.phase = rng_below(r, size);
    w.amplitude = (float)(0.5 + 0.5 * rng_uniform(r));
    return w;
}

static float *new_cosine(int size)
{
    float *cosine = MEM_NEW(float, size);

    for (int i = 0; i < size; i++)
        cosine[i] = (float)cos(6.283185307179586 * i / size);
    return cosine;
}

/* [classes][channels][WAVES] */
static struct wave *new_waves(const struct data_source *s)
{
    const struct synthetic_conf *o = s->synthetic;
    int count = o->channels * WAVES;
    struct wave *waves = MEM_NEW(struct wave, o->classes * count);

    for (int k = 0; k < o->classes; k++) {
        struct rng r = rng_stream(s->seed, RNG_SAMPLES, (uint64_t)k);

        for (int i = 0; i < count; i++)
            waves[k * count + i] = random_wave(&r, o->size);
    }
    return waves;
}

/* Sum of four uniform numbers, variance 1. */
static float white(struct rng *r)
{
    const double scale = 1.7320508075688772 / 65536; /* sqrt(3) */
    uint64_t b = rng_bits(r);
    int sum = (int)(b & 65535) + (int)(b >> 16 & 65535) +
              (int)(b >> 32 & 65535) + (int)(b >> 48);

    return (float)(scale * (sum - 2 * 65535));
}

/* row[size] += row y of channel c */
static void add_row(float *row, const struct pattern *p, int c, int y)
{
    for (int i = 0; i < WAVES; i++) {
        const struct wave *w = &p->wave[c * WAVES + i];
        float amplitude = p->strength * w->amplitude;
        int turn = (w->fy * (y + p->dy) + w->fx * p->dx + w->phase) % p->size;

        turn += turn < 0 ? p->size : 0;
        for (int x = 0; x < p->size; x++) {
            row[x] += amplitude * p->cosine[turn];
            turn += w->fx;
            turn -= turn >= p->size ? p->size : 0;
        }
    }
}

static unsigned char to_byte(float v)
{
    float x = 128 + 32 * v;

    return x < 0 ? 0 : x > 255 ? 255 : (unsigned char)x;
}

static void draw(unsigned char *image, const struct synthetic_conf *o,
                 const struct pattern *own, const struct pattern *other,
                 struct rng *r)
{
    float noise = (float)o->noise;

    for (int c = 0; c < o->channels; c++)
        for (int y = 0; y < o->size; y++) {
            float row[SYNTHETIC_SIZE_MAX] = {0};

            add_row(row, own, c, y);
            add_row(row, other, c, y);
            for (int x = 0; x < o->size; x++)
                *image++ = to_byte(row[x] + noise * white(r));
        }
}

static void place(struct pattern *p, const struct wave *wave, double strength,
                  struct rng *r)
{
    int reach = p->size / 8;

    p->wave = wave;
    p->strength = (float)strength;
    p->dy = rng_below(r, 2 * reach + 1) - reach;
    p->dx = rng_below(r, 2 * reach + 1) - reach;
}

static enum err look_synthetic(const struct data_source *s,
                               struct data_shape *shape)
{
    const struct synthetic_conf *o = s->synthetic;
    const uint64_t dims[4] = {(uint64_t)o->images, (uint64_t)o->channels,
                              (uint64_t)o->size, (uint64_t)o->size};

    shape->type = DATA_UINT8;
    shape->classes = o->classes;
    return data_set_shape(shape, dims, "synthetic images");
}

static enum err read_synthetic(const struct data_source *s,
                               const struct data_shape *shape, void *images,
                               int *labels)
{
    const struct synthetic_conf *o = s->synthetic;
    struct wave *waves = new_waves(s);
    float *cosine = new_cosine(o->size);
    struct pattern own = {.size = o->size, .cosine = cosine}, other = own;

    for (int i = 0; i < shape->n; i++) {
        struct rng r =
            rng_stream(s->seed, RNG_SAMPLES, rng_mix(1, (uint64_t)i));
        int label = i % o->classes;
        int k = (label + 1 + rng_below(&r, o->classes - 1)) % o->classes;

        place(&own, waves + label * o->channels * WAVES, 1, &r);
        place(&other, waves + k * o->channels * WAVES,
              o->noise * rng_uniform(&r), &r);
        draw((unsigned char *)images + (size_t)i * data_image_values(shape), o,
             &own, &other, &r);
        labels[i] = label;
    }
    mem_free(cosine);
    mem_free(waves);
    return ERR_NONE;
}

const struct data_format data_synthetic = {
    .name = "synthetic",
    .files_help = "no files",
    .look = look_synthetic,
    .read = read_synthetic,
};

static void check_synthetic(struct conf *conf, const void *values)
{
    const struct synthetic_conf *o = values;

    if (o->images < 2 * o->classes)
        conf_complain(conf, &synthetic_section, "images",
                      "%d images are fewer than two for each of %d classes",
                      o->images, o->classes);
}

CONF_ROWS(synthetic_rows, struct synthetic_conf, SYNTHETIC_SETTINGS)
const struct conf_section synthetic_section = {
    .name = "synthetic",
    .help = "Images made from the seed, for tests and trials of the program",
    .bytes = sizeof(struct synthetic_conf),
    .count = CONF_COUNT(synthetic_rows),
    .rows = synthetic_rows,
    .check = check_synthetic,
};
