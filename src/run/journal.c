/* SPDX-License-Identifier: MIT */
#include "run/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/gz.h"
#include "base/log.h"
#include "base/mem.h"
#include "run/settings.h"

enum { VERSION = 1, SYNC_SECONDS = 1 };

static const char magic[8] = "FNASJRN";

static const uint64_t mark = 0x8a7d51c3f09b264eu;

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

/* One that was found, and where its luggage is. */
struct found {
    struct task task;
    struct result result;
    uint64_t size, luggage_crc;
    off_t luggage;
};

struct journal {
    const char *path; /* borrowed */
    int file;
    off_t end;           /* of the last whole record */
    struct found *found; /* [room], by task */
    int64_t count, room;
    time_t synced; /* when */
    bool unsynced; /* something is */
};

static enum err trouble(const struct journal *j, const char *doing)
{
    return ERR(ERR_IO, "%s: cannot %s: %s", j->path, doing, strerror(errno));
}

static uint32_t crc_of(const struct record *r)
{
    return gz_crc(&r->size, sizeof *r - offsetof(struct record, size));
}

/* A file system without locks is no reason to stop. */
static enum err lock(const struct journal *j)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (fcntl(j->file, F_SETLK, &whole) == 0)
        return ERR_NONE;
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

static enum err put(struct journal *j, const void *bytes, size_t size)
{
    ssize_t n = pwrite(j->file, bytes, size, j->end);

    if (n == (ssize_t)size)
        return ERR_NONE;
    errno = n < 0 ? errno : ENOSPC;
    (void)ftruncate(j->file, j->end);
    return trouble(j, "write");
}

static enum err sync_now(struct journal *j)
{
    j->synced = time(NULL);
    j->unsynced = false;
    return fsync(j->file) == 0 ? ERR_NONE : trouble(j, "fsync");
}

static off_t padded(uint64_t size)
{
    return (off_t)((size + 7) / 8 * 8);
}

static struct head head_of(const char *settings)
{
    size_t size = strlen(settings);
    struct head h;

    memset(&h, 0, sizeof h);
    memcpy(h.magic, magic, sizeof magic);
    h.version = VERSION;
    h.record = sizeof(struct record);
    h.size = size;
    h.crc = gz_crc(settings, size);
    return h;
}

static off_t head_end(const struct head *h)
{
    return (off_t)sizeof *h + padded(h->size);
}

static enum err begin(struct journal *j, const char *settings)
{
    struct head h = head_of(settings);
    char *bytes = MEM_NEW(char, head_end(&h));
    enum err e;

    memcpy(bytes, &h, sizeof h);
    memcpy(bytes + sizeof h, settings, h.size);
    j->end = 0;
    e = put(j, bytes, (size_t)head_end(&h));
    mem_free(bytes);
    TRY(e);
    j->end = head_end(&h);
    return sync_now(j);
}

static enum err compare_settings(const struct journal *j, const struct head *h,
                                 const char *settings)
{
    char *then = MEM_NEW(char, h->size + 1);
    char list[512];
    enum err e = ERR_NONE;

    if (pread(j->file, then, h->size, sizeof *h) != (ssize_t)h->size)
        e = trouble(j, "read");
    else if (gz_crc(then, h->size) != h->crc)
        e = ERR(ERR_INPUT,
                "%s: its head is damaged; move it away to begin anew", j->path);
    else
        settings_differences(settings, then, list, sizeof list);
    mem_free(then);
    TRY(e);
    return list[0] ? ERR(ERR_INPUT, "%s: is of a run with other settings: %s",
                         j->path, list)
                   : ERR_NONE;
}

static enum err check_head(struct journal *j, const char *settings, off_t size)
{
    struct head h, mine = head_of(settings);

    if (pread(j->file, &h, sizeof h, 0) != (ssize_t)sizeof h)
        return trouble(j, "read");
    if (memcmp(h.magic, magic, sizeof magic) != 0)
        return ERR(ERR_INPUT, "%s: is not a journal", j->path);
    if (h.version != mine.version || h.record != mine.record)
        return ERR(ERR_INPUT, "%s: was written by another version of fnas",
                   j->path);
    if (h.size > (uint64_t)size || head_end(&h) > size)
        return ERR(ERR_INPUT,
                   "%s: its head is damaged; move it away to begin "
                   "anew",
                   j->path);
    j->end = head_end(&h);
    return compare_settings(j, &h, settings);
}

/* May what the record says be believed?  Its luggage is judged when it is read. */
static bool sound(const struct record *r, off_t left)
{
    return r->mark == mark && crc_of(r) == r->crc &&
           r->size <= (uint64_t)left && r->task.id >= 0 &&
           r->task.id == r->result.id && r->result.state < TRIAL_STATES &&
           r->task.arch.count >= 0 &&
           r->task.arch.count <= SPACE_DECISIONS_MAX &&
           memchr(r->result.reason, '\0', RESULT_REASON_MAX);
}

static int by_id(const void *a, const void *b)
{
    const struct found *x = a, *y = b;

    return (x->task.id > y->task.id) - (x->task.id < y->task.id);
}

static void remember(struct journal *j, const struct record *r, off_t luggage)
{
    if (j->count == j->room) {
        int64_t room = j->room > 0 ? 2 * j->room : 64;

        j->found = mem_resize(j->found, (size_t)j->room, (size_t)room,
                              sizeof j->found[0]);
        j->room = room;
    }
    j->found[j->count++] = (struct found){.task = r->task,
                                          .result = r->result,
                                          .size = r->size,
                                          .luggage_crc = r->luggage_crc,
                                          .luggage = luggage};
}

/* Records start at multiples of 8 bytes; between sound ones is what was damaged.
 * New ones go behind the last that is sound. */
static enum err read_records(struct journal *j, off_t size,
                             struct journal_found *found)
{
    struct record r;
    bool lost = false;

    for (off_t at = j->end; at + 8 <= size;) {
        off_t left = size - at - (off_t)sizeof r;

        if (pread(j->file, &r, sizeof r.mark, at) != (ssize_t)sizeof r.mark)
            return trouble(j, "read");
        if (r.mark == mark && left >= 0 &&
            pread(j->file, &r, sizeof r, at) != (ssize_t)sizeof r)
            return trouble(j, "read");
        if (r.mark != mark || left < 0 || !sound(&r, left)) {
            found->damaged += !lost;
            lost = true;
            at += 8;
            continue;
        }
        lost = false;
        remember(j, &r, at + (off_t)sizeof r);
        at += (off_t)sizeof r + padded(r.size);
        j->end = at;
    }
    found->damaged += !lost && j->end < size;
    if (j->count > 0)
        qsort(j->found, (size_t)j->count, sizeof j->found[0], by_id);
    found->results = j->count;
    return ERR_NONE;
}

/* Was the head being written when the run ended?  Then nothing else was. */
static bool is_torn(const struct journal *j, const char *settings, off_t size)
{
    const struct head mine = head_of(settings);
    struct head h;

    if (size < (off_t)sizeof h)
        return true;
    return size < head_end(&mine) &&
           pread(j->file, &h, sizeof h, 0) == (ssize_t)sizeof h &&
           h.size <= mine.size && head_end(&h) > size;
}

static enum err read_all(struct journal *j, const char *settings,
                         struct journal_found *found)
{
    struct stat s;

    if (fstat(j->file, &s) != 0)
        return trouble(j, "read");
    if (!S_ISREG(s.st_mode))
        return ERR(ERR_IO, "%s: exists and is not a file", j->path);
    if (is_torn(j, settings, s.st_size))
        return begin(j, settings);
    TRY(check_head(j, settings, s.st_size));
    return read_records(j, s.st_size, found);
}

enum err journal_open(struct journal **journal, const char *path,
                      const char *settings, struct journal_found *found)
{
    struct journal *j = MEM_NEW(struct journal, 1);
    enum err e = ERR_NONE;

    *found = (struct journal_found){0};
    j->path = path;
    j->file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (j->file < 0)
        e = trouble(j, "open");
    if (e == ERR_NONE)
        e = lock(j);
    if (e == ERR_NONE)
        e = read_all(j, settings, found);
    if (e != ERR_NONE)
        journal_close(j);
    else
        *journal = j;
    return e;
}

bool journal_has_results(const char *path)
{
    struct stat s;
    struct head h;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    bool bare;

    if (file < 0)
        return true;
    bare = fstat(file, &s) == 0 &&
           (s.st_size == 0 ||
            (pread(file, &h, sizeof h, 0) == (ssize_t)sizeof h &&
             memcmp(h.magic, magic, sizeof magic) == 0 &&
             h.size <= (uint64_t)s.st_size && s.st_size <= head_end(&h)));
    (void)close(file);
    return !bare;
}

enum err journal_append(struct journal *j, const struct task *t,
                        const struct result *r, const struct luggage *left)
{
    size_t size = sizeof(struct record) + (size_t)padded(left->size);
    char *bytes = MEM_NEW(char, size);
    struct record *record = (struct record *)(void *)bytes;
    enum err e;

    record->mark = mark;
    record->task = *t;
    record->result = *r;
    record->size = left->size;
    if (left->size > 0)
        memcpy(bytes + sizeof *record, left->bytes, left->size);
    record->luggage_crc = gz_crc(bytes + sizeof *record, left->size);
    record->crc = crc_of(record);
    e = put(j, bytes, size);
    mem_free(bytes);
    TRY(e);
    j->end += (off_t)size;
    j->unsynced = true;
    if (r->seconds < SYNC_SECONDS && time(NULL) - j->synced < SYNC_SECONDS)
        return ERR_NONE;
    return sync_now(j);
}

static bool read_luggage(const struct journal *j, const struct found *f,
                         struct luggage *left)
{
    *left = (struct luggage){.size = f->size};
    if (f->size == 0)
        return true;
    left->bytes = MEM_NEW(char, f->size);
    if (pread(j->file, left->bytes, f->size, f->luggage) == (ssize_t)f->size &&
        gz_crc(left->bytes, f->size) == f->luggage_crc)
        return true;
    mem_free(left->bytes);
    *left = (struct luggage){0};
    return false;
}

bool journal_find(const struct journal *j, const struct task *t,
                  struct result *r, struct luggage *left)
{
    const struct found key = {.task = *t};
    const struct found *f = NULL;

    if (j->count > 0)
        f = bsearch(&key, j->found, (size_t)j->count, sizeof key, by_id);
    if (!f || !arch_equal(&f->task.arch, &t->arch) || !read_luggage(j, f, left))
        return false;
    *r = f->result;
    return true;
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
