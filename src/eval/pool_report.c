/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stddef.h>

#include "base/h5.h"
#include "base/log.h"
#include "eval/pool_file.h"

void pool_print(const struct pool *p, const struct pool_conf *conf)
{
    log_print("pool       %d blocks of %.3g MiB; children that start from it "
              "are trained for %g epochs\n",
              p->count, (double)p->bytes / 0x1p20, conf->epochs);
}

/* In percent, of something. */
static double percent(int64_t part, int64_t all)
{
    return all > 0 ? 100 * (double)part / (double)all : 0;
}

void pool_report(const struct pool *p)
{
    const struct pool_count *c = &p->counted;

    log_print("\npool       %d blocks of %.3g MiB, generation %d; %" PRId64
              " evicted\n"
              "           a block was found for %.1f %% of those of all "
              "children, %.1f %% once there were any\n",
              p->count, (double)p->bytes / 0x1p20, p->generation, c->evicted,
              percent(c->hits, c->lookups), percent(c->found, c->warm));
}

/* clang-format off */
#define COUNT(field) offsetof(struct pool_count, field)
static const struct {
    const char *path;
    size_t at;
    const char *description;
} counts[] = {
    {"/run/pool/lookups", COUNT(lookups), "blocks of all children"},
    {"/run/pool/hits",    COUNT(hits),    "of them started from a stored block"},
    {"/run/pool/warm",    COUNT(warm),    "blocks of children asked for when the pool was not empty"},
    {"/run/pool/found",   COUNT(found),   "of them started from a stored block"},
    {"/run/pool/evicted", COUNT(evicted), "stored blocks that made room for others"},
};
/* clang-format on */

enum { COUNTS = sizeof counts / sizeof counts[0] };

static enum err write_count(struct h5 *h, const char *path, int64_t n,
                            const char *units, const char *description)
{
    return h5_write(h,
                    &(struct h5_array){.path = path,
                                       .type = H5_INT64,
                                       .units = units,
                                       .description = description},
                    &n);
}

enum err pool_record(const struct pool *p, struct h5 *h)
{
    TRY(write_count(h, "/run/pool/blocks", p->count, "1", "stored blocks"));
    TRY(write_count(h, "/run/pool/bytes", (int64_t)p->bytes, "bytes",
                    "of their weights"));
    TRY(write_count(h, "/run/pool/generation", p->generation, "1",
                    "times it learned from a round of children"));
    for (int i = 0; i < COUNTS; i++) {
        const char *field = (const char *)&p->counted + counts[i].at;

        TRY(write_count(h, counts[i].path,
                        *(const int64_t *)(const void *)field, "1",
                        counts[i].description));
    }
    return ERR_NONE;
}
