/* SPDX-License-Identifier: MIT */
/* What a run leaves to be gone on from, and when it is to stop. Rank 0 only. */
#ifndef RUN_RESUME_H
#define RUN_RESUME_H

#include <stdbool.h>

#include "base/conf.h"
#include "run/checkpoint.h"
#include "run/journal.h"
#include "run/stop.h"

struct resume {
    char journal_path[CONF_TEXT_MAX + 16]; /* NAME.journal */
    char stop_path[CONF_TEXT_MAX + 16];    /* NAME.STOP */
    struct journal *journal;
    struct checkpoint checkpoint;
};

/** Is the run to go on where it was: asked for, or started again by Slurm? */
bool resume_wanted(bool restart);

/** Open the journal, and say what is in it; look for states.
 * @param restart  go on from it
 * @param force    begin anew, whatever is in it
 * ERR_IO: neither, and there are results in it; ERR_INPUT: other settings. */
MUST_CHECK enum err resume_open(struct resume *r, const struct conf *conf,
                                bool restart, bool force);
void resume_close(struct resume *r);

/** When to stop, by the settings; r is borrowed. */
struct stop resume_stop(const struct resume *r, const struct conf *conf);

#endif
