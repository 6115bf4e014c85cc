/* SPDX-License-Identifier: MIT */
/* Parts of the results file: results_trials.c has the results, results_run.c says
 * where they came from, results_health.c whether the search was one. */
#ifndef RUN_RESULTS_PARTS_H
#define RUN_RESULTS_PARTS_H

#include "base/h5.h"
#include "run/results.h"

/** Attributes of the file, /README. */
MUST_CHECK enum err results_root(struct h5 *h, const struct results *s);

/** /run/... */
MUST_CHECK enum err results_run(struct h5 *h, const struct results *s,
                                const struct driver *d, const char *status);

/** /timing/..., usage[ranks]. */
MUST_CHECK enum err results_timing(struct h5 *h, const struct results *s,
                                   const struct usage *usage);

/** /health/... */
MUST_CHECK enum err results_health(struct h5 *h, const struct driver *d);

/** A column is a field of the rows of an array of structs. */
struct column {
    const char *path;
    enum h5_type type; /* of the field; H5_INT64 or H5_DOUBLE */
    size_t offset;
    const char *units, *description;
};

/** Rows of a list of structs. */
struct slice {
    size_t all, first, rows; /* so many of `all`, from `first` on */
    const void *list;        /* [rows] */
};

/** Make `count` columns of n rows, then write parts of them, the structs of which
 * have `size` bytes each. */
MUST_CHECK enum err results_columns_make(struct h5 *h, const struct column *c,
                                         size_t count, size_t n);
MUST_CHECK enum err results_columns_write(struct h5 *h, const struct column *c,
                                          size_t count, const struct slice *p,
                                          size_t size);

/** /trials/..., /trials_options. */
MUST_CHECK enum err results_trials(struct h5 *h, const struct results *s,
                                   const struct driver *d);

/** /progress/... */
MUST_CHECK enum err results_rows(struct h5 *h, const struct results *s);

/** /critic/..., if the method has one. */
MUST_CHECK enum err results_critic(struct h5 *h, const struct driver *d);

/** One number. */
MUST_CHECK enum err results_real(struct h5 *h, const char *path, double x,
                                 const char *units, const char *description);

#endif
