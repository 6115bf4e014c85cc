/* SPDX-License-Identifier: MIT */
/* Values from text.  A field changes only when all of the text is right. */
#include "base/conf_value.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

static bool no(struct conf_text *wrong, const char *format, ...)
    PRINTF_LIKE(2, 3);

static bool no(struct conf_text *wrong, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(wrong->s, sizeof wrong->s, format, args);
    va_end(args);
    return false;
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool is_inside(char c) /* of an UTF-8 character */
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

struct conf_quoted conf_quote(const char *text)
{
    struct conf_quoted q = {"\""};
    size_t room = sizeof q.s - sizeof "\"...\"", n = strlen(text);
    bool cut = n > room;

    if (cut)
        n = room;
    while (cut && n > 0 && is_inside(text[n]))
        n--;
    for (size_t i = 0; i < n; i++)
        q.s[i + 1] = is_control(text[i]) ? '?' : text[i];
    memcpy(q.s + n + 1, cut ? "...\"" : "\"", cut ? 5 : 2);
    return q;
}

static bool starts_number(const char *text)
{
    return *text != '\0' && !strchr(" \t\r\n\f\v", *text);
}

static bool read_int(const struct conf_row *row, const char *text, void *field,
                     struct conf_text *wrong)
{
    char *end;
    long x;

    errno = 0;
    x = strtol(text, &end, 10);
    if (!starts_number(text) || *end != '\0')
        return no(wrong, "%s is not an integer", conf_quote(text).s);
    if (errno || x < INT_MIN || x > INT_MAX || (double)x < row->min ||
        (double)x > row->max)
        return no(wrong, "%.60s is not allowed", text);
    *(int *)field = (int)x;
    return true;
}

static bool read_real(const struct conf_row *row, const char *text, void *field,
                      struct conf_text *wrong)
{
    char *end;
    double x;

    errno = 0;
    x = strtod(text, &end);
    if (!starts_number(text) || *end != '\0')
        return no(wrong, "%s is not a number", conf_quote(text).s);
    if ((errno == ERANGE && isinf(x)) || !(x >= row->min && x <= row->max))
        return no(wrong, "%.60s is not allowed", text);
    *(double *)field = x;
    return true;
}

static bool read_bool(const struct conf_row *row, const char *text, void *field,
                      struct conf_text *wrong)
{
    bool yes = strcmp(text, "true") == 0;

    (void)row;
    if (!yes && strcmp(text, "false") != 0)
        return no(wrong, "%s is neither true nor false", conf_quote(text).s);
    *(bool *)field = yes;
    return true;
}

static bool good_length(const struct conf_row *row, size_t length)
{
    bool any = row->min == 0 && row->max == 0;

    return length < CONF_TEXT_MAX &&
           (any || ((double)length >= row->min && (double)length <= row->max));
}

/* Copy text[0..length) when it is a good TEXT. */
static bool copy_text(const struct conf_row *row, const char *text,
                      size_t length, struct conf_text *value,
                      struct conf_text *wrong)
{
    for (size_t i = 0; i < length; i++)
        if (is_control(text[i]))
            return no(wrong, "%s has a control character", conf_quote(text).s);
    if (length == 0 && !good_length(row, length))
        return no(wrong, "the text is empty");
    if (!good_length(row, length))
        return no(wrong, "a text of %zu characters is not allowed", length);
    memcpy(value->s, text, length);
    memset(value->s + length, 0, sizeof value->s - length);
    return true;
}

static bool read_text(const struct conf_row *row, const char *text, void *field,
                      struct conf_text *wrong)
{
    return copy_text(row, text, strlen(text), field, wrong);
}

/* "a|b|c" as "a, b, c". */
static struct conf_text listed(const char *alternatives)
{
    struct conf_text list = {""};
    size_t n = 0;

    for (; *alternatives && n + 3 < sizeof list.s; alternatives++) {
        if (*alternatives == '|')
            list.s[n++] = ',';
        list.s[n++] = *alternatives == '|' ? ' ' : *alternatives;
    }
    return list;
}

static bool read_choice(const struct conf_row *row, const char *text,
                        void *field, struct conf_text *wrong)
{
    static const struct conf_row any_text = {.type = CONF_TEXT};
    const char *word = row->unit;
    struct conf_near near = {0};

    for (;;) {
        size_t length = strcspn(word, "|");

        if (strlen(text) == length && memcmp(text, word, length) == 0)
            return copy_text(&any_text, text, length, field, wrong);
        conf_near_try(&near, text, word, length);
        if (word[length] == '\0')
            break;
        word += length + 1;
    }
    (void)no(wrong, "%s is not one of %.800s", conf_quote(text).s,
             listed(row->unit).s);
    if (near.best)
        (void)snprintf(wrong->s + strlen(wrong->s),
                       sizeof wrong->s - strlen(wrong->s),
                       "; did you mean \"%.*s\"?", (int)near.length, near.best);
    return false;
}

/* Put "item 3: " before what is wrong with it. */
static bool no_item(struct conf_text *wrong, int item)
{
    struct conf_text what = *wrong;

    return no(wrong, "item %d: %.1000s", item + 1, what.s);
}

static bool add_int(const struct conf_row *row, const char *word, size_t length,
                    void *list, struct conf_text *wrong)
{
    struct conf_ints *ints = list;
    char digits[64];

    if (length >= sizeof digits)
        return no(wrong, "%s is not allowed", conf_quote(word).s);
    memcpy(digits, word, length);
    digits[length] = '\0';
    return read_int(row, digits, &ints->value[ints->count], wrong);
}

static bool add_text(const struct conf_row *row, const char *word,
                     size_t length, void *list, struct conf_text *wrong)
{
    struct conf_texts *texts = list;

    if (length == 0)
        return no(wrong, "the text is empty");
    return copy_text(row, word, length, &texts->value[texts->count], wrong);
}

typedef bool add_item(const struct conf_row *row, const char *word,
                      size_t length, void *list, struct conf_text *wrong);

/* Add each item of the text to a list: struct conf_ints or conf_texts. */
static bool split(const struct conf_row *row, const char *text,
                  const char *separator, add_item *add, void *list,
                  struct conf_text *wrong)
{
    int *count = list;

    for (bool more = *text != '\0'; more; more = *text++ != '\0') {
        size_t length = strcspn(text, separator);

        if (*count == CONF_LIST_MAX)
            return no(wrong, "a list of more than %d items is not allowed",
                      CONF_LIST_MAX);
        if (!add(row, text, length, list, wrong))
            return no_item(wrong, *count);
        ++*count;
        text += length;
    }
    return true;
}

static bool read_ints(const struct conf_row *row, const char *text, void *field,
                      struct conf_text *wrong)
{
    struct conf_ints ints = {0};

    if (!split(row, text, " ", add_int, &ints, wrong))
        return false;
    *(struct conf_ints *)field = ints;
    return true;
}

static bool read_texts(const struct conf_row *row, const char *text,
                       void *field, struct conf_text *wrong)
{
    struct conf_texts *texts = MEM_NEW(struct conf_texts, 1);
    bool good = split(row, text, "\n", add_text, texts, wrong);

    if (good)
        *(struct conf_texts *)field = *texts;
    mem_free(texts);
    return good;
}

bool conf_value_read(const struct conf_row *row, const char *text, void *field,
                     struct conf_text *wrong)
{
    typedef bool reader(const struct conf_row *row, const char *text,
                        void *field, struct conf_text *wrong);
    static reader *const readers[] = {
        [CONF_INT] = read_int,       [CONF_REAL] = read_real,
        [CONF_BOOL] = read_bool,     [CONF_TEXT] = read_text,
        [CONF_CHOICE] = read_choice, [CONF_INTS] = read_ints,
        [CONF_TEXTS] = read_texts,
    };

    return readers[row->type](row, text, field, wrong);
}
