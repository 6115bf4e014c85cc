/* SPDX-License-Identifier: MIT */
/* Input: files in libconfig's notation and --set options fill the settings.
 *
 * Whatever is wrong is noted in the settings (conf_errors), everything at once,
 * so that a user corrects a file in one go:
 *
 *     TRY(input_read(conf, path));     only fails if the file is unreadable
 *     TRY(input_set(conf, "ppo.batch=32"));
 *     conf_check(conf);
 *     TRY(input_report(conf));         fails if anything was noted
 *
 * All Local. */
#ifndef RUN_INPUT_H
#define RUN_INPUT_H

#include "base/conf.h"
#include "base/err.h"

/** Read an input file, with the files it includes.
 *
 * `@include "file"` at the start of a line is relative to the folder of the
 * file it stands in.  Values that are wrong are noted and the rest is read.
 * ERR_INPUT, noted and raised, if the text as a whole cannot be read: no such
 * file, not a text, a syntax error. Then no value was set. */
MUST_CHECK enum err input_read(struct conf *conf, const char *path);

/** Set one value from "section.key=value"; of a text or a choice the quotes may
 * be left out.  A wrong value or an unknown name is noted.
 * ERR_USAGE, noted and raised, if the option has no such form. */
MUST_CHECK enum err input_set(struct conf *conf, const char *assignment);

/** Print all that was noted to stderr, one line each.
 * ERR_INPUT, with their number as the message, if there is anything. */
MUST_CHECK enum err input_report(const struct conf *conf);

#endif
