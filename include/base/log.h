/* SPDX-License-Identifier: MIT */
/* Messages: rank 0 owns standard output; one event a line.
 *
 * Results (banner, progress, tables) go to standard output, warnings and errors
 * to standard error with the prefix "fnas:". Local. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/err.h"

enum log_level { LOG_QUIET, LOG_NORMAL, LOG_DEBUG };

/** Who speaks: rank 0 alone at LOG_NORMAL, every rank at LOG_DEBUG. */
void log_open(int rank, enum log_level level);

/** Part of the report on standard output, rank 0 only; flushed at each call. */
void log_print(const char *format, ...) PRINTF_LIKE(1, 2);

/** The same, also at LOG_QUIET: the last line, which scripts read. */
void log_result(const char *format, ...) PRINTF_LIKE(1, 2);

/** A line for those who look for trouble; printed at LOG_DEBUG. */
void log_debug(const char *format, ...) PRINTF_LIKE(1, 2);

/** Something the user should know, rank 0 only; counted. */
void log_warn(const char *format, ...) PRINTF_LIKE(1, 2);

/** Warnings so far. */
int log_warnings(void);

/** The failure that ends the program; every rank may say it. */
void log_error(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
