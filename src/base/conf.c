/* SPDX-License-Identifier: MIT */
/* Sections side by side: each has its module's struct, and for every row the
 * place where its value was set. */
#include "base/conf.h"

#include <stdarg.h>
#include <string.h>

#include "base/conf_value.h"
#include "base/mem.h"

struct place {
    char *file; /* NULL: at its default */
    int line;
};

struct part {
    char *values;
    struct place *places;
};

struct conf {
    const struct conf_section **sections;
    struct part *parts;
    int count;
    int errors, room;
    char **error;
};

static struct part *part_of(const struct conf *conf,
                            const struct conf_section *s)
{
    for (int i = 0; i < conf->count; i++)
        if (conf->sections[i] == s)
            return &conf->parts[i];
    err_die(__FILE__, __LINE__, s->name);
}

static struct place *place_of(const struct conf *conf,
                              const struct conf_section *s,
                              const char *row_name)
{
    const struct conf_row *row = conf_find_row(s, row_name);

    CHECK(row != NULL);
    return &part_of(conf, s)->places[row - s->rows];
}

/* TEXTS: commas in the table, newlines in conf_set. */
static char *standard_text(const struct conf_row *row)
{
    char *text = mem_text(row->standard), *to = text;

    if (row->type != CONF_TEXTS)
        return text;
    for (const char *from = row->standard; *from; from++) {
        *to++ = *from == ',' ? '\n' : *from;
        if (*from == ',')
            from += strspn(from + 1, " ");
    }
    *to = '\0';
    return text;
}

static void set_standard(char *values, const struct conf_row *row)
{
    struct conf_text wrong;
    char *text = standard_text(row);

    if (!conf_value_read(row, text, values + row->offset, &wrong)) {
        (void)fprintf(stderr, "default of %s: %s\n", row->name, wrong.s);
        err_die(__FILE__, __LINE__, row->name);
    }
    mem_free(text);
}

struct conf *conf_new(const struct conf_section *const *sections, int count)
{
    struct conf *conf = MEM_NEW(struct conf, 1);

    conf->sections = MEM_NEW(const struct conf_section *, count);
    conf->count = count;
    conf->parts = MEM_NEW(struct part, count);
    for (int i = 0; i < count; i++) {
        const struct conf_section *s = sections[i];

        conf->sections[i] = s;
        conf->parts[i].values = MEM_NEW(char, s->bytes);
        conf->parts[i].places = MEM_NEW(struct place, s->count);
        for (int j = 0; j < s->count; j++)
            set_standard(conf->parts[i].values, &s->rows[j]);
    }
    return conf;
}

static void part_free(struct part *part, int rows)
{
    for (int j = 0; j < rows; j++)
        mem_free(part->places[j].file);
    mem_free(part->places);
    mem_free(part->values);
}

void conf_free(struct conf *conf)
{
    if (!conf)
        return;
    for (int i = 0; i < conf->count; i++)
        part_free(&conf->parts[i], conf->sections[i]->count);
    for (int i = 0; i < conf->errors; i++)
        mem_free(conf->error[i]);
    mem_free(conf->error);
    mem_free(conf->parts);
    mem_free(conf->sections);
    mem_free(conf);
}

const void *conf_of(const struct conf *conf, const struct conf_section *s)
{
    return part_of(conf, s)->values;
}

const struct conf_section *conf_section_at(const struct conf *conf, int i)
{
    return i < conf->count ? conf->sections[i] : NULL;
}

const struct conf_section *conf_find(const struct conf *conf, const char *name)
{
    for (int i = 0; i < conf->count; i++)
        if (strcmp(conf->sections[i]->name, name) == 0)
            return conf->sections[i];
    return NULL;
}

const struct conf_row *conf_find_row(const struct conf_section *s,
                                     const char *name)
{
    for (int i = 0; i < s->count; i++)
        if (strcmp(s->rows[i].name, name) == 0)
            return &s->rows[i];
    return NULL;
}

/* Take over a finished message. */
static void add_error(struct conf *conf, struct conf_draft *draft)
{
    if (conf->errors == conf->room) {
        int room = conf->room ? 2 * conf->room : 16;

        conf->error = mem_resize(conf->error, (size_t)conf->room, (size_t)room,
                                 sizeof conf->error[0]);
        conf->room = room;
    }
    conf->error[conf->errors++] = conf_draft_take(draft);
}

/* Open a message with "file:line: section.key: ", as far as they are known. */
static FILE *begin(struct conf_draft *draft, const char *file, int line,
                   const struct conf_section *s, const char *row_name)
{
    conf_draft_open(draft);
    (void)fputs(file, draft->stream);
    if (line > 0)
        (void)fprintf(draft->stream, ":%d", line);
    (void)fputs(": ", draft->stream);
    if (s)
        (void)fprintf(draft->stream, "%s.%s: ", s->name, row_name);
    return draft->stream;
}

void conf_complain(struct conf *conf, const struct conf_section *s,
                   const char *row_name, const char *format, ...)
{
    const struct place *place = place_of(conf, s, row_name);
    struct conf_draft draft;
    va_list args;

    va_start(args, format);
    (void)vfprintf(begin(&draft, place->file ? place->file : "default",
                         place->line, s, row_name),
                   format, args);
    va_end(args);
    add_error(conf, &draft);
}

void conf_complain_at(struct conf *conf, const char *file, int line,
                      const char *format, ...)
{
    struct conf_draft draft;
    va_list args;

    va_start(args, format);
    (void)vfprintf(begin(&draft, file, line, NULL, NULL), format, args);
    va_end(args);
    add_error(conf, &draft);
}

void conf_reject(struct conf *conf, const struct conf_section *s,
                 const struct conf_row *row, const char *file, int line,
                 const char *format, ...)
{
    struct conf_draft draft;
    va_list args;

    va_start(args, format);
    (void)vfprintf(begin(&draft, file, line, s, row->name), format, args);
    va_end(args);
    (void)fputs("; ", draft.stream);
    conf_value_allowed(draft.stream, row);
    add_error(conf, &draft);
}

void conf_set(struct conf *conf, const struct conf_section *s,
              const struct conf_row *row, const char *text, const char *file,
              int line)
{
    struct conf_text wrong;
    struct place *place = place_of(conf, s, row->name);
    char *field = part_of(conf, s)->values + row->offset;

    if (conf_value_read(row, text, field, &wrong)) {
        char *copy = mem_text(file);

        mem_free(place->file);
        *place = (struct place){copy, line};
    } else if (row->type == CONF_CHOICE) {
        conf_complain_at(conf, file, line, "%s.%s: %s", s->name, row->name,
                         wrong.s);
    } else {
        conf_reject(conf, s, row, file, line, "%s", wrong.s);
    }
}

bool conf_is_set(const struct conf *conf, const struct conf_section *s,
                 const char *row_name)
{
    return place_of(conf, s, row_name)->file != NULL;
}

void conf_check(struct conf *conf)
{
    for (int i = 0; i < conf->count; i++)
        if (conf->sections[i]->check)
            conf->sections[i]->check(conf, conf->parts[i].values);
}

int conf_errors(const struct conf *conf)
{
    return conf->errors;
}

const char *conf_error(const struct conf *conf, int i)
{
    CHECK(i >= 0 && i < conf->errors);
    return conf->error[i];
}
