/* SPDX-License-Identifier: MIT */
/* NAME.journal: every finished trial, on disk as soon as it is reported.
 *
 * A search depends on settings, seed and results alone.  So its results are all
 * that must be kept: a run that starts again asks and tells as before, takes
 * each result that the journal has from there, and evaluates the others.
 *
 *     head, settings | the same again | record | record | ...
 *     record: mark, CRC-32, task, result, what came with the result
 *
 * A record is only ever appended.  What came with it is given back to the disk
 * once two states of the search (run/checkpoint.h) have it.  What was torn or
 * damaged is a record whose checksum is wrong: the next one is looked for by its
 * mark, and its trial is evaluated again.  Bytes are those of this machine and
 * this version, which the head tells.
 * Rank 0 only. */
#ifndef RUN_JOURNAL_H
#define RUN_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "space/task.h"

struct journal;

/** What a journal held when it was opened. */
struct journal_found {
    int64_t results; /* that can be used */
    int64_t damaged; /* records that cannot */
};

/** What a run wants with a journal that is there. */
enum journal_way {
    JOURNAL_RESTART, /* all that is in it */
    JOURNAL_NEW,     /* begin it anew if it has no results */
    JOURNAL_FORCE    /* begin it anew, whatever it is */
};

/** Open `path`, which is made if it is not there, read it or begin it anew, and
 * keep other writers out until it is closed (where the file system has locks);
 * one that is there is waited for, 5 s, before the file is touched.
 * @param settings  those that results depend on, see settings_text
 * ERR_IO: it cannot be read or written, another run holds it, or JOURNAL_NEW
 * would lose results or a file that is no journal; ERR_INPUT: it is of other
 * settings, which are listed, or of another version. */
MUST_CHECK enum err journal_open(struct journal **j, const char *path,
                                 const char *settings, enum journal_way way,
                                 struct journal_found *found);

/** Append a result.  It survives the end of this process at once, and a power
 * cut at most a second later (at once if it took longer to make).  ERR_IO: it is
 * not kept, although it was tried twice; the journal is as it was. */
MUST_CHECK enum err journal_append(struct journal *j, const struct task *t,
                                   const struct result *r,
                                   const struct luggage *left);

/** What came with the results of tasks before this one is not needed any more: it
 * makes room on the disk, where the file system can do that.  Those results are
 * not found any more. */
void journal_forget(struct journal *j, int64_t before);

/** All that was appended is safe from a power cut, too. ERR_IO. */
MUST_CHECK enum err journal_sync(struct journal *j);

/** Was a result found for this task?  Then it is read; what came with it is the
 * caller's. */
bool journal_find(const struct journal *j, const struct task *t,
                  struct result *r, struct luggage *left);

/** NULL is fine. */
void journal_close(struct journal *j);

#endif
