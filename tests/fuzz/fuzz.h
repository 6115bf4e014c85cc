/* SPDX-License-Identifier: MIT */
/* Fuzzing: what the targets share.
 *
 * A target is a file with LLVMFuzzerTestOneInput, which reads the bytes as one of
 * the program's readers would.  It is linked with replay.c, which needs no special
 * compiler, or with libFuzzer (configure --enable-fuzz).  Whatever the bytes, the
 * reader must succeed, or fail with one message that names the file; it must
 * neither crash nor hang, nor keep memory. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/err.h"

/** The target. Always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** End as a crash would if a promise is broken. */
#define FUZZ_CHECK(condition)                                                  \
    do {                                                                       \
        if (!(condition))                                                      \
            fuzz_fail(__FILE__, __LINE__, #condition);                         \
    } while (0)

_Noreturn void fuzz_fail(const char *file, int line, const char *what);

enum { FUZZ_FILES = 2 };

/** A file in memory with these bytes; its name, for open().  The i-th of
 * FUZZ_FILES, in place of what it held. */
const char *fuzz_file(int i, const void *bytes, size_t size);

/** The same with a seal behind the bytes. */
const char *fuzz_sealed(int i, const void *bytes, size_t size);

/** Before a reader is called, and after it returned `e`: an error came with a
 * message that names `path`, or no error with none; no memory is kept. */
void fuzz_begin(void);
void fuzz_end(enum err e, const char *path);

/** Set a value that is known to be good. */
void fuzz_set(struct conf *conf, const struct conf_section *s, const char *name,
              const char *value);

/** Settings of an image set of a format, to be freed (conf_free). */
struct conf *fuzz_data_conf(const char *format, int files,
                            const char *const path[]);

/** Read such a set, all the way to batches' statistics. */
enum err fuzz_read_data(const struct conf *conf);

#endif
