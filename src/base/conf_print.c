/* SPDX-License-Identifier: MIT */
/* Values to text: the settings as an input file, with or without comments. */
#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf_value.h"
#include "base/err.h"
#include "base/mem.h"

enum { COLUMNS = 80 };

void conf_draft_open(struct conf_draft *draft)
{
    draft->stream = open_memstream(&draft->s, &draft->bytes);
    CHECK(draft->stream != NULL);
}

char *conf_draft_take(struct conf_draft *draft)
{
    char *text;

    CHECK(fclose(draft->stream) == 0);
    text = mem_text(draft->s);
    free(draft->s);
    return text;
}

void conf_shortest(char digits[32], double x)
{
    if (isinf(x)) {
        (void)strcpy(digits, x > 0 ? "1e999" : "-1e999");
        return;
    }
    for (int n = 15; n <= 17; n++) {
        (void)snprintf(digits, 32, "%.*g", n, x);
        if (strtod(digits, NULL) == x)
            break;
    }
}

static void print_real(FILE *out, double x)
{
    char digits[32];

    conf_shortest(digits, x);
    (void)fprintf(out, "%s%s", digits, strpbrk(digits, ".e") ? "" : ".0");
}

static void print_text(FILE *out, const char *text)
{
    (void)fputc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            (void)fputc('\\', out);
        (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

static void print_ints(FILE *out, const struct conf_ints *ints)
{
    (void)fputs("[ ", out);
    for (int i = 0; i < ints->count; i++)
        (void)fprintf(out, "%s%d", i ? ", " : "", ints->value[i]);
    (void)fputs(ints->count ? " ]" : "]", out);
}

static void print_texts(FILE *out, const struct conf_texts *texts)
{
    (void)fputs("[ ", out);
    for (int i = 0; i < texts->count; i++) {
        (void)fputs(i ? ", " : "", out);
        print_text(out, texts->value[i].s);
    }
    (void)fputs(texts->count ? " ]" : "]", out);
}

void conf_value_print(FILE *out, const struct conf_row *row, const void *field)
{
    switch (row->type) {
    case CONF_INT:
        (void)fprintf(out, "%d", *(const int *)field);
        break;
    case CONF_REAL:
        print_real(out, *(const double *)field);
        break;
    case CONF_BOOL:
        (void)fputs(*(const bool *)field ? "true" : "false", out);
        break;
    case CONF_TEXT:
    case CONF_CHOICE:
        print_text(out, ((const struct conf_text *)field)->s);
        break;
    case CONF_INTS:
        print_ints(out, field);
        break;
    case CONF_TEXTS:
        print_texts(out, field);
        break;
    }
}

static void print_bound(FILE *out, const struct conf_row *row, double x)
{
    char digits[32];

    conf_shortest(digits, x);
    if (row->type != CONF_REAL)
        (void)snprintf(digits, sizeof digits, "%.0f", x);
    (void)fputs(digits, out);
}

/* "integer of 1..4096 trials"; a bound that always holds is left out. */
static void print_range(FILE *out, const struct conf_row *row)
{
    bool real = row->type == CONF_REAL;
    bool low = real ? !isinf(row->min) : row->min > INT_MIN;
    bool high = real ? !isinf(row->max) : row->max < INT_MAX;

    if (low && high) {
        (void)fputs(" of ", out);
        print_bound(out, row, row->min);
        (void)fputs("..", out);
        print_bound(out, row, row->max);
    } else if (low || high) {
        (void)fputs(low ? " of at least " : " of at most ", out);
        print_bound(out, row, low ? row->min : row->max);
    }
    if (row->unit[0] != '\0' && strcmp(row->unit, "1") != 0)
        (void)fprintf(out, "%s%s", low || high ? " " : ", ", row->unit);
}

static void print_length(FILE *out, const struct conf_row *row)
{
    double most = CONF_TEXT_MAX - 1;

    if (row->max > 0 && row->max < most)
        most = row->max;
    if (row->min > 0)
        (void)fprintf(out, " of %.0f..%.0f characters", row->min, most);
    else
        (void)fprintf(out, " of at most %.0f characters", most);
}

static void print_alternatives(FILE *out, const char *alternatives)
{
    (void)fputs("one of ", out);
    for (; *alternatives; alternatives++)
        if (*alternatives == '|')
            (void)fputs(", ", out);
        else
            (void)fputc(*alternatives, out);
}

static void print_kind(FILE *out, const struct conf_row *row)
{
    switch (row->type) {
    case CONF_INT:
        (void)fputs("an integer", out);
        print_range(out, row);
        break;
    case CONF_REAL:
        (void)fputs("a number", out);
        print_range(out, row);
        break;
    case CONF_BOOL:
        (void)fputs("true or false", out);
        break;
    case CONF_TEXT:
        (void)fputs("a text", out);
        print_length(out, row);
        break;
    case CONF_CHOICE:
        print_alternatives(out, row->unit);
        break;
    case CONF_INTS:
        (void)fprintf(out, "a list of at most %d integers", CONF_LIST_MAX);
        print_range(out, row);
        break;
    case CONF_TEXTS:
        (void)fprintf(out, "a list of at most %d texts", CONF_LIST_MAX);
        print_length(out, row);
        break;
    }
}

static void print_standard(FILE *out, const struct conf_row *row)
{
    if (row->type == CONF_TEXT)
        print_text(out, row->standard);
    else if (row->standard[0] == '\0')
        (void)fputs("an empty list", out);
    else if (row->type == CONF_REAL && isinf(strtod(row->standard, NULL)))
        print_real(out, strtod(row->standard, NULL));
    else
        (void)fputs(row->standard, out);
}

void conf_value_allowed(FILE *out, const struct conf_row *row)
{
    print_kind(out, row);
    (void)fputs(" (default ", out);
    print_standard(out, row);
    (void)fputc(')', out);
}

/* A comment of whole words, within the line; a sentence if it was none. */
static void print_comment(FILE *out, const char *margin, const char *text)
{
    int column = 0, last = '.';

    for (text += strspn(text, " \n"); *text; text += strspn(text, " \n")) {
        int length = (int)strcspn(text, " \n");

        if (column > 0 && column + 1 + length > COLUMNS) {
            (void)fputc('\n', out);
            column = 0;
        }
        if (column == 0)
            column = fprintf(out, "%s#", margin);
        column += fprintf(out, " %.*s", length, text);
        text += length;
        last = text[-1];
    }
    (void)fputs(last == '.' ? "\n" : ".\n", out);
}

static void comment_row(FILE *out, const struct conf_row *row)
{
    struct conf_draft draft;
    char *allowed;

    conf_draft_open(&draft);
    conf_value_allowed(draft.stream, row);
    allowed = conf_draft_take(&draft);
    allowed[0] = (char)toupper((unsigned char)allowed[0]);
    print_comment(out, "    ", row->help);
    print_comment(out, "    ", allowed);
    mem_free(allowed);
}

static void print_section(FILE *out, const struct conf_section *s,
                          const char *values, bool commented)
{
    if (commented)
        print_comment(out, "", s->help);
    (void)fprintf(out, "%s = {\n", s->name);
    for (int i = 0; i < s->count; i++) {
        const struct conf_row *row = &s->rows[i];

        if (commented && i > 0)
            (void)fputc('\n', out);
        if (commented)
            comment_row(out, row);
        (void)fprintf(out, "    %s = ", row->name);
        conf_value_print(out, row, values + row->offset);
        (void)fputs(";\n", out);
    }
    (void)fputs("};\n", out);
}

char *conf_print(const struct conf *conf, bool commented)
{
    struct conf_draft draft;
    const struct conf_section *s;

    conf_draft_open(&draft);
    for (int i = 0; (s = conf_section_at(conf, i)); i++) {
        if (commented && i > 0)
            (void)fputc('\n', draft.stream);
        print_section(draft.stream, s, conf_of(conf, s), commented);
    }
    return conf_draft_take(&draft);
}

char *conf_print_section(const struct conf *conf, const struct conf_section *s)
{
    struct conf_draft draft;

    conf_draft_open(&draft);
    print_section(draft.stream, s, conf_of(conf, s), false);
    return conf_draft_take(&draft);
}
