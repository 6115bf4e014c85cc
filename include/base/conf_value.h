/* SPDX-License-Identifier: MIT */
/* Values of settings as text: reading, printing, describing what is allowed,
 * and the name that was meant.  For base/conf itself and for run/input.
 * All Local. */
#ifndef BASE_CONF_VALUE_H
#define BASE_CONF_VALUE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/conf.h"

/** Read a value's text form (see conf_set) into its field.
 * False if it does not fit: the field is untouched and `wrong` says why. */
bool conf_value_read(const struct conf_row *row, const char *text, void *field,
                     struct conf_text *wrong);

/** Write a field's value as an input file has it: 16, 0.05, "text", [ 1, 2 ].
 * Reading it gives exactly the same value. */
void conf_value_print(FILE *out, const struct conf_row *row, const void *field);

/** Few digits that read back as exactly x; 1e999 reads as infinity. */
void conf_shortest(char digits[32], double x);

/** Write what is allowed: "an integer of 1..4096 trials (default 16)". */
void conf_value_allowed(FILE *out, const struct conf_row *row);

/** A text in quotes for a message: cut if long, no control characters. */
struct conf_quoted {
    char s[64];
};

struct conf_quoted conf_quote(const char *text);

/** The candidate most like a name so far; start with {0}. */
struct conf_near {
    const char *best; /* NULL: none is near */
    size_t length;    /* of best, which may be part of a longer text */
    int distance;
};

/** Letters changed, added, dropped or swapped; case does not count.
 * Source: Damerau 1964 (optimal string alignment). */
void conf_near_try(struct conf_near *near, const char *name,
                   const char *candidate, size_t length);

/** Text written piece by piece: printf to `stream`, then take it. */
struct conf_draft {
    FILE *stream;
    char *s;
    size_t bytes;
};

void conf_draft_open(struct conf_draft *draft);

/** The text; the caller frees it (mem_free). */
char *conf_draft_take(struct conf_draft *draft);

#endif
