/* SPDX-License-Identifier: MIT */
/* What earlier runs found out, in the decisions of this space.
 *
 * An earlier run may have searched another task, or a space of other widths or
 * depths.  A decision is known by its name, an option by its label: a result
 * fits if each decision of this space has, in it, an option that this space has
 * too.  What the earlier space decided beyond that is ignored.  All that does
 * not fit is counted and told of. Rank 0 only. */
#ifndef SEARCH_TRANSFER_H
#define SEARCH_TRANSFER_H

#include <stdbool.h>

#include "base/conf.h"
#include "base/err.h"
#include "space/space.h"

#define TRANSFER_SETTINGS(X)                                                   \
    X(TEXTS, from, "", 0, 0, "",                                               \
      "Results files of earlier runs, of this task or another: their results " \
      "are where the critic and the replay of search.method = \"fnas\" start " \
      "from, and NAME.pool.h5 beside one where the knowledge pool does")

struct transfer_conf {
    TRANSFER_SETTINGS(CONF_FIELD)
};

extern const struct conf_section transfer_section;

/** The results of one earlier run that have an accuracy and fit. */
struct earlier {
    const char *path; /* borrowed from the settings */
    bool same;        /* the same task, by its fingerprint */
    int count;
    struct arch *arch; /* [count] */
    double *accuracy;  /* [count] 0..1 */
    double *reward;    /* [count] */
    double *age;       /* [count] epochs that inherited weights were trained */
    int strange;       /* results with an option that this space lacks */
    char missing[256]; /* decisions of this space that the earlier one lacks;
                          if there are any, nothing fits */
    char ignored[256]; /* decisions of the earlier space that this one lacks */
};

struct transfer {
    int count;
    struct earlier *runs; /* [count] */
};

/** Read the files that the settings name.
 * @param task  fingerprint of this run's task, as results files store it
 * ERR_IO: a file cannot be read; ERR_DATA: it is not a results file. */
MUST_CHECK enum err transfer_open(struct transfer *t, const struct conf *conf,
                                  const struct space *space, const char *task);
void transfer_close(struct transfer *t);

/** One line for each file, and one for each thing that does not fit. */
void transfer_print(const struct transfer *t);

#endif
