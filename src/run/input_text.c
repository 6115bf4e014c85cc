/* SPDX-License-Identifier: MIT */
/* Line by line: comments and strings are copied, integers marked, includes
 * replaced by what they name. */
#include "run/input_text.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/mem.h"

enum state { CODE, STRING, COMMENT };

struct reader {
    struct input_text *to;
    struct conf *conf;
    const char *path;
    int line, depth;
    enum state state;
    int opened; /* line where the string or comment starts */
};

static bool read_file(struct input_text *t, struct conf *conf, const char *path,
                      struct input_place from, int depth);

/* An integer that no parser variable holds becomes a real number. */
static void copy_large(FILE *out, const char *digits)
{
    double x = strtod(digits, NULL);

    if (isinf(x))
        (void)fputs(x > 0 ? "1e999" : "-1e999", out);
    else
        (void)fprintf(out, "%.17e", x);
}

static const char *copy_integer(FILE *out, const char *p, int base)
{
    char *end;

    errno = 0;
    (void)strtoll(p, &end, base);
    if (errno == ERANGE)
        copy_large(out, p);
    else
        (void)fprintf(out, "%.*sL", (int)(end - p), p);
    for (int i = 0; i < 2 && *end == 'L'; i++)
        end++;
    return end;
}

static bool starts_hex(const char *p)
{
    return p[0] == '0' && (p[1] == 'x' || p[1] == 'X') &&
           isxdigit((unsigned char)p[2]);
}

/* The end of the decimal number at p; p if there is none. */
static const char *decimal_end(const char *p)
{
    const char *digits = p + (*p == '+' || *p == '-');
    char *end;

    if (starts_hex(digits) ||
        (*digits != '.' && !isdigit((unsigned char)*digits)))
        return p;
    (void)strtod(p, &end);
    return end;
}

static const char *copy_number(FILE *out, const char *p)
{
    const char *end = decimal_end(p);
    size_t sign = *p == '+' || *p == '-';

    if (starts_hex(p))
        return copy_integer(out, p, 16);
    if (end > p && p + sign + strspn(p + sign, "0123456789") == end)
        return copy_integer(out, p, 10);
    if (end == p)
        end++;
    (void)fprintf(out, "%.*s", (int)(end - p), p);
    return end;
}

static bool in_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '*';
}

static const char *copy_name(FILE *out, const char *p)
{
    for (; in_name(*p); p++)
        (void)fputc(*p, out);
    return p;
}

static void enter(struct reader *r, enum state state)
{
    r->state = state;
    r->opened = r->line;
}

static const char *copy_code(struct reader *r, const char *p, const char *end)
{
    FILE *out = r->to->draft.stream;

    if (isdigit((unsigned char)*p) || *p == '+' || *p == '-' || *p == '.')
        return copy_number(out, p);
    if (isalpha((unsigned char)*p) || *p == '*')
        return copy_name(out, p);
    if (*p == '#' || (p[0] == '/' && p[1] == '/'))
        return end;
    if (*p == '"')
        enter(r, STRING);
    if (p[0] == '/' && p[1] == '*') {
        enter(r, COMMENT);
        (void)fputc(*p++, out);
    }
    (void)fputc(*p++, out);
    return p;
}

static const char *copy_string(struct reader *r, const char *p, const char *end)
{
    FILE *out = r->to->draft.stream;

    if (*p == '"')
        r->state = CODE;
    if (*p == '\\' && p + 1 < end)
        (void)fputc(*p++, out);
    (void)fputc(*p++, out);
    return p;
}

static const char *copy_comment(struct reader *r, const char *p)
{
    FILE *out = r->to->draft.stream;

    if (p[0] == '*' && p[1] == '/') {
        r->state = CODE;
        (void)fputc(*p++, out);
    }
    (void)fputc(*p++, out);
    return p;
}

static void add_line(struct input_text *t, struct input_place place)
{
    if (t->count == t->room) {
        int room = t->room ? 2 * t->room : 64;

        t->lines = mem_resize(t->lines, (size_t)t->room, (size_t)room,
                              sizeof t->lines[0]);
        t->room = room;
    }
    t->lines[t->count++] = place;
}

static void copy_line(struct reader *r, const char *p, const char *end)
{
    add_line(r->to, (struct input_place){r->path, r->line});
    while (p < end) {
        if (r->state == STRING)
            p = copy_string(r, p, end);
        else if (r->state == COMMENT)
            p = copy_comment(r, p);
        else
            p = copy_code(r, p, end);
    }
    (void)fputc('\n', r->to->draft.stream);
}

/* The quoted name after @include; NULL if the line is no include. */
static const char *include_name(const struct reader *r, const char *p)
{
    static const char word[] = "@include";
    size_t blanks;

    p += strspn(p, " \t");
    if (r->state != CODE || strncmp(p, word, sizeof word - 1) != 0)
        return NULL;
    p += sizeof word - 1;
    blanks = strspn(p, " \t");
    return blanks > 0 && p[blanks] == '"' ? p + blanks + 1 : NULL;
}

/* A name relative to the folder of the file it stands in. */
static char *beside(const char *path, const char *name, size_t length)
{
    const char *slash = strrchr(path, '/');
    size_t folder = slash && *name != '/' ? (size_t)(slash - path) + 1 : 0;
    char *full = MEM_NEW(char, folder + length + 1);

    memcpy(full, path, folder);
    memcpy(full + folder, name, length);
    return full;
}

static const char *keep_name(struct input_text *t, char *name)
{
    size_t n = (size_t)t->file_count;

    t->files = mem_resize(t->files, n, n + 1, sizeof t->files[0]);
    return t->files[t->file_count++] = name;
}

/* Put an included file in; *p moves behind its name. */
static bool include(const struct reader *r, const char **p, const char *name,
                    const char *end)
{
    size_t length = strcspn(name, "\"\n");
    struct input_place from = {r->path, r->line};

    if (name + length >= end) {
        conf_complain_at(r->conf, r->path, r->line,
                         "the name of the included file does not end");
        return false;
    }
    *p = name + length + 1;
    return read_file(r->to, r->conf,
                     keep_name(r->to, beside(r->path, name, length)), from,
                     r->depth + 1);
}

static bool unfinished(const struct reader *r)
{
    if (r->state == CODE)
        return false;
    conf_complain_at(r->conf, r->path, r->opened,
                     "the %s that starts here does not end",
                     r->state == STRING ? "text" : "comment");
    return true;
}

static bool copy_lines(struct reader *r, const char *p)
{
    while (*p) {
        const char *end = p + strcspn(p, "\n"), *name;

        while ((name = include_name(r, p)))
            if (!include(r, &p, name, end))
                return false;
        copy_line(r, p, end);
        p = end + (*end != '\0');
        r->line++;
    }
    return true;
}

static bool refuse(struct conf *conf, const char *path, struct input_place from,
                   const char *why)
{
    if (from.file)
        conf_complain_at(conf, from.file, from.line, "%s: %s", path, why);
    else
        conf_complain_at(conf, path, 0, "%s", why);
    return false;
}

/* Why the file cannot be an input; NULL if it can. */
static const char *obstacle(const char *path, size_t *size)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return strerror(errno);
    if (S_ISDIR(status.st_mode))
        return "is a folder";
    if (!S_ISREG(status.st_mode))
        return "is not a regular file";
    if (status.st_size == 0)
        return "is empty";
    *size = (size_t)status.st_size;
    return status.st_size > INPUT_BYTES_MAX ? "is larger than 1 MiB" : NULL;
}

/* All of a file as text; NULL and why if it cannot be read. */
static char *load(const char *path, size_t *bytes, const char **why)
{
    size_t size = 0;
    FILE *file = NULL;
    char *text;

    *why = obstacle(path, &size);
    if (!*why && !(file = fopen(path, "r")))
        *why = strerror(errno);
    if (*why)
        return NULL;
    text = MEM_NEW(char, size + 1);
    *bytes = fread(text, 1, size, file);
    if (ferror(file)) {
        *why = strerror(errno);
        mem_free(text);
        text = NULL;
    }
    (void)fclose(file);
    return text;
}

/* The first line with a byte no text has; 0 if there is none. */
static int binary_line(const char *text, size_t bytes)
{
    int line = 1;

    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c < ' ' && !strchr("\t\n\r\f", c))
            return line;
        if (c == '\0' || c == 0x7f)
            return line;
        line += c == '\n';
    }
    return 0;
}

static bool copy_text(struct reader *r, const char *text, size_t bytes)
{
    static const char mark[] = "\xef\xbb\xbf"; /* byte order mark */
    int line = binary_line(text, bytes);

    if (line > 0) {
        conf_complain_at(r->conf, r->path, line, "is not a text file");
        return false;
    }
    if (strncmp(text, mark, sizeof mark - 1) == 0)
        text += sizeof mark - 1;
    return copy_lines(r, text) && !unfinished(r);
}

static bool read_file(struct input_text *t, struct conf *conf, const char *path,
                      struct input_place from, int depth)
{
    struct reader r = {t, conf, path, 1, depth, CODE, 0};
    const char *why;
    size_t bytes = 0;
    char *text;
    bool good;

    if (depth > INPUT_DEPTH_MAX)
        return refuse(conf, path, from,
                      "is included too deep; does it include itself?");
    text = load(path, &bytes, &why);
    if (!text)
        return refuse(conf, path, from, why);
    t->bytes += bytes;
    good = t->bytes <= INPUT_BYTES_MAX
               ? copy_text(&r, text, bytes)
               : refuse(conf, path, from, "makes the input larger than 1 MiB");
    mem_free(text);
    return good;
}

bool input_text_read(struct input_text *t, struct conf *conf, const char *path)
{
    bool good;

    *t = (struct input_text){0};
    conf_draft_open(&t->draft);
    good = read_file(t, conf, keep_name(t, mem_text(path)),
                     (struct input_place){0}, 1);
    t->s = conf_draft_take(&t->draft);
    return good;
}

void input_text_take(struct input_text *t, const char *text)
{
    struct reader r = {.to = t, .path = "", .line = 1};

    *t = (struct input_text){0};
    conf_draft_open(&t->draft);
    copy_line(&r, text, text + strlen(text));
    t->s = conf_draft_take(&t->draft);
}

void input_text_free(struct input_text *t)
{
    for (int i = 0; i < t->file_count; i++)
        mem_free(t->files[i]);
    mem_free(t->files);
    mem_free(t->lines);
    mem_free(t->s);
    *t = (struct input_text){0};
}

struct input_place input_text_place(const struct input_text *t, int line)
{
    CHECK(t->count > 0);
    if (line > t->count)
        line = t->count;
    return t->lines[line > 0 ? line - 1 : 0];
}
