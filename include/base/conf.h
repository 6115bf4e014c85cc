/* SPDX-License-Identifier: MIT */
/* Settings: every module declares its own, one table results.
 *
 * A module lists its settings once, as an X-macro; the list gives the fields of
 * its struct and the rows of its section:
 *
 *     #define PPO_SETTINGS(X)                                              \
 *         X(INT, batch, "16", 1, 4096, "architectures", "Size of a round")  \
 *         X(CHOICE, update, "clip", 0, 0, "clip|plain", "Surrogate")
 *     struct ppo_conf { PPO_SETTINGS(CONF_FIELD) };
 *     extern const struct conf_section ppo_section;
 *
 * and in the .c file
 *
 *     CONF_ROWS(rows, struct ppo_conf, PPO_SETTINGS)
 *     const struct conf_section ppo_section = {...};
 *
 * Columns: type, name, default (text), smallest and largest value, unit (for
 * CHOICE the alternatives; "" or "1" if none), help.  A list's default is its
 * items separated by blanks (INTS) or commas (TEXTS); its range holds for each
 * item.  The range of a TEXT is that of its length, 0, 0 if any will do; that
 * of a REAL may be infinite (HUGE_VAL; INFINITY is a float).
 *
 * Parsing an input file is run/input; here is what it fills. All Local. */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"

enum { CONF_TEXT_MAX = 1024, CONF_LIST_MAX = 64, CONF_NAME_MAX = 64 };

struct conf_text {
    char s[CONF_TEXT_MAX];
};

struct conf_ints {
    int count;
    int value[CONF_LIST_MAX];
};

struct conf_texts {
    int count;
    struct conf_text value[CONF_LIST_MAX];
};

enum conf_type {
    CONF_INT,
    CONF_REAL,
    CONF_BOOL,
    CONF_TEXT,
    CONF_CHOICE,
    CONF_INTS,
    CONF_TEXTS
};

#define CONF_C_INT    int
#define CONF_C_REAL   double
#define CONF_C_BOOL   bool
#define CONF_C_TEXT   struct conf_text
#define CONF_C_CHOICE struct conf_text
#define CONF_C_INTS   struct conf_ints
#define CONF_C_TEXTS  struct conf_texts

#define CONF_FIELD(type, name, ...) CONF_C_##type name;

struct conf_row {
    const char *name;
    enum conf_type type;
    size_t offset; /* of the field in the module's struct, bytes */
    const char *standard;
    double min, max;
    const char *unit; /* CHOICE: "this|that" */
    const char *help;
};

/* The rows of a section; the struct's name is bound by a local typedef. */
#define CONF_ROW(type, name, standard, min, max, unit, help)                   \
    {#name, CONF_##type, offsetof(conf_struct, name), standard, min, max,      \
     unit,  help},
#define CONF_ROWS(table, type, LIST)                                           \
    typedef type conf_struct;                                                  \
    static const struct conf_row table[] = {LIST(CONF_ROW)};
#define CONF_COUNT(table) ((int)(sizeof(table) / sizeof(table)[0]))

struct conf;

struct conf_section {
    const char *name; /* "ppo" */
    const char *help; /* one sentence */
    size_t bytes;     /* of the module's struct */
    int count;
    const struct conf_row *rows;

    /** Rules between settings: call conf_complain for each one broken.
     * NULL if there are none. */
    void (*check)(struct conf *conf, const void *values);
};

/** Settings at their defaults. The sections are borrowed and outlive it, the
 * array of them need not. A default that does not fit ends the program. */
struct conf *conf_new(const struct conf_section *const *sections, int count);
void conf_free(struct conf *conf);

/** A section's values: `const struct ppo_conf *c = conf_of(f, &ppo_section)`.
 * The section must be one of those given to conf_new. */
const void *conf_of(const struct conf *conf, const struct conf_section *s);

/** The i-th section; NULL after the last. */
const struct conf_section *conf_section_at(const struct conf *conf, int i);

/** Find a section, or a row of it; NULL if there is none of that name. */
const struct conf_section *conf_find(const struct conf *conf, const char *name);
const struct conf_row *conf_find_row(const struct conf_section *s,
                                     const char *name);

/** The name most like `name` among sections (s == NULL) or rows of s, or NULL
 * if none is near (at most a third of the letters differ). */
const char *conf_nearest(const struct conf *conf, const struct conf_section *s,
                         const char *name);

/** Set a value from its text form: a number, true/false, a word, or the items
 * of a list (INTS: blanks; TEXTS: newlines between them).  file and line say
 * where it came from ("--set", 0 for the command line); `file` is copied.
 * An item of TEXTS is not empty; no text holds a control character.  A value
 * that does not fit is a complaint, and the old value stays. */
void conf_set(struct conf *conf, const struct conf_section *s,
              const struct conf_row *row, const char *text, const char *file,
              int line);

/** Note that what was given is no value of the row's type: "file:line:
 * section.key: message; what is allowed". */
void conf_reject(struct conf *conf, const struct conf_section *s,
                 const struct conf_row *row, const char *file, int line,
                 const char *format, ...) PRINTF_LIKE(6, 7);

/** Was the value set by the user (not left at its default)? */
bool conf_is_set(const struct conf *conf, const struct conf_section *s,
                 const char *row_name);

/** Note an error: "file:line: section.key: message".  The place is where the
 * value was set, or "default". */
void conf_complain(struct conf *conf, const struct conf_section *s,
                   const char *row_name, const char *format, ...)
    PRINTF_LIKE(4, 5);

/** Note an error of the file itself, such as an unknown key; line 0 if it has
 * none. */
void conf_complain_at(struct conf *conf, const char *file, int line,
                      const char *format, ...) PRINTF_LIKE(4, 5);

/** Note a name that is no section (s == NULL) or no row of s, with the name
 * that was likely meant. */
void conf_unknown(struct conf *conf, const struct conf_section *s,
                  const char *name, const char *file, int line);

/** Run every section's check, once all values are set. */
void conf_check(struct conf *conf);

/** Errors so far, and the text of the i-th. */
int conf_errors(const struct conf *conf);
const char *conf_error(const struct conf *conf, int i);

/** Write all settings as a valid input file; with the help, range and default
 * of each as comments if `commented`. The caller frees the text (mem_free). */
char *conf_print(const struct conf *conf, bool commented);

/** One section of it, without comments. */
char *conf_print_section(const struct conf *conf, const struct conf_section *s);

#endif
