/* SPDX-License-Identifier: MIT */
/* The only user of libconfig: its tree of settings is walked once, each value
 * turned into text and handed to conf_set. */
#include "run/input.h"

#include <libconfig.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/conf_value.h"
#include "base/mem.h"
#include "run/input_text.h"

/* A setting in the file, and the row it is meant for. */
struct entry {
    struct conf *conf;
    const struct conf_section *s;
    const struct conf_row *row;
    const config_setting_t *value;
    struct input_place at;
};

static const char *kind(const config_setting_t *value)
{
    switch (config_setting_type(value)) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        return "an integer";
    case CONFIG_TYPE_FLOAT:
        return "a real number";
    case CONFIG_TYPE_BOOL:
        return "a truth value";
    case CONFIG_TYPE_STRING:
        return "a text";
    case CONFIG_TYPE_GROUP:
        return "a section";
    default:
        return "a list";
    }
}

static bool is_integer(const config_setting_t *value)
{
    int type = config_setting_type(value);

    return type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;
}

static bool is_string(const config_setting_t *value)
{
    return config_setting_type(value) == CONFIG_TYPE_STRING;
}

static void reject(const struct entry *e, const char *what)
{
    conf_reject(e->conf, e->s, e->row, e->at.file, e->at.line, "%s", what);
}

static void set(const struct entry *e, const char *text)
{
    conf_set(e->conf, e->s, e->row, text, e->at.file, e->at.line);
}

static void set_number(const struct entry *e)
{
    char text[32];

    if (is_integer(e->value))
        (void)snprintf(text, sizeof text, "%lld",
                       config_setting_get_int64(e->value));
    else if (isinf(config_setting_get_float(e->value)))
        (void)snprintf(text, sizeof text, "%g",
                       config_setting_get_float(e->value));
    else
        conf_shortest(text, config_setting_get_float(e->value));
    set(e, text);
}

static void reject_item(const struct entry *e, int i, const char *what)
{
    conf_reject(e->conf, e->s, e->row, e->at.file, e->at.line, "item %d: %s",
                i + 1, what);
}

/* Can this item stand in the text form of its list? */
static bool good_item(const struct entry *e, int i)
{
    const config_setting_t *item =
        config_setting_get_elem(e->value, (unsigned int)i);
    bool texts = e->row->type == CONF_TEXTS;

    if (!(texts ? is_string(item) : is_integer(item)))
        conf_reject(e->conf, e->s, e->row, e->at.file, e->at.line,
                    "item %d is %s", i + 1, kind(item));
    else if (texts && config_setting_get_string(item)[0] == '\0')
        reject_item(e, i, "the text is empty");
    else if (texts && strchr(config_setting_get_string(item), '\n'))
        reject_item(e, i, "the text has a line break");
    else
        return true;
    return false;
}

static void write_item(FILE *out, const config_setting_t *list, int i)
{
    const config_setting_t *item =
        config_setting_get_elem(list, (unsigned int)i);

    if (is_string(item))
        (void)fprintf(out, "%s%s", i ? "\n" : "",
                      config_setting_get_string(item));
    else
        (void)fprintf(out, "%s%lld", i ? " " : "",
                      config_setting_get_int64(item));
}

static void set_list(const struct entry *e)
{
    int count = config_setting_length(e->value);
    struct conf_draft draft;
    char *text;

    for (int i = 0; i < count; i++)
        if (!good_item(e, i))
            return;
    conf_draft_open(&draft);
    for (int i = 0; i < count; i++)
        write_item(draft.stream, e->value, i);
    text = conf_draft_take(&draft);
    set(e, text);
    mem_free(text);
}

/* A text alone is a list of one. */
static void set_only(const struct entry *e)
{
    const char *text = config_setting_get_string(e->value);

    if (strchr(text, '\n'))
        reject(e, "the text has a line break");
    else
        set(e, text);
}

static void reject_kind(const struct entry *e)
{
    bool list = e->row->type == CONF_INTS || e->row->type == CONF_TEXTS;
    bool group = config_setting_is_group(e->value);

    conf_reject(e->conf, e->s, e->row, e->at.file, e->at.line, "%s is given%s",
                kind(e->value), list && !group ? ", not a list in [ ]" : "");
}

static void set_value(const struct entry *e)
{
    int type = config_setting_type(e->value);
    bool list = type == CONFIG_TYPE_ARRAY || type == CONFIG_TYPE_LIST;
    enum conf_type wanted = e->row->type;

    if (wanted == CONF_INT && is_integer(e->value))
        set_number(e);
    else if (wanted == CONF_REAL &&
             (is_integer(e->value) || type == CONFIG_TYPE_FLOAT))
        set_number(e);
    else if (wanted == CONF_BOOL && type == CONFIG_TYPE_BOOL)
        set(e, config_setting_get_bool(e->value) ? "true" : "false");
    else if ((wanted == CONF_TEXT || wanted == CONF_CHOICE) &&
             is_string(e->value))
        set(e, config_setting_get_string(e->value));
    else if ((wanted == CONF_INTS || wanted == CONF_TEXTS) && list)
        set_list(e);
    else if (wanted == CONF_TEXTS && is_string(e->value))
        set_only(e);
    else
        reject_kind(e);
}

/* A value where a section belongs. */
static void outside(struct conf *conf, struct input_place at,
                    const config_setting_t *value)
{
    const char *name = config_setting_name(value);

    if (conf_find(conf, name))
        conf_complain_at(conf, at.file, at.line,
                         "%s: %s is given; a section, %s = { ... }, is allowed",
                         name, kind(value), name);
    else
        conf_unknown(conf, NULL, name, at.file, at.line);
}

static void read_section(struct conf *conf, const struct input_text *text,
                         const config_setting_t *group)
{
    const struct conf_section *s = conf_find(conf, config_setting_name(group));

    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *value =
            config_setting_get_elem(group, (unsigned int)i);
        const char *name = config_setting_name(value);
        struct input_place at =
            input_text_place(text, (int)config_setting_source_line(value));
        const struct conf_row *row = conf_find_row(s, name);

        if (row)
            set_value(&(struct entry){conf, s, row, value, at});
        else
            conf_unknown(conf, s, name, at.file, at.line);
    }
}

static void read_root(struct conf *conf, const struct input_text *text,
                      const config_setting_t *root)
{
    for (int i = 0; i < config_setting_length(root); i++) {
        const config_setting_t *group =
            config_setting_get_elem(root, (unsigned int)i);
        const char *name = config_setting_name(group);
        struct input_place at =
            input_text_place(text, (int)config_setting_source_line(group));

        if (!config_setting_is_group(group))
            outside(conf, at, group);
        else if (!conf_find(conf, name))
            conf_unknown(conf, NULL, name, at.file, at.line);
        else
            read_section(conf, text, group);
    }
}

static bool parse(config_t *tree, const char *text)
{
    /* fmemopen takes a pointer to what may be written; "r" does not. */
    char *copy = mem_text(text);
    FILE *file = fmemopen(copy, strlen(copy), "r");
    bool good;

    CHECK(file != NULL);
    good = config_read(tree, file) == CONFIG_TRUE;
    (void)fclose(file);
    mem_free(copy);
    return good;
}

/* The parser's error in words of an input file. */
static const char *explain(const char *error)
{
    if (strcmp(error, "duplicate setting name") == 0)
        return "a section or setting of this name was given before";
    if (strcmp(error, "mismatched element type in array") == 0)
        return "the items of a list in [ ] are not of one type";
    return error;
}

static bool parse_and_read(struct conf *conf, const struct input_text *text)
{
    config_t tree;
    bool good;

    config_init(&tree);
    good = parse(&tree, text->s);
    if (good) {
        read_root(conf, text, config_root_setting(&tree));
    } else {
        struct input_place at =
            input_text_place(text, config_error_line(&tree));

        conf_complain_at(conf, at.file, at.line, "%s",
                         explain(config_error_text(&tree)));
    }
    config_destroy(&tree);
    return good;
}

static const char *last_error(const struct conf *conf)
{
    return conf_error(conf, conf_errors(conf) - 1);
}

enum err input_read(struct conf *conf, const char *path)
{
    struct input_text text;
    bool good =
        input_text_read(&text, conf, path) && parse_and_read(conf, &text);

    input_text_free(&text);
    return good ? ERR_NONE : ERR(ERR_INPUT, "%s", last_error(conf));
}

/* Give a --set value to libconfig as the only setting of a text. */
static void parse_value(struct entry *e, const char *value)
{
    struct conf_draft draft;
    char *assignment;
    struct input_text text;
    config_t tree;

    conf_draft_open(&draft);
    (void)fprintf(draft.stream, "value = %s", value);
    assignment = conf_draft_take(&draft);
    input_text_take(&text, assignment);
    config_init(&tree);
    if (parse(&tree, text.s) &&
        config_setting_length(config_root_setting(&tree)) == 1) {
        e->value = config_setting_get_elem(config_root_setting(&tree), 0);
        set_value(e);
    } else {
        conf_reject(e->conf, e->s, e->row, e->at.file, 0, "%s is not a value",
                    conf_quote(value).s);
    }
    config_destroy(&tree);
    input_text_free(&text);
    mem_free(assignment);
}

/* A text without quotes, which the command line takes. */
static bool is_bare(const struct entry *e, const char *value)
{
    enum conf_type type = e->row->type;

    if (type == CONF_TEXTS)
        return *value != '\0' && !strchr("\"[(", *value) &&
               !strchr(value, '\n');
    return (type == CONF_TEXT || type == CONF_CHOICE) && *value != '"';
}

static void set_option(struct entry *e, const char *value)
{
    if (is_bare(e, value))
        set(e, value);
    else if (*value == '\0')
        reject(e, "no value is given");
    else if (strchr(value, '\n'))
        reject(e, "a line break is given");
    else
        parse_value(e, value);
}

static void set_named(struct conf *conf, const char *section, const char *name,
                      const char *value)
{
    struct entry e = {.conf = conf, .at = {"--set", 0}};

    e.s = conf_find(conf, section);
    if (!e.s) {
        conf_unknown(conf, NULL, section, e.at.file, e.at.line);
        return;
    }
    e.row = conf_find_row(e.s, name);
    if (e.row)
        set_option(&e, value);
    else
        conf_unknown(conf, e.s, name, e.at.file, e.at.line);
}

/* Cut the blanks off both ends, in place. */
static char *trimmed(char *text)
{
    size_t n;

    text += strspn(text, " \t");
    n = strlen(text);
    while (n > 0 && strchr(" \t", text[n - 1]))
        n--;
    text[n] = '\0';
    return text;
}

enum err input_set(struct conf *conf, const char *assignment)
{
    char *copy = mem_text(assignment), *equal = strchr(copy, '='), *dot = NULL;

    if (equal) {
        *equal = '\0';
        dot = strchr(copy, '.');
    }
    if (dot) {
        *dot = '\0';
        set_named(conf, trimmed(copy), trimmed(dot + 1), trimmed(equal + 1));
    } else {
        conf_complain_at(conf, "--set", 0, "%s is not section.key=value",
                         conf_quote(assignment).s);
    }
    mem_free(copy);
    return dot ? ERR_NONE : ERR(ERR_USAGE, "%s", last_error(conf));
}

enum err input_report(const struct conf *conf)
{
    int errors = conf_errors(conf);

    for (int i = 0; i < errors; i++)
        (void)fprintf(stderr, "%s\n", conf_error(conf, i));
    if (errors == 0)
        return ERR_NONE;
    return ERR(ERR_INPUT, "%d error%s in the input", errors,
               errors == 1 ? "" : "s");
}
