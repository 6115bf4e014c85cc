/* SPDX-License-Identifier: MIT */
/* What is in a journal: head and records, whole or damaged. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/gz.h"
#include "base/mem.h"
#include "journal_file.h"
#include "run/settings.h"

enum { VERSION = 3, SECTOR = 512 };

static const char magic[8] = "FNASJRN";

enum err journal_trouble(const struct journal *j, const char *doing)
{
    return ERR(ERR_IO, "%s: cannot %s: %s", j->path, doing, strerror(errno));
}

uint32_t journal_crc(const struct record *r)
{
    return gz_crc(&r->size, sizeof *r - offsetof(struct record, size));
}

off_t journal_padded(uint64_t size)
{
    return (off_t)((size + 7) / 8 * 8);
}

/* Of the head in the upper half, of the settings in the lower. */
static uint64_t head_crc(const struct head *h, const char *settings)
{
    return (uint64_t)gz_crc(h, offsetof(struct head, crc)) << 32 |
           gz_crc(settings, h->size);
}

struct head journal_head(const char *settings)
{
    size_t size = strlen(settings);
    struct head h;

    memset(&h, 0, sizeof h);
    memcpy(h.magic, magic, sizeof magic);
    h.version = VERSION;
    h.record = sizeof(struct record);
    h.size = size;
    h.crc = head_crc(&h, settings);
    return h;
}

off_t journal_records(const struct head *h)
{
    off_t bytes = (off_t)(sizeof *h + h->size);

    return 2 * ((bytes + 2 * SECTOR - 1) / SECTOR * SECTOR);
}

/* Read the head at `at` and its settings, which are to be freed; NULL: there is
 * no whole head. */
static char *read_head(const struct journal *j, off_t at, off_t size,
                       struct head *h)
{
    off_t left = size - at - (off_t)sizeof *h;
    char *settings;

    if (left < 0 || pread(j->file, h, sizeof *h, at) != (ssize_t)sizeof *h ||
        memcmp(h->magic, magic, sizeof magic) != 0 || h->size > (uint64_t)left)
        return NULL;
    settings = MEM_NEW(char, h->size + 1);
    if (pread(j->file, settings, h->size, at + (off_t)sizeof *h) ==
            (ssize_t)h->size &&
        head_crc(h, settings) == h->crc)
        return settings;
    mem_free(settings);
    return NULL;
}

/* The head, or if it is damaged its copy; `*records` is where those begin. */
static char *find_head(const struct journal *j, off_t size, struct head *h,
                       off_t *records)
{
    enum { SEARCH = 1 << 20 };
    char *settings = read_head(j, 0, size, h);

    *records = settings ? journal_records(h) : 0;
    for (off_t at = 8; !settings && at < size && at < SEARCH; at += 8) {
        settings = read_head(j, at, size, h);
        if (settings)
            *records = at + journal_records(h) / 2;
    }
    return settings;
}

static enum err compare_settings(const struct journal *j, const char *now,
                                 const char *then)
{
    char list[512];

    settings_differences(now, then, list, sizeof list);
    return list[0] ? ERR(ERR_INPUT, "%s: is of a run with other settings: %s",
                         j->path, list)
                   : ERR_NONE;
}

static enum err check_head(struct journal *j, const char *settings, off_t size)
{
    struct head h, mine = journal_head(settings);
    char *then = find_head(j, size, &h, &j->end);
    enum err e;

    if (!then)
        return ERR(ERR_INPUT,
                   "%s: is not a journal, or its head is damaged; move it away "
                   "to begin anew",
                   j->path);
    if (h.version != mine.version || h.record != mine.record)
        e = ERR(ERR_INPUT, "%s: was written by another version of fnas",
                j->path);
    else
        e = compare_settings(j, settings, then);
    mem_free(then);
    return e;
}

/* May what the record says be believed?  Its luggage is judged when it is read. */
static bool sound(const struct record *r, off_t left)
{
    return r->mark == journal_mark && journal_crc(r) == r->crc &&
           r->size <= (uint64_t)left && r->task.id >= 0 &&
           r->task.id == r->result.id && r->result.state < TRIAL_STATES &&
           r->task.arch.count >= 0 &&
           r->task.arch.count <= SPACE_DECISIONS_MAX &&
           memchr(r->result.reason, '\0', RESULT_REASON_MAX);
}

static int by_id(const void *a, const void *b)
{
    const struct found *x = a, *y = b;

    return (x->id > y->id) - (x->id < y->id);
}

/* Of one task the later, which is there since the earlier was damaged. */
static int by_id_and_place(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    int order = by_id(a, b);

    return order != 0 ? order : (x->at < y->at) - (x->at > y->at);
}

static void sort(struct journal *j)
{
    int64_t n = 0;

    if (j->count > 0)
        qsort(j->found, (size_t)j->count, sizeof j->found[0], by_id_and_place);
    for (int64_t i = 0; i < j->count; i++)
        if (n == 0 || j->found[n - 1].id != j->found[i].id)
            j->found[n++] = j->found[i];
    j->first = j->count = n;
}

void journal_remember(struct journal *j, int64_t id, off_t at)
{
    if (j->count == j->room) {
        int64_t room = j->room > 0 ? 2 * j->room : 64;

        j->found = mem_resize(j->found, (size_t)j->room, (size_t)room,
                              sizeof j->found[0]);
        j->room = room;
    }
    j->found[j->count++] = (struct found){id, at};
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
            return journal_trouble(j, "read");
        if (r.mark == journal_mark && left >= 0 &&
            pread(j->file, &r, sizeof r, at) != (ssize_t)sizeof r)
            return journal_trouble(j, "read");
        if (r.mark != journal_mark || left < 0 || !sound(&r, left)) {
            found->damaged += !lost;
            lost = true;
            at += 8;
            continue;
        }
        lost = false;
        journal_remember(j, r.task.id, at);
        at += (off_t)sizeof r + journal_padded(r.size);
        j->end = at;
    }
    found->damaged += !lost && j->end < size;
    sort(j);
    found->results = j->count;
    return ERR_NONE;
}

/* Was the head being written when the run ended?  Then nothing else was. */
bool journal_is_torn(const struct journal *j, const char *settings, off_t size)
{
    const struct head mine = journal_head(settings);
    struct head h;

    if (size < (off_t)sizeof h)
        return true;
    return size < journal_records(&mine) &&
           pread(j->file, &h, sizeof h, 0) == (ssize_t)sizeof h &&
           h.size <= mine.size && journal_records(&h) > size;
}

enum err journal_read(struct journal *j, const char *settings, off_t size,
                      struct journal_found *found)
{
    TRY(check_head(j, settings, size));
    return read_records(j, size, found);
}

bool journal_is_bare(const struct journal *j, off_t size)
{
    struct head h;

    return size == 0 ||
           (pread(j->file, &h, sizeof h, 0) == (ssize_t)sizeof h &&
            memcmp(h.magic, magic, sizeof magic) == 0 &&
            h.size <= (uint64_t)size && size <= journal_records(&h));
}

static bool read_luggage(const struct journal *j, const struct record *r,
                         off_t at, struct luggage *left)
{
    *left = (struct luggage){.size = r->size};
    if (r->size == 0)
        return true;
    left->bytes = MEM_NEW(char, r->size);
    if (bytes_get(j->file, left->bytes, r->size, at) &&
        gz_crc(left->bytes, r->size) == r->luggage_crc)
        return true;
    mem_free(left->bytes);
    *left = (struct luggage){0};
    return false;
}

bool journal_read_again(const struct journal *j, off_t at, struct record *r)
{
    return bytes_get(j->file, r, sizeof *r, at) &&
           sound(r, j->end - at - (off_t)sizeof *r);
}

bool journal_find(const struct journal *j, const struct task *t,
                  struct result *r, struct luggage *left)
{
    const struct found key = {.id = t->id};
    const struct found *f = NULL;
    struct record record;

    if (j->first > 0)
        f = bsearch(&key, j->found, (size_t)j->first, sizeof key, by_id);
    if (!f || !journal_read_again(j, f->at, &record) ||
        !arch_equal(&record.task.arch, &t->arch) ||
        !read_luggage(j, &record, f->at + (off_t)sizeof record, left))
        return false;
    *r = record.result;
    return true;
}
