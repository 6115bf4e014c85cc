/* SPDX-License-Identifier: MIT */
/* Parts of the results file: results_run.c says where the results came from. */
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

/** /critic/..., if the method has one. */
MUST_CHECK enum err results_critic(struct h5 *h, const struct driver *d);

/** One number. */
MUST_CHECK enum err results_real(struct h5 *h, const char *path, double x,
                                 const char *units, const char *description);

#endif
