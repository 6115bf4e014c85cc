/* SPDX-License-Identifier: MIT */
/* A journal, and what a restart does with it: results are looked up, what came
 * with them goes into a knowledge pool, a new one is appended.
 *
 * The first byte says how: MEND makes checksums right; with EDIT the bytes edit a
 * good journal, or else they are one; with NEW it is begun anew if it is bare. */
#include <stdio.h>
#include <string.h>

#include "base/gz.h"
#include "base/mem.h"
#include "eval/pool.h"
#include "fuzz.h"
#include "run/journal.h"

enum { MEND = 1, EDIT = 2, NEW = 4 };
enum { ROOM = 1 << 16, IDS = 4, HEAD = 32, MARK = 8, FIELDS = 16 };

static const char settings[] = "a.b = 1\n";
static const uint64_t mark = 0x8a7d51c3f09b264eu;
static const struct pool_conf conf = {.enabled = true, .round = 2, .limit = 1};

/* Right checksums of the head, which says how long a record is, and of each
 * record and its luggage. */
static void mend(unsigned char *bytes, size_t size)
{
    uint32_t record;
    uint64_t n, crc;

    if (size < HEAD)
        return;
    memcpy(&record, bytes + 12, sizeof record);
    if (record < FIELDS + 16 || record > size)
        return;
    for (size_t at = HEAD; at + record <= size; at += 8) {
        if (memcmp(bytes + at, &mark, MARK) != 0)
            continue;
        memcpy(&n, bytes + at + FIELDS, sizeof n);
        if (n > size - at - record)
            n = size - at - record;
        memcpy(bytes + at + FIELDS, &n, sizeof n);
        crc = gz_crc(bytes + at + record, n);
        memcpy(bytes + at + FIELDS + 8, &crc, sizeof crc);
        crc = gz_crc(bytes + at + FIELDS, record - FIELDS);
        memcpy(bytes + at + MARK, &crc, sizeof crc);
    }
}

/* All results of tasks 0.. of this form. */
static void look_up(const struct journal *j, struct pool *p)
{
    for (int64_t id = 0; id <= IDS; id++) {
        struct task t = {.id = id, .arch = {.count = 3}};
        struct luggage left;
        struct result r;

        if (!journal_find(j, &t, &r, &left))
            continue;
        FUZZ_CHECK(r.id == id && r.state < TRIAL_STATES);
        FUZZ_CHECK(strlen(r.reason) < RESULT_REASON_MAX);
        pool_tell(p, &r, left);
    }
    pool_commit(p);
}

static enum err use(const char *path, enum journal_way way)
{
    struct journal *j = NULL;
    struct journal_found found;
    struct pool *p;
    struct task t = {.id = IDS, .arch = {.count = 3}};
    struct result r = {.id = IDS};
    struct luggage nothing = {NULL, 0};
    enum err e = journal_open(&j, path, settings, way, &found);

    if (e != ERR_NONE)
        return e;
    FUZZ_CHECK(found.results >= 0 && found.damaged >= 0);
    p = pool_new(&conf, 1);
    look_up(j, p);
    pool_free(p);
    FUZZ_CHECK(journal_append(j, &t, &r, &nothing) == ERR_NONE);
    journal_close(j);
    return ERR_NONE;
}

/* What the child of task `id` leaves: a 1 x 1 convolution. */
static void leave(struct luggage *l, int id)
{
    static const float w[64] = {1, 2, 3};
    struct block b = {.c_in = 2,
                      .layers = 1,
                      .stage = id,
                      .form = {.kind = LAYER_CONV,
                               .block = id,
                               .kernel = 1,
                               .stride = 1,
                               .channels = 2}};
    struct legacy item = {.block = b, .age = 1, .epochs = 1, .w = w};

    FUZZ_CHECK(block_values(&b) <= 64);
    heritage_add(l, &item);
}

/* A good journal, of all tasks but the last; made once. */
static size_t good(unsigned char *bytes)
{
    static unsigned char made[ROOM];
    static size_t size;
    struct journal *j = NULL;
    struct journal_found found;
    FILE *f;

    if (size == 0) {
        const char *path = fuzz_file(1, "", 0);

        FUZZ_CHECK(journal_open(&j, path, settings, JOURNAL_RESTART, &found) ==
                   ERR_NONE);
        for (int id = 0; id < IDS - 1; id++) {
            struct task t = {.id = id, .arch = {.count = 3}};
            struct result r = {.id = id, .accuracy = 0.5};
            struct luggage l = {NULL, 0};

            if (id > 0)
                leave(&l, id);
            FUZZ_CHECK(journal_append(j, &t, &r, &l) == ERR_NONE);
            mem_free(l.bytes);
        }
        journal_close(j);
        f = fopen(path, "rb");
        FUZZ_CHECK(f);
        size = fread(made, 1, ROOM, f);
        (void)fclose(f);
    }
    memcpy(bytes, made, size);
    return size;
}

/* Each edit: a place, how many bytes to cut off the end, what to add there. */
static size_t edit(unsigned char *bytes, const uint8_t *data, size_t size)
{
    size_t n = good(bytes);

    for (size_t i = 0; i + 4 <= size && n > 0; i += 4) {
        bytes[(size_t)(data[i] << 8 | data[i + 1]) % n] += data[i + 3];
        n -= data[i + 2] < n ? data[i + 2] : n;
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned char bytes[ROOM];
    const char *path;
    size_t n = size - 1;

    if (size < 1 || size > ROOM)
        return 0;
    if (data[0] & EDIT)
        n = edit(bytes, data + 1, n);
    else
        memcpy(bytes, data + 1, n);
    if (data[0] & MEND)
        mend(bytes, n);
    path = fuzz_file(0, bytes, n);
    fuzz_begin();
    fuzz_end(use(path, data[0] & NEW ? JOURNAL_NEW : JOURNAL_RESTART), path);
    return 0;
}
