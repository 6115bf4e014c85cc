/* SPDX-License-Identifier: MIT */
/* The bytes of a journal, for those who read and write them. */
#ifndef RUN_JOURNAL_FILE_H
#define RUN_JOURNAL_FILE_H

#include <sys/types.h>
#include <time.h>

#include "run/journal.h"

static const uint64_t journal_mark = 0x8a7d51c3f09b264eu;

/* Padding is zeroed, as all bytes are checked. */
struct head {
    char magic[8];
    uint32_t version, record; /* bytes of a record without luggage */
    uint64_t size, crc;       /* of the settings, which follow */
};

/* Its luggage follows, filled up to a multiple of 8 bytes. */
struct record {
    uint64_t mark;
    uint64_t crc;               /* of what follows; the upper half is 0 */
    uint64_t size, luggage_crc; /* of the luggage */
    struct task task;
    struct result result;
};

/* One that is there, and where. */
struct found {
    int64_t id; /* of its task */
    off_t at;
};

struct journal {
    const char *path; /* borrowed */
    int file;
    off_t end;           /* of the last whole record */
    struct found *found; /* [room], those that were there at first, by id; */
    int64_t first, count, room; /* [first..] those with luggage appended */
    int64_t forgotten;          /* luggage of tasks before this one is gone */
    bool forgets;               /* the file system can do that, so far */
    time_t synced;              /* when */
    bool unsynced;              /* something is */
};

/** "PATH: cannot DOING: why", by errno. */
enum err journal_trouble(const struct journal *j, const char *doing);

/** The head of a journal of these settings.  It is there twice, settings and
 * all, a sector or more of zeros behind each, so that no damage of so many bytes
 * meets both; where records begin behind that. */
struct head journal_head(const char *settings);
off_t journal_records(const struct head *h);

/** Bytes that so many of luggage take. */
off_t journal_padded(uint64_t size);

/** Checksum of a record, but for its luggage. */
uint32_t journal_crc(const struct record *r);

/** Was the head being written when the run ended?  Then nothing else was. */
bool journal_is_torn(const struct journal *j, const char *settings, off_t size);

/** Is there nothing behind the head?  What is no journal is not bare: it is not
 * to be lost. */
bool journal_is_bare(const struct journal *j, off_t size);

/** Note where a record is. */
void journal_remember(struct journal *j, int64_t id, off_t at);

/** Read a record that was sound when it was noted; false: it is not any more. */
bool journal_read_again(const struct journal *j, off_t at, struct record *r);

/** Check the head and find all records; j->end is behind the last. ERR_IO,
 * ERR_INPUT. */
MUST_CHECK enum err journal_read(struct journal *j, const char *settings,
                                 off_t size, struct journal_found *found);

#endif
