/* SPDX-License-Identifier: MIT */
/* Did you mean: edit distance by dynamic programming over three rows. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf_value.h"

enum { NEAR_MAX = CONF_NAME_MAX }; /* longer names are never near */

static int lower(const char *s, int i)
{
    return s[i] == '-' ? '_' : tolower((unsigned char)s[i]);
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static bool swapped(const char *a, int i, const char *b, int j)
{
    return i > 0 && j > 0 && lower(a, i) == lower(b, j - 1) &&
           lower(a, i - 1) == lower(b, j);
}

/* Row i + 1 of the table: distances of a[0..i] to every start of b. */
static void fill_row(int row[3][NEAR_MAX + 1], const char *a, int i,
                     const char *b, int length)
{
    const int *above = row[i % 3], *second = row[(i + 2) % 3];
    int *d = row[(i + 1) % 3];

    d[0] = i + 1;
    for (int j = 0; j < length; j++) {
        d[j + 1] = above[j] + (lower(a, i) != lower(b, j));
        d[j + 1] = least(d[j + 1], 1 + least(above[j + 1], d[j]));
        if (swapped(a, i, b, j))
            d[j + 1] = least(d[j + 1], 1 + second[j - 1]);
    }
}

static int distance(const char *a, int na, const char *b, int nb)
{
    int row[3][NEAR_MAX + 1];

    for (int j = 0; j <= nb; j++)
        row[0][j] = j;
    for (int i = 0; i < na; i++)
        fill_row(row, a, i, b, nb);
    return row[na % 3][nb];
}

void conf_near_try(struct conf_near *near, const char *name,
                   const char *candidate, size_t length)
{
    size_t letters = strlen(name);
    int d;

    if (letters > NEAR_MAX || length > NEAR_MAX)
        return;
    d = distance(name, (int)letters, candidate, (int)length);
    if (letters < length)
        letters = length;
    if (3 * d > (int)letters || (near->best && d >= near->distance))
        return;
    *near = (struct conf_near){candidate, length, d};
}

const char *conf_nearest(const struct conf *conf, const struct conf_section *s,
                         const char *name)
{
    struct conf_near near = {0};
    const struct conf_section *other;

    for (int i = 0; s && i < s->count; i++)
        conf_near_try(&near, name, s->rows[i].name, strlen(s->rows[i].name));
    for (int i = 0; !s && (other = conf_section_at(conf, i)); i++)
        conf_near_try(&near, name, other->name, strlen(other->name));
    return near.best;
}

/* The first section that has a row of exactly that name. */
static const struct conf_section *home_of(const struct conf *conf,
                                          const char *row_name)
{
    const struct conf_section *s;

    for (int i = 0; (s = conf_section_at(conf, i)); i++)
        if (conf_find_row(s, row_name))
            break;
    return s;
}

void conf_unknown(struct conf *conf, const struct conf_section *s,
                  const char *name, const char *file, int line)
{
    const char *nearest = conf_nearest(conf, s, name);
    const struct conf_section *home = nearest ? NULL : home_of(conf, name);
    char hint[3 * CONF_NAME_MAX] = "", full[3 * CONF_NAME_MAX];

    (void)snprintf(full, sizeof full, "%s%s%.*s", s ? s->name : "",
                   s ? "." : "", CONF_NAME_MAX, name);
    if (nearest)
        (void)snprintf(hint, sizeof hint, "; did you mean \"%s\"?", nearest);
    if (home)
        (void)snprintf(hint, sizeof hint, "; did you mean \"%s.%s\"?",
                       home->name, name);
    conf_complain_at(conf, file, line, "%s: no such %s%s", full,
                     s ? "setting" : "section", hint);
}
