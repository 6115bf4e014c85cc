/* SPDX-License-Identifier: MIT */
/* NAME.state.h5: all that a search has become, so that a restart need not think
 * everything again.
 *
 * What the journal has is enough to repeat a search; the state is where it had
 * come.  One that was saved at task n holds once the journal has the results of
 * all tasks up to n; until then the one before, NAME.state.1.h5, is what counts,
 * and no other is saved.  On a restart the later one is loaded that is whole and
 * holds, else the earlier, else the search is repeated from its beginning.
 * What came with results that the earlier one knows, too, the journal forgets.
 * Rank 0 only. */
#ifndef RUN_CHECKPOINT_H
#define RUN_CHECKPOINT_H

#include "run/progress.h"

enum { CHECKPOINTS = 2 };

struct checkpoint {
    char path[CHECKPOINTS][CONF_TEXT_MAX + 16]; /* the later, the earlier */
    struct meter *meter;                        /* borrowed */
    char *settings;     /* that results depend on, see settings_text */
    bool holds;         /* the later one does */
    bool waits;         /* it was saved, and does not hold yet: */
    int64_t asked;      /* tasks that must have been told */
    int64_t told;       /* when it was saved, */
    int64_t earlier;    /* and when the earlier was; 0: not known */
    double saved, took; /* comm_clock() of the last time, seconds */
};

/** Name the states of a run.  ERR_IO: they cannot be written, or are there and
 * `replace` is false. */
MUST_CHECK enum err checkpoint_ready(struct checkpoint *c,
                                     const struct conf *conf, bool replace);

/** Begin; those that are there are removed unless the run goes on. ERR_IO. */
MUST_CHECK enum err checkpoint_open(struct checkpoint *c,
                                    const struct conf *conf, bool goes_on);
void checkpoint_close(struct checkpoint *c);

/** Load the latest state that can be used into a driver that has just begun;
 * damaged files are renamed to NAME.damaged, which is warned of. */
void checkpoint_load(struct checkpoint *c, struct driver *d);

/** Between trials: save the state if it is time.  That this fails is a warning. */
void checkpoint_rest(struct checkpoint *c, struct driver *d);

/** Save it as soon as it can be, whatever the time. */
void checkpoint_ask(struct checkpoint *c);

#endif
