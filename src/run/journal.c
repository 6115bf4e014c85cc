/* SPDX-License-Identifier: MIT */
#include "journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/gz.h"
#include "base/log.h"
#include "base/mem.h"

enum { SYNC_SECONDS = 1, LOCK_TRIES = 50 };

/* A file system without locks is no reason to stop. */
static enum err not_locked(const struct journal *j)
{
    if (errno == EACCES || errno == EAGAIN)
        return ERR(ERR_IO,
                   "%s: another run is writing it; choose another run.name, or "
                   "wait for that run to end",
                   j->path);
    log_warn("%s: cannot be locked (%s); see to it that no other run has the "
             "same run.name",
             j->path, strerror(errno));
    return ERR_NONE;
}

/* The ranks of a run whose mpirun was killed take seconds to die. */
static enum err lock(const struct journal *j)
{
    const struct timespec pause = {.tv_nsec = 100000000};
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    for (int i = 0; fcntl(j->file, F_SETLK, &whole) != 0; i++) {
        if ((errno != EACCES && errno != EAGAIN) || i == LOCK_TRIES)
            return not_locked(j);
        (void)nanosleep(&pause, NULL);
    }
    return ERR_NONE;
}

static enum err put(struct journal *j, const void *bytes, size_t size)
{
    ssize_t n = pwrite(j->file, bytes, size, j->end);

    if (n == (ssize_t)size)
        return ERR_NONE;
    errno = n < 0 ? errno : ENOSPC;
    (void)ftruncate(j->file, j->end);
    return journal_trouble(j, "write");
}

static enum err sync_now(struct journal *j)
{
    j->synced = time(NULL);
    j->unsynced = false;
    return fsync(j->file) == 0 ? ERR_NONE : journal_trouble(j, "fsync");
}

/* The head, twice, and nothing else. */
static enum err begin(struct journal *j, const char *settings)
{
    struct head h = journal_head(settings);
    size_t size = (size_t)journal_records(&h);
    char *bytes = MEM_NEW(char, size);
    enum err e;

    for (size_t at = 0; at < size; at += size / 2) {
        memcpy(bytes + at, &h, sizeof h);
        memcpy(bytes + at + sizeof h, settings, h.size);
    }
    j->end = 0;
    e = ftruncate(j->file, 0) == 0 ? put(j, bytes, size)
                                   : journal_trouble(j, "empty");
    mem_free(bytes);
    TRY(e);
    j->end = (off_t)size;
    return sync_now(j);
}

static enum err read_all(struct journal *j, const char *settings,
                         enum journal_way way, struct journal_found *found)
{
    struct stat s;

    if (fstat(j->file, &s) != 0)
        return journal_trouble(j, "read");
    if (!S_ISREG(s.st_mode))
        return ERR(ERR_IO, "%s: exists and is not a file", j->path);
    if (way == JOURNAL_RESTART && !journal_is_torn(j, settings, s.st_size))
        return journal_read(j, settings, s.st_size, found);
    if (way == JOURNAL_NEW && !journal_is_bare(j, s.st_size))
        return ERR(ERR_IO,
                   "%s: a run of that name was begun; go on with --restart, "
                   "choose another run.name, or begin anew with --force",
                   j->path);
    return begin(j, settings);
}

enum err journal_open(struct journal **journal, const char *path,
                      const char *settings, enum journal_way way,
                      struct journal_found *found)
{
    struct journal *j = MEM_NEW(struct journal, 1);
    enum err e = ERR_NONE;

    *found = (struct journal_found){0};
    j->path = path;
    j->forgets = true;
    j->file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (j->file < 0)
        e = journal_trouble(j, "open");
    if (e == ERR_NONE)
        e = lock(j);
    if (e == ERR_NONE)
        e = read_all(j, settings, way, found);
    if (e != ERR_NONE)
        journal_close(j);
    else
        *journal = j;
    return e;
}

enum err journal_append(struct journal *j, const struct task *t,
                        const struct result *r, const struct luggage *left)
{
    size_t size = sizeof(struct record) + (size_t)journal_padded(left->size);
    char *bytes = MEM_NEW(char, size);
    struct record *record = (struct record *)(void *)bytes;
    enum err e;

    record->mark = journal_mark;
    record->task = *t;
    record->result = *r;
    record->size = left->size;
    if (left->size > 0)
        memcpy(bytes + sizeof *record, left->bytes, left->size);
    record->luggage_crc = gz_crc(bytes + sizeof *record, left->size);
    record->crc = journal_crc(record);
    e = put(j, bytes, size);
    if (e != ERR_NONE) { /* which may pass */
        err_clear();
        e = put(j, bytes, size);
    }
    mem_free(bytes);
    TRY(e);
    if (left->size > 0)
        journal_remember(j, t->id, j->end);
    j->end += (off_t)size;
    j->unsynced = true;
    if (r->seconds < SYNC_SECONDS && time(NULL) - j->synced < SYNC_SECONDS)
        return ERR_NONE;
    return sync_now(j);
}

/* Give the blocks of its luggage back to the disk. */
static void forget(struct journal *j, off_t at)
{
    struct record r;

    if (!journal_read_again(j, at, &r) || r.size == 0)
        return;
    j->forgets =
        bytes_forget(j->file, at + (off_t)sizeof r, journal_padded(r.size));
}

void journal_forget(struct journal *j, int64_t before)
{
    for (int64_t i = 0; i < j->count && j->forgets; i++)
        if (j->found[i].id >= j->forgotten && j->found[i].id < before)
            forget(j, j->found[i].at);
    if (before > j->forgotten)
        j->forgotten = before;
}

enum err journal_sync(struct journal *j)
{
    return j->unsynced ? sync_now(j) : ERR_NONE;
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    if (j->file >= 0 && j->unsynced)
        (void)fsync(j->file);
    if (j->file >= 0)
        (void)close(j->file);
    mem_free(j->found);
    mem_free(j);
}
