/* SPDX-License-Identifier: MIT */
/* The program's own settings, and the one table of everybody's. */
#ifndef RUN_SETTINGS_H
#define RUN_SETTINGS_H

#include <stddef.h>

#include "base/conf.h"

/* clang-format off */
#define RUN_SETTINGS(X)                                                        \
    X(TEXT, name, "fnas", 0, 0, "",                                            \
      "Name of the run: results go to NAME.h5; may begin with a folder")       \
    X(INT, seed, "1", 0, 2147483647, "", "Seed of everything random")          \
    X(INT, trials, "100", 1, 100000000, "trials",                              \
      "Architectures to evaluate; repeats answered from memory not counted")   \
    X(BOOL, reuse, "true", 0, 0, "",                                           \
      "Answer an architecture that was evaluated before with its earlier "     \
      "result, at no cost")                                                    \
    X(INT, patience, "1000", 1, 1000000000, "trials",                         \
      "End the search after so many repeats in a row: nothing new is proposed") \
    X(REAL, max_failed, "0.5", 0, 1, "of the trials",                          \
      "Stop (exit code 7) when more trials than this fail, counted after the " \
      "first 16")                                                              \
    X(INT, report_every, "8", 1, 1000000000, "trials",                         \
      "A progress row is printed after so many evaluated trials")              \
    X(REAL, publish_every, "30", 0, 1e9, "s",                                  \
      "The results file is renewed at most this often while the search runs, " \
      "and rarely enough to take a hundredth of the time; 0: after each trial") \
    X(REAL, state_every, "60", 0, 1e9, "s",                                    \
      "The state of the search, NAME.state.h5, is saved this often, but "      \
      "rarely enough to take a two-hundredth of the time; 0: after each trial") \
    X(REAL, grace, "120", 0, 1e9, "s",                                         \
      "Once told to stop, wait so long for the trials in flight; the others "  \
      "are evaluated after the restart")                                       \
    X(REAL, watch, "600", 0, 1e9, "s",                                         \
      "A rank that gives no sign of life for so long stops the run, exit code " \
      "75, to go on with --restart; 0: never")                                 \
    X(REAL, time_limit, "0", 0, 1e9, "s",                                      \
      "Stop in time, exit code 75, to go on with --restart; 0: when the batch " \
      "system ends the job (SLURM_JOB_END_TIME), if it does")

/* clang-format on */

struct run_conf {
    RUN_SETTINGS(CONF_FIELD)
};

extern const struct conf_section run_section;

/** With a knowledge pool and earlier runs (transfer.from), but no pool.from: the
 * pool of the first of these that left one. */
void settings_complete(struct conf *conf);

/** The settings that results depend on, "section.key = value" a line, always in
 * the same order; neither names and times nor how many ranks do what.  The
 * caller frees it (mem_free). */
char *settings_text(const struct conf *conf);

/** What differs between two such texts: "ppo.rate = 0.1 (was 0.2), ...", as much
 * as fits; "" if nothing does. */
void settings_differences(const char *now, const char *then, char *list,
                          size_t size);

/** All settings of the program at their defaults; conf_free frees them. */
struct conf *settings_new(void);

#endif
