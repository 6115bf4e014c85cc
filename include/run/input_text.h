/* SPDX-License-Identifier: MIT */
/* The text of an input file, made safe for the parser.
 *
 * Included files are put in here and not by libconfig, which ends the program
 * when asked to include a folder.  Integers are given the suffix L, because
 * libconfig cuts those too large for an int without a word.  All Local. */
#ifndef RUN_INPUT_TEXT_H
#define RUN_INPUT_TEXT_H

#include <stdbool.h>

#include "base/conf.h"
#include "base/conf_value.h"

enum { INPUT_BYTES_MAX = 1 << 20, INPUT_DEPTH_MAX = 10 };

struct input_place {
    const char *file;
    int line;
};

struct input_text {
    char *s;                   /* what to parse; NULL before the end */
    struct input_place *lines; /* origin of each line of s */
    int count, room;
    char **files; /* owned names, for lines[].file */
    int file_count;
    size_t bytes; /* read so far, of all files */
    struct conf_draft draft;
};

/** Read a file and all it includes. False if that cannot be done; it is noted
 * in conf then.  input_text_free in either case. */
bool input_text_read(struct input_text *t, struct conf *conf, const char *path);

/** Take a text that is not in a file; it includes nothing. */
void input_text_take(struct input_text *t, const char *text);

void input_text_free(struct input_text *t);

/** Where line `line` (from 1) of s came from. */
struct input_place input_text_place(const struct input_text *t, int line);

#endif
