/* SPDX-License-Identifier: MIT */
/* What a search had cost when it had found how much: one account for all
 * methods, read from a results file.
 *
 * Paid for is what was really evaluated, whatever became of it.  A trial answered
 * from an earlier one (`cached`) or by a prediction (`predicted`) costs nothing
 * and finds nothing. All Local. */
#ifndef TOOLS_LEDGER_H
#define TOOLS_LEDGER_H

#include "base/err.h"

/* clang-format off */
#define LEDGER_UNITS(X)                                             \
    X(ROLLOUTS, "rollouts", "real rollouts")                        \
    X(EPOCHS,   "epochs",   "child-epochs")                         \
    X(SECONDS,  "seconds",  "core-seconds")
/* clang-format on */

#define LEDGER_ENUM(name, key, text) LEDGER_##name,
enum ledger_unit { LEDGER_UNITS(LEDGER_ENUM) LEDGER_KINDS };

struct ledger {
    int n;                      /* real rollouts */
    double *cost[LEDGER_KINDS]; /* [n] up to and with each */
    double *best;               /* [n] highest reward so far; -inf: none yet */
};

/** Read NAME.h5 of a search. ERR_IO, ERR_DATA. */
MUST_CHECK enum err ledger_read(struct ledger *l, const char *path);
void ledger_free(struct ledger *l);

/** Cost at which the best reward first is `target`; infinite: never. */
double ledger_until(const struct ledger *l, enum ledger_unit u, double target);

/** Best reward once `cost` is spent; -inf if there is none. */
double ledger_best(const struct ledger *l, enum ledger_unit u, double cost);

/** All that was spent, and the best reward for it. */
double ledger_total(const struct ledger *l, enum ledger_unit u);
double ledger_end(const struct ledger *l);

/** "rollouts" and "real rollouts". */
const char *ledger_key(enum ledger_unit u);
const char *ledger_text(enum ledger_unit u);

#endif
