/* SPDX-License-Identifier: MIT */
/* The command line. Local, without MPI. */
#ifndef RUN_ARGS_H
#define RUN_ARGS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/log.h"

enum args_mode {
    ARGS_RUN,
    ARGS_HELP,
    ARGS_VERSION,
    ARGS_DEFAULTS, /* print a complete input file */
    ARGS_CHECK,    /* input, data and space only */
    ARGS_STATUS    /* is the run of that name complete? */
};

enum { ARGS_SETS_MAX = 256 };

struct args {
    enum args_mode mode;
    const char *input; /* the input file, or the run's name; NULL if none was
                          given */
    int sets;
    const char *set[ARGS_SETS_MAX]; /* "section.key=value" */
    bool force, restart;
    enum log_level level;
};

/** Read the command line; texts are borrowed from argv. ERR_USAGE. */
MUST_CHECK enum err args_read(struct args *a, int argc, char **argv);

/** The command line as one text; the caller frees it (mem_free). */
char *args_join(int argc, char **argv);

/** Print the help, or the versions, to standard output. */
void args_help(void);
void args_version(void);

#endif
