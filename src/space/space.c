/* SPDX-License-Identifier: MIT */
/* What all spaces share: an architecture's text is the labels of its options,
 * each followed by its decision's separator, so one parser reads all kinds. */
#include "space/space.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/state.h"
#include "space/kinds.h"
#include "space/task.h"

CONF_ROWS(rows, struct space_conf, SPACE_SETTINGS)
const struct conf_section space_section = {
    .name = "space",
    .help = "What is searched: the decisions that make an architecture.",
    .bytes = sizeof(struct space_conf),
    .count = CONF_COUNT(rows),
    .rows = rows,
};

static const struct space_kind *const kinds[] = {&space_mnas, &space_macro,
                                                 &space_tiny};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

const struct space_kind *space_kind_at(int i)
{
    return i < KINDS ? kinds[i] : NULL;
}

void space_open(struct space *s, const struct conf *conf)
{
    const struct space_conf *c = conf_of(conf, &space_section);

    *s = (struct space){0};
    for (int i = 0; i < KINDS; i++)
        if (strcmp(kinds[i]->name, c->kind.s) == 0)
            s->kind = kinds[i];
    CHECK(s->kind != NULL);
    s->conf = conf_of(conf, s->kind->section);
    s->kind->open(s);
}

void space_add(struct space *s, const char *name, int options,
               const char *const *labels, const char *after)
{
    struct decision *d = &s->decisions[s->count++];

    CHECK(s->count <= SPACE_DECISIONS_MAX);
    CHECK(options >= 1 && options <= SPACE_OPTIONS_MAX);
    (void)snprintf(d->name, sizeof d->name, "%s", name);
    d->options = options;
    d->labels = labels;
    d->after = after;
}

void blueprint_add(struct blueprint *b, struct layer layer)
{
    CHECK(b->count < SPACE_LAYERS_MAX);
    b->layers[b->count++] = layer;
}

double space_size(const struct space *s)
{
    double size = 1;

    for (int i = 0; i < s->count; i++)
        size *= s->decisions[i].options;
    return size;
}

struct arch space_random(const struct space *s, struct rng *r)
{
    struct arch a = {.count = s->count};

    for (int i = 0; i < s->count; i++)
        a.option[i] = (unsigned char)rng_below(r, s->decisions[i].options);
    return a;
}

/* The n-th decision with a choice. */
static int open_decision(const struct space *s, int n)
{
    for (int i = 0; i < s->count; i++)
        if (s->decisions[i].options > 1 && n-- == 0)
            return i;
    return -1;
}

struct arch space_mutate(const struct space *s, const struct arch *a,
                         struct rng *r)
{
    struct arch b = *a;
    int open = 0, i, options;

    for (i = 0; i < s->count; i++)
        open += s->decisions[i].options > 1;
    if (open == 0)
        return b;
    i = open_decision(s, rng_below(r, open));
    options = s->decisions[i].options;
    b.option[i] =
        (unsigned char)((b.option[i] + 1 + rng_below(r, options - 1)) %
                        options);
    return b;
}

bool arch_equal(const struct arch *a, const struct arch *b)
{
    return a->count == b->count &&
           memcmp(a->option, b->option, (size_t)a->count) == 0;
}

uint64_t arch_hash(const struct arch *a)
{
    uint64_t hash = rng_mix(0, (uint64_t)a->count);

    for (int i = 0; i < a->count; i++)
        hash = rng_mix(hash, a->option[i]);
    return hash;
}

bool space_has(const struct space *s, const struct arch *a)
{
    if (a->count != s->count)
        return false;
    for (int i = 0; i < a->count; i++)
        if (a->option[i] >= s->decisions[i].options)
            return false;
    return true;
}

/* The i-th of architectures in structs of `size` bytes. */
static struct arch *arch_in(struct arch *a, size_t i, size_t size)
{
    return (struct arch *)(void *)((char *)a + i * size);
}

void space_state(const struct space *s, struct state *state, const char *name,
                 struct arch *a, size_t n, size_t size)
{
    size_t k = (size_t)s->count;
    unsigned char *options = MEM_NEW(unsigned char, n *k);

    for (size_t i = 0; i < n; i++)
        memcpy(options + i * k, arch_in(a, i, size)->option, k);
    state_raw(state, name, options, n * k);
    for (size_t i = 0; i < n && state_loads(state); i++) {
        struct arch *to = arch_in(a, i, size);

        to->count = s->count;
        memcpy(to->option, options + i * k, k);
        state_need(state, space_has(s, to), "no architecture");
    }
    mem_free(options);
}

void space_format(const struct space *s, const struct arch *a, char *text)
{
    size_t at = 0;

    text[0] = '\0';
    for (int i = 0; i < s->count && at < SPACE_TEXT_MAX; i++) {
        const struct decision *d = &s->decisions[i];
        int n = snprintf(text + at, SPACE_TEXT_MAX - at, "%s%s",
                         d->labels[a->option[i]], d->after);

        at += (size_t)n;
    }
    CHECK(at < SPACE_TEXT_MAX);
}

/* The option whose label and separator `text` begins with, or -1. */
static int match(const struct decision *d, const char *text, size_t *length)
{
    size_t after = strlen(d->after);

    for (int i = 0; i < d->options; i++) {
        size_t n = strlen(d->labels[i]);

        if (strncmp(text, d->labels[i], n) == 0 &&
            strncmp(text + n, d->after, after) == 0) {
            *length = n + after;
            return i;
        }
    }
    return -1;
}

static enum err parse_error(const struct decision *d, const char *text)
{
    char allowed[256] = "";
    size_t at = 0;

    for (int i = 0; i < d->options && at < sizeof allowed; i++)
        at += (size_t)snprintf(allowed + at, sizeof allowed - at, " %s",
                               d->labels[i]);
    return ERR(ERR_INPUT,
               "architecture: \"%.20s\" where %s is expected: one of%s", text,
               d->name, allowed);
}

enum err space_parse(const struct space *s, const char *text, struct arch *a)
{
    struct arch result = {.count = s->count};
    size_t length = 0;

    for (int i = 0; i < s->count; i++, text += length) {
        int option = match(&s->decisions[i], text, &length);

        if (option < 0)
            return parse_error(&s->decisions[i], text);
        result.option[i] = (unsigned char)option;
    }
    if (*text != '\0')
        return ERR(ERR_INPUT, "architecture: \"%.20s\" after its end", text);
    *a = result;
    return ERR_NONE;
}

void space_blueprint(const struct space *s, const struct arch *a, int channels,
                     int height, int width, int classes, struct blueprint *b)
{
    CHECK(space_has(s, a));
    *b = (struct blueprint){.channels = channels,
                            .height = height,
                            .width = width,
                            .classes = classes};
    s->kind->layers(s, a, b);
}

struct result result_bare(int64_t id, enum trial_state state)
{
    const double none = (double)NAN;

    return (struct result){.id = id,
                           .state = state,
                           .accuracy = none,
                           .loss = none,
                           .train_loss = none,
                           .latency = none,
                           .generation = -1,
                           .scratch = none};
}

const char *trial_text(enum trial_state state)
{
#define TRIAL_TEXT(name, text) text,
    static const char *const texts[] = {TRIAL_LIST(TRIAL_TEXT)};

    return texts[state];
}
