/* SPDX-License-Identifier: MIT */
#include "run/choices.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

struct kind {
    char name[32];
};

/* The name of a decision without those of its block and place: "conv" of
 * "b1.conv", "layer" of "layer1". */
static struct kind kind_of(const struct decision *d)
{
    const char *dot = strrchr(d->name, '.');
    struct kind k;
    size_t n;

    (void)snprintf(k.name, sizeof k.name, "%s", dot ? dot + 1 : d->name);
    for (n = strlen(k.name); n > 1 && isdigit((unsigned char)k.name[n - 1]);)
        k.name[--n] = '\0';
    return k;
}

static int find(const struct choice *list, int count, const char *kind,
                const char *option)
{
    for (int i = 0; i < count; i++)
        if (strcmp(list[i].kind, kind) == 0 &&
            strcmp(list[i].option, option) == 0)
            return i;
    return count;
}

/* Every option of every kind; `uniform` counts the decisions that have it, by
 * the chance of each to choose it. */
static int list_options(const struct space *s, struct choice *list)
{
    int count = 0;

    for (int k = 0; k < s->count; k++)
        for (int o = 0; o < s->decisions[k].options; o++) {
            const struct decision *d = &s->decisions[k];
            int i = find(list, count, kind_of(d).name, d->labels[o]);

            if (i == count)
                count++;
            (void)snprintf(list[i].kind, sizeof list[i].kind, "%s",
                           kind_of(d).name);
            (void)snprintf(list[i].option, sizeof list[i].option, "%s",
                           d->labels[o]);
            list[i].uniform += 1.0 / d->options;
        }
    return count;
}

/* Decisions of the kind. */
static int decisions_of(const struct space *s, const char *kind)
{
    int n = 0;

    for (int k = 0; k < s->count; k++)
        n += strcmp(kind_of(&s->decisions[k]).name, kind) == 0;
    return n;
}

struct choice *choices_count(int *count, const struct space *s,
                             const struct arch *list, int n)
{
    struct choice *choices =
        MEM_NEW(struct choice, s->count * SPACE_OPTIONS_MAX);

    *count = list_options(s, choices);
    for (int t = 0; t < n; t++)
        for (int k = 0; k < s->count; k++) {
            const struct decision *d = &s->decisions[k];
            int o = list[t].option[k];

            choices[find(choices, *count, kind_of(d).name, d->labels[o])]
                .share += 1;
        }
    for (int i = 0; i < *count; i++) {
        double decisions = decisions_of(s, choices[i].kind);

        choices[i].share /= decisions * n;
        choices[i].uniform /= decisions;
    }
    return choices;
}

/* Pearson's statistic of one decision. */
static double unevenness(const struct arch *list, int n, int decision,
                         int options)
{
    double expected = (double)n / options, sum = 0;
    int count[SPACE_OPTIONS_MAX] = {0};

    for (int t = 0; t < n; t++)
        count[list[t].option[decision]]++;
    for (int o = 0; o < options; o++) {
        double excess = count[o] - expected;

        sum += excess * excess / expected;
    }
    return sum;
}

/* Chance that chi-squared with so many degrees of freedom is at least x. */
static double chi_squared_above(double x, double freedom)
{
    double v = 2 / (9 * freedom);

    return 0.5 * erfc((cbrt(x / freedom) - (1 - v)) / sqrt(2 * v));
}

double choices_uniform(const struct space *s, const struct arch *list, int n)
{
    double x = 0;
    int freedom = 0;

    for (int k = 0; k < s->count; k++) {
        x += unevenness(list, n, k, s->decisions[k].options);
        freedom += s->decisions[k].options - 1;
    }
    return freedom > 0 ? chi_squared_above(x, freedom) : 1;
}
