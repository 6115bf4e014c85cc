/* SPDX-License-Identifier: MIT */
/* What a program is in the midst of, as an HDF5 file.
 *
 * A module has one function that both saves and loads, so that the two cannot
 * differ:
 *
 *     void lamp_state(struct lamp *l, struct state *s)
 *     {
 *         state_enter(s, "lamp");
 *         state_int(s, "bulbs", &l->bulbs, 0, l->room);
 *         state_floats(s, "light", l->light, (size_t)l->bulbs, 0, 1000);
 *         state_leave(s);
 *     }
 *
 * A file is not believed: numbers have ranges, arrays have the size that the
 * module expects, and what else must hold the module says (state_need).  The
 * first thing that goes wrong is kept for state_end; from then on nothing is read
 * or written any more, so that counts stay those of what is there.  After that
 * the module is good for nothing but to be freed.
 *
 * Bytes (state_raw, state_list) are those of this machine and this version.
 * All Local. */
#ifndef BASE_STATE_H
#define BASE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct h5;
struct state;

/** Save to an empty file; load from one, whose name is for messages. */
struct state *state_save(struct h5 *h);
struct state *state_load(struct h5 *h, const char *file);

/** The end: what went wrong, if anything did. ERR_IO, ERR_DATA. */
MUST_CHECK enum err state_end(struct state *s);

/** Is all well so far?  And is it being loaded? */
bool state_ok(const struct state *s);
bool state_loads(const struct state *s);

/** What follows is in a group of that name, up to state_leave. */
void state_enter(struct state *s, const char *name);
void state_leave(struct state *s);

/** The most that a count may be which goes on: as much is left to it. */
#define STATE_COUNT_MAX (INT64_MAX / 2)

/** A number, in a range. */
void state_int(struct state *s, const char *name, int *x, int least, int most);
void state_count(struct state *s, const char *name, int64_t *x, int64_t least,
                 int64_t most);

/** n numbers, in a range. */
void state_floats(struct state *s, const char *name, float *x, size_t n,
                  float least, float most);

/** n numbers, all of them finite. */
void state_doubles(struct state *s, const char *name, double *x, size_t n);

/** n numbers, which may be anything. */
void state_any_doubles(struct state *s, const char *name, double *x, size_t n);

/** A field of n structs of `size` bytes, the first of which is at x: numbers that
 * may be anything (double, int64_t), or truths. */
void state_reals_in(struct state *s, const char *name, double *x, size_t n,
                    size_t size);
void state_counts_in(struct state *s, const char *name, int64_t *x, size_t n,
                     size_t size);
void state_bools_in(struct state *s, const char *name, bool *x, size_t n,
                    size_t size);

/** n bytes, which may be anything. */
void state_raw(struct state *s, const char *name, void *x, size_t n);

/** Bytes whose number the file tells; they are the caller's (mem_free). */
void state_bytes(struct state *s, const char *name, void **bytes, size_t *size);

/** A text, which is only compared: one that differs is an error. */
void state_same(struct state *s, const char *name, const char *text);

/** A list that may be too long for memory, part by part. */
struct state_list {
    const char *name;
    size_t row; /* bytes of a row */
    int64_t rows;
    void *self;
    /** Get n rows from `first` on, when saving. */
    enum err (*get)(void *self, int64_t first, int64_t n, void *rows);
    /** Take in row `at`, when loading; false: it cannot be right. */
    bool (*put)(void *self, int64_t at, const void *row);
};
void state_list(struct state *s, const struct state_list *l);

/** Anything else that must hold of what was loaded; `what` is for the message:
 * "FILE: /search/round: more told than asked". */
void state_need(struct state *s, bool holds, const char *what);

#endif
