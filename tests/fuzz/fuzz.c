/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* memfd_create */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/seal.h"
#include "eval/data.h"

static long live;

void fuzz_fail(const char *file, int line, const char *what)
{
    (void)fprintf(stderr, "%s:%d: broken: %s\nmessage: %s\n", file, line, what,
                  err_message());
    abort();
}

static int memory_file(int i)
{
    static int files[FUZZ_FILES];

    FUZZ_CHECK(i >= 0 && i < FUZZ_FILES);
    if (files[i] == 0)
        files[i] = memfd_create("fuzz", MFD_CLOEXEC);
    FUZZ_CHECK(files[i] > 0);
    return files[i];
}

static void put(int file, const void *bytes, size_t size, off_t at)
{
    FUZZ_CHECK(pwrite(file, bytes, size, at) == (ssize_t)size);
}

const char *fuzz_file(int i, const void *bytes, size_t size)
{
    static char names[FUZZ_FILES][32];
    int file = memory_file(i);

    FUZZ_CHECK(ftruncate(file, 0) == 0);
    put(file, bytes, size, 0);
    (void)snprintf(names[i], sizeof names[i], "/proc/self/fd/%d", file);
    return names[i];
}

const char *fuzz_sealed(int i, const void *bytes, size_t size)
{
    const char *name = fuzz_file(i, bytes, size);
    unsigned char seal[SEAL_BYTES];

    seal_make(seal, bytes, size, 1);
    put(memory_file(i), seal, sizeof seal, (off_t)size);
    return name;
}

void fuzz_begin(void)
{
    log_open(1, LOG_NORMAL); /* only rank 0 prints */
    err_clear();
    live = mem_live();
}

void fuzz_end(enum err e, const char *path)
{
    if (e == ERR_NONE)
        FUZZ_CHECK(err_message()[0] == '\0');
    else
        FUZZ_CHECK(strstr(err_message(), path));
    FUZZ_CHECK(mem_live() == live);
    err_clear();
}

void fuzz_set(struct conf *conf, const struct conf_section *s, const char *name,
              const char *value)
{
    conf_set(conf, s, conf_find_row(s, name), value, "fuzz", 0);
    FUZZ_CHECK(conf_errors(conf) == 0);
}

struct conf *fuzz_data_conf(const char *format, int files,
                            const char *const path[])
{
    static const struct conf_section *const sections[] = {&data_section,
                                                          &synthetic_section};
    struct conf *conf = conf_new(sections, 2);
    char list[FUZZ_FILES * 32] = "";

    for (int i = 0; i < files; i++) {
        strcat(list, i > 0 ? "\n" : "");
        strcat(list, path[i]);
    }
    fuzz_set(conf, &data_section, "format", format);
    fuzz_set(conf, &data_section, "files", list);
    return conf;
}

enum err fuzz_read_data(const struct conf *conf)
{
    struct data *d;
    enum err e = data_open(&d, NULL, conf, 1);

    data_close(d);
    return e;
}
