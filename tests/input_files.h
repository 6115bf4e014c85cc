/* SPDX-License-Identifier: MIT */
/* Sections with rows of every type, and a folder for input files. */
#ifndef INPUT_FILES_H
#define INPUT_FILES_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/conf.h"
#include "run/input.h"

/* clang-format off */
#define ALL_SETTINGS(X)                                                        \
    X(INT,    batch,  "16",    1, 4096,     "architectures", "A round")   \
    X(INT,    any,    "0",     INT32_MIN, INT32_MAX, "", "Any")                \
    X(REAL,   rate,   "0.5",   0, 1,        "1", "Step")                       \
    X(REAL,   limit,  "1.5",   -HUGE_VAL, HUGE_VAL, "s", "Time")               \
    X(BOOL,   greedy, "false", 0, 0,        "",  "Take the best")              \
    X(CHOICE, update, "clip",  0, 0,        "clip|plain", "Surrogate")         \
    X(TEXT,   name,   "run",   0, 0,        "",  "Name")                       \
    X(INTS,   layers, "8 16",  1, 64,       "units", "Widths")                 \
    X(TEXTS,  files,  "a,b",   0, 0,        "",  "Files")
/* clang-format on */

struct all_conf {
    ALL_SETTINGS(CONF_FIELD)
};

CONF_ROWS(all_rows, struct all_conf, ALL_SETTINGS)

static const struct conf_section ppo = {
    .name = "ppo",
    .help = "Everything.",
    .bytes = sizeof(struct all_conf),
    .count = CONF_COUNT(all_rows),
    .rows = all_rows,
};

static const struct conf_row other_rows[] = {
    {"trials", CONF_INT, 0, "7", 0, 100, "trials", "Trials"},
};

static const struct conf_section search = {
    .name = "search",
    .help = "Search.",
    .bytes = sizeof(int),
    .count = CONF_COUNT(other_rows),
    .rows = other_rows,
};

static inline struct conf *make(void)
{
    const struct conf_section *sections[] = {&ppo, &search};

    return conf_new(sections, 2);
}

static inline void write_bytes(const char *path, const char *s, size_t bytes)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(s, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

static inline void write_text(const char *path, const char *s)
{
    write_bytes(path, s, strlen(s));
}

/* Settings after reading this text as in.cfg; nothing may leak. */
static inline struct conf *read_as(const char *text)
{
    struct conf *conf = make();
    enum err e;

    write_text("in.cfg", text);
    err_clear();
    e = input_read(conf, "in.cfg");
    if (e != ERR_NONE) {
        assert_int_equal(e, ERR_INPUT);
        assert_string_equal(err_message(), conf_error(conf, 0));
    }
    return conf;
}

static inline void expect(const struct conf *conf, int i, const char *error)
{
    if (i < conf_errors(conf))
        assert_string_equal(conf_error(conf, i), error);
    else
        fail_msg("missing: %s", error);
}

#define BATCH  "; an integer of 1..4096 architectures (default 16)"
#define RATE   "; a number of 0..1 (default 0.5)"
#define GREEDY "; true or false (default false)"
#define UPDATE "; one of clip, plain (default clip)"
#define NAME   "; a text of at most 1023 characters (default \"run\")"
#define LAYERS "; a list of at most 64 integers of 1..64 units (default 8 16)"
#define FILES                                                                  \
    "; a list of at most 64 texts of at most 1023 characters (default a,b)"
#define TWICE "a section or setting of this name was given before"

static char test_folder[] = "test_input.XXXXXX";

static inline int enter_folder(void **state)
{
    (void)state;
    return mkdtemp(test_folder) ? chdir(test_folder) : -1;
}

static inline int remove_folder(void **state)
{
    static const char *const names[] = {
        "in.cfg",         "nul.cfg",    "large.cfg",
        "more.cfg",       "secret.cfg", "sub/deep/a.cfg",
        "sub/deep/c.cfg", "sub/deep",   "sub/b.cfg",
        "sub/main.cfg",   "sub",        "report.txt",
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        (void)remove(names[i]);
    return chdir("..") == 0 ? rmdir(test_folder) : -1;
}

#endif
