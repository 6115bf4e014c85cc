/* SPDX-License-Identifier: MIT */
#include "run/store.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/seal.h"

static enum err trouble(const char *doing, const char *path)
{
    return ERR(ERR_IO, "%s: cannot %s: %s", path, doing, strerror(errno));
}

static enum err name_of(char *name, size_t size, const char *path)
{
    int n = snprintf(name, size, "%s.tmp", path);

    if (n < 0 || (size_t)n >= size)
        return ERR(ERR_IO, "%s: the name is too long", path);
    return ERR_NONE;
}

/* What is published: the contents, and their seal. */
struct sealed {
    const void *bytes;
    size_t size;
    unsigned char seal[SEAL_BYTES];
};

static enum err write_all(int file, const struct sealed *s, const char *path)
{
    if (!bytes_write(file, s->bytes, s->size) ||
        !bytes_write(file, s->seal, SEAL_BYTES))
        return trouble("write", path);
    return fsync(file) == 0 ? ERR_NONE : trouble("fsync", path);
}

static enum err write_file(const char *path, const struct sealed *s)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    enum err e;

    if (file < 0)
        return trouble("create", path);
    e = write_all(file, s, path);
    if (close(file) != 0 && e == ERR_NONE)
        e = trouble("close", path);
    return e;
}

/* The folder of `path`; dirname writes on its argument. */
static const char *folder_of(char copy[PATH_MAX], const char *path)
{
    (void)snprintf(copy, PATH_MAX, "%s", path);
    return dirname(copy);
}

/* Some file systems cannot sync a folder; the rename stands all the same. */
static void sync_folder(const char *path)
{
    char copy[PATH_MAX];
    int folder = open(folder_of(copy, path), O_RDONLY);

    if (folder < 0)
        return;
    (void)fsync(folder);
    (void)close(folder);
}

enum err store_publish(const char *path, const void *bytes, size_t size)
{
    struct sealed s = {.bytes = bytes, .size = size};
    char temporary[PATH_MAX];
    enum err e;

    TRY(name_of(temporary, sizeof temporary, path));
    seal_make(s.seal, bytes, size, seal_generation(path) + 1);
    e = write_file(temporary, &s);
    if (e == ERR_NONE && rename(temporary, path) != 0)
        e = trouble("rename to it", path);
    if (e != ERR_NONE)
        (void)unlink(temporary);
    else
        sync_folder(path);
    return e;
}

enum err store_publish_h5(const char *path, struct h5 *h)
{
    void *bytes;
    size_t size;
    enum err e;

    TRY(h5_image(h, &bytes, &size));
    e = store_publish(path, bytes, size);
    mem_free(bytes);
    return e;
}

bool store_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

void store_set_aside(const char *path)
{
    char aside[PATH_MAX];
    struct seal s;

    (void)snprintf(aside, sizeof aside, "%s.damaged", path);
    if (store_exists(path) && seal_check(path, &s) == ERR_DATA &&
        rename(path, aside) == 0)
        log_warn("%s; it is kept as %s", err_message(), aside);
    err_clear();
}

enum err store_remove(const char *path)
{
    return unlink(path) == 0 ? ERR_NONE : trouble("remove", path);
}

enum err store_ready(const char *path, bool force)
{
    char copy[PATH_MAX];
    struct stat s;
    const char *folder = folder_of(copy, path);

    if (stat(folder, &s) != 0 || !S_ISDIR(s.st_mode))
        return ERR(ERR_IO, "%s: there is no folder %s to write it to", path,
                   folder);
    if (access(folder, W_OK) != 0)
        return ERR(ERR_IO, "%s: the folder %s cannot be written to", path,
                   folder);
    if (stat(path, &s) != 0)
        return ERR_NONE;
    if (!S_ISREG(s.st_mode))
        return ERR(ERR_IO, "%s: exists and is not a file", path);
    if (!force)
        return ERR(ERR_IO,
                   "%s: exists; choose another run.name, move it away, or "
                   "overwrite it with --force",
                   path);
    return ERR_NONE;
}
