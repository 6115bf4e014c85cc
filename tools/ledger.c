/* SPDX-License-Identifier: MIT */
#include "ledger.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/h5.h"
#include "base/mem.h"
#include "space/task.h"

/* Rewards of tables are differences of 32-bit floats from what is asked for. */
#define TOLERANCE 1e-6

/* Columns of /trials as they are stored. */
struct columns {
    size_t n, width; /* trials; bytes of a state */
    char *state;
    double *reward, *epochs, *seconds;
};

static void columns_free(struct columns *c)
{
    mem_free(c->state);
    mem_free(c->reward);
    mem_free(c->epochs);
    mem_free(c->seconds);
}

static enum err read_columns(struct columns *c, struct h5 *h)
{
    struct h5_array a;

    TRY(h5_shape(h, "/trials/state", &a));
    c->n = a.rank == 1 ? a.dims[0] : 0;
    c->width = a.width;
    c->state = MEM_NEW(char, c->n * c->width);
    c->reward = MEM_NEW(double, c->n);
    c->epochs = MEM_NEW(double, c->n);
    c->seconds = MEM_NEW(double, c->n);
    TRY(h5_read(h, "/trials/state", H5_TEXT, c->state, c->n));
    TRY(h5_read(h, "/trials/reward", H5_DOUBLE, c->reward, c->n));
    TRY(h5_read(h, "/trials/epochs", H5_DOUBLE, c->epochs, c->n));
    return h5_read(h, "/trials/seconds", H5_DOUBLE, c->seconds, c->n);
}

/* Cores that worked on a child: its ranks, one if the search had but one. */
static enum err read_cores(double *cores, struct h5 *h)
{
    static const char key[] = "ranks_per_child = ";
    struct h5_array ranks, input;
    char *text;
    const char *at;
    enum err e;

    TRY(h5_shape(h, "/run/ranks", &ranks));
    TRY(h5_shape(h, "/run/input", &input));
    text = MEM_NEW(char, input.width + 1);
    e = h5_read(h, "/run/input", H5_TEXT, text, 1);
    at = strstr(text, key);
    *cores = at && ranks.dims[0] > 1 ? strtod(at + strlen(key), NULL) : 1;
    mem_free(text);
    return e;
}

static bool is(const struct columns *c, size_t i, enum trial_state state)
{
    const char *text = trial_text(state);

    return strncmp(c->state + i * c->width, text, c->width) == 0;
}

/* Was it paid for? */
static bool is_real(const struct columns *c, size_t i)
{
    return !is(c, i, TRIAL_CACHED) &&
           strncmp(c->state + i * c->width, trial_text(TRIAL_PREDICTED), c->width) != 0;
}

static void enter(struct ledger *l, const struct columns *c, size_t i,
                  double cores)
{
    const double paid[LEDGER_KINDS] = {1, c->epochs[i], c->seconds[i] * cores};
    double before = ledger_end(l), reward = c->reward[i];

    for (int u = 0; u < LEDGER_KINDS; u++)
        l->cost[u][l->n] = ledger_total(l, (enum ledger_unit)u) + paid[u];
    l->best[l->n++] = is(c, i, TRIAL_DONE) && reward > before ? reward : before;
}

static void add_up(struct ledger *l, const struct columns *c, double cores)
{
    for (int u = 0; u < LEDGER_KINDS; u++)
        l->cost[u] = MEM_NEW(double, c->n);
    l->best = MEM_NEW(double, c->n);
    for (size_t i = 0; i < c->n; i++)
        if (is_real(c, i))
            enter(l, c, i, cores);
}

enum err ledger_read(struct ledger *l, const char *path)
{
    struct columns c = {0};
    double cores = 1;
    struct h5 *h;
    enum err e;

    *l = (struct ledger){.n = 0};
    TRY(h5_open(&h, path));
    e = read_columns(&c, h);
    if (e == ERR_NONE)
        e = read_cores(&cores, h);
    h5_close(h);
    if (e == ERR_NONE)
        add_up(l, &c, cores);
    columns_free(&c);
    return e;
}

void ledger_free(struct ledger *l)
{
    for (int u = 0; u < LEDGER_KINDS; u++)
        mem_free(l->cost[u]);
    mem_free(l->best);
    *l = (struct ledger){.n = 0};
}

double ledger_until(const struct ledger *l, enum ledger_unit u, double target)
{
    for (int i = 0; i < l->n; i++)
        if (l->best[i] >= target - TOLERANCE)
            return l->cost[u][i];
    return HUGE_VAL;
}

double ledger_best(const struct ledger *l, enum ledger_unit u, double cost)
{
    int i = 0;

    while (i < l->n && l->cost[u][i] <= cost)
        i++;
    return i > 0 ? l->best[i - 1] : -HUGE_VAL;
}

double ledger_total(const struct ledger *l, enum ledger_unit u)
{
    return l->n > 0 ? l->cost[u][l->n - 1] : 0;
}

double ledger_end(const struct ledger *l)
{
    return l->n > 0 ? l->best[l->n - 1] : -HUGE_VAL;
}

#define LEDGER_KEY(name, key, text)  key,
#define LEDGER_TEXT(name, key, text) text,

const char *ledger_key(enum ledger_unit u)
{
    static const char *const keys[] = {LEDGER_UNITS(LEDGER_KEY)};

    return keys[u];
}

const char *ledger_text(enum ledger_unit u)
{
    static const char *const texts[] = {LEDGER_UNITS(LEDGER_TEXT)};

    return texts[u];
}
