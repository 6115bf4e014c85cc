/* SPDX-License-Identifier: MIT */
#include "run/health.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/rank_test.h"
#include "learn/critic.h"

#define LEVEL 0.05

/* What is compared: the first and the last `part` of the rewards measured, less
 * what is taken to be inherited, in the order proposed. */
struct comparison {
    const struct driver *driver;
    int64_t n;                                    /* measured */
    int part;                                     /* 0: too few */
    double first[HEALTH_MOST], last[HEALTH_MOST]; /* [part] */
    double slope;            /* of what is inherited (critic_owed) */
    double choices, rewards; /* probabilities, see health.h */
};

static int part_of(int64_t n)
{
    int64_t part = n / 4 < HEALTH_LEAST  ? HEALTH_LEAST
                   : n / 4 > HEALTH_MOST ? HEALTH_MOST
                                         : n / 4;

    return 2 * part <= n ? (int)part : 0;
}

static void take_rewards(double *reward, const struct measured *m, int n,
                         double slope)
{
    for (int i = 0; i < n; i++)
        reward[i] = m[i].reward - critic_owed(slope, m[i].age);
}

static struct comparison compare(const struct driver *d)
{
    const struct evidence *e = &d->evidence;
    struct comparison v = {.driver = d,
                           .n = e->measured,
                           .part = part_of(e->measured),
                           .choices = (double)NAN,
                           .rewards = (double)NAN};
    struct measured last[HEALTH_MOST];
    struct arch late[HEALTH_MOST];

    v.slope = search_health_of(d->method, d->search).critic.slope;
    if (v.part == 0)
        return v;
    evidence_late(e, v.part, late);
    evidence_last(e, v.part, last);
    take_rewards(v.first, e->first, v.part, v.slope);
    take_rewards(v.last, last, v.part, v.slope);
    v.choices = choices_uniform(d->space, late, v.part);
    v.rewards = rank_test_larger(v.last, v.part, v.first, v.part);
    return v;
}

static double mean(const double *x, int n)
{
    double sum = 0;

    for (int i = 0; i < n; i++)
        sum += x[i];
    return sum / n;
}

/* The rows: what each says of the evidence; false: nothing to say. */

static bool entropy(struct health_row *row, const struct comparison *v)
{
    row->value = search_health_of(v->driver->method, v->driver->search).entropy;
    (void)snprintf(row->text, sizeof row->text,
                   "of the policy; 1: undecided, as at the start; 0: decided");
    return !isnan(row->value);
}

static bool choices(struct health_row *row, const struct comparison *v)
{
    row->value = v->choices;
    (void)snprintf(row->text, sizeof row->text,
                   "chance that random draws are as uneven as the last %d "
                   "proposals",
                   v->part);
    return v->part > 0;
}

static bool rewards(struct health_row *row, const struct comparison *v)
{
    row->value = v->rewards;
    (void)snprintf(row->text, sizeof row->text,
                   "chance that the last %d rewards (mean %.4f) beat the first "
                   "%d (%.4f) so by luck%s",
                   v->part, mean(v->last, v->part), v->part,
                   mean(v->first, v->part),
                   v->slope > 0 ? "; less what they inherited" : "");
    return v->part > 0;
}

static bool verdict(struct health_row *row, const struct comparison *v)
{
    double p = fmax(v->choices, v->rewards);

    row->value = v->part > 0 ? p : (double)NAN;
    if (v->part == 0)
        (void)snprintf(row->text, sizeof row->text,
                       "too few trials to judge: %" PRId64
                       " rewards, %d are needed",
                       v->n, 2 * HEALTH_LEAST);
    else
        (void)snprintf(row->text, sizeof row->text, "%s (p = %.2g)",
                       p > LEVEL ? "not distinguishable from random"
                                 : "better than random",
                       p);
    return true;
}

/* clang-format off */
static const struct {
    const char *name;
    bool (*say)(struct health_row *row, const struct comparison *v);
} table[] = {
    {"entropy",      entropy},
    {"late choices", choices},
    {"late rewards", rewards},
    {"search",       verdict},
};
/* clang-format on */

enum { ROWS = sizeof table / sizeof table[0] };

/* Of the last proposals. */
static void count_choices(struct health *h, const struct driver *d)
{
    struct arch late[HEALTH_MOST];

    evidence_late(&d->evidence, h->late, late);
    if (h->late > 0)
        h->choice = choices_count(&h->choices, d->space, late, h->late);
}

void health_measure(struct health *h, const struct driver *d)
{
    struct comparison v = compare(d);
    int64_t proposed = d->evidence.proposed;

    *h = (struct health){.rows = 0};
    for (int i = 0; i < ROWS; i++) {
        struct health_row *row = &h->row[h->rows];

        (void)snprintf(row->name, sizeof row->name, "%s", table[i].name);
        h->rows += table[i].say(row, &v);
    }
    h->late = v.part > 0               ? v.part
              : proposed > HEALTH_MOST ? HEALTH_MOST
                                       : (int)proposed;
    count_choices(h, d);
    h->random = v.part > 0 && fmax(v.choices, v.rewards) > LEVEL;
}

void health_free(struct health *h)
{
    mem_free(h->choice);
}

static bool is_first_of_kind(const struct health *h, int i)
{
    for (int k = 0; k < i; k++)
        if (strcmp(h->choice[k].kind, h->choice[i].kind) == 0)
            return false;
    return true;
}

/* One line: "conv     conv 31 (25)  sep 22 (25) ..." */
static void print_kind(const struct health *h, const char *kind)
{
    log_print("    %-10s", kind);
    for (int i = 0; i < h->choices; i++)
        if (strcmp(h->choice[i].kind, kind) == 0)
            log_print("  %s %.0f (%.0f)", h->choice[i].option,
                      100 * h->choice[i].share, 100 * h->choice[i].uniform);
    log_print("\n");
}

static void print(const struct health *h)
{
    log_print("\nhealth of the search\n");
    for (int i = 0; i < h->rows; i++)
        log_print("  %-12s  %8.3g  %s\n", h->row[i].name, h->row[i].value,
                  h->row[i].text);
    log_print(
        "  choices of the last %d proposals in percent, in brackets those "
        "of random draws\n",
        h->late);
    for (int i = 0; i < h->choices; i++)
        if (is_first_of_kind(h, i))
            print_kind(h, h->choice[i].kind);
}

void health_report(const struct driver *d)
{
    struct health h;

    health_measure(&h, d);
    print(&h);
    if (h.random && d->method->tell)
        log_warn(
            "%s: %s: more trials, smaller rounds (search.window, "
            "ppo.batch) or children trained longer (train.epochs) may help",
            d->method->name, h.row[h.rows - 1].text);
    health_free(&h);
}
