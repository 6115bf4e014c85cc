/* SPDX-License-Identifier: MIT */
/* Two sections with rows of every type. */
#ifndef CONF_SECTIONS_H
#define CONF_SECTIONS_H

#include <math.h>
#include <stdint.h>

#include "base/conf.h"

/* clang-format off */
#define PPO_SETTINGS(X)                                                        \
    X(INT,    batch,  "16",     1, 4096,     "architectures", "A round")   \
    X(REAL,   rate,   "1e-05",  0, 1,        "1", "Step")                      \
    X(REAL,   limit,  "inf",    0, HUGE_VAL, "s", "Time")                      \
    X(BOOL,   greedy, "false",  0, 0,        "",  "Take the best")             \
    X(CHOICE, update, "clip",   0, 0,        "clip|plain|penalty", "Kind") \
    X(INTS,   layers, "8 16",   1, 64,       "units", "Widths")                \
    X(INTS,   none,   "",       INT32_MIN, INT32_MAX, "", "Whatever")

#define FILE_SETTINGS(X)                                                       \
    X(TEXT,   name,   "run",    1, 8,    "", "Name of the run. Ends here.")    \
    X(TEXT,   note,   "",       0, 0,    "", "Anything")                       \
    X(TEXTS,  files,  "a, b c", 0, 0,    "",                                   \
      "A long help text that has to be wrapped because it is wider than the "  \
      "eighty columns that a line of the printed file may have at most")
/* clang-format on */

struct ppo_conf {
    PPO_SETTINGS(CONF_FIELD)
};

struct file_conf {
    FILE_SETTINGS(CONF_FIELD)
};

static const struct conf_section ppo_section, file_section;

static void check_ppo(struct conf *conf, const void *values)
{
    const struct ppo_conf *c = values;

    if (c->batch % 2 != 0)
        conf_complain(conf, &ppo_section, "batch", "%d is odd", c->batch);
    if (c->greedy)
        conf_complain(conf, &ppo_section, "rate", "no use if greedy");
}

#define conf_struct ppo_struct
CONF_ROWS(ppo_rows, struct ppo_conf, PPO_SETTINGS)
#undef conf_struct
#define conf_struct file_struct
CONF_ROWS(file_rows, struct file_conf, FILE_SETTINGS)
#undef conf_struct

static const struct conf_section ppo_section = {
    .name = "ppo",
    .help = "Proximal policy optimisation.",
    .bytes = sizeof(struct ppo_conf),
    .count = CONF_COUNT(ppo_rows),
    .rows = ppo_rows,
    .check = check_ppo,
};

static const struct conf_section file_section = {
    .name = "file",
    .help = "Files",
    .bytes = sizeof(struct file_conf),
    .count = CONF_COUNT(file_rows),
    .rows = file_rows,
};

static inline struct conf *make(void)
{
    const struct conf_section *sections[] = {&ppo_section, &file_section};

    return conf_new(sections, 2);
}

/* Set section.key; the row must exist. */
static inline void set(struct conf *conf, const struct conf_section *s,
                       const char *name, const char *text)
{
    conf_set(conf, s, conf_find_row(s, name), text, "in.cfg", 7);
}

#endif
