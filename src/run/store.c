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

static enum err create(struct draft *d, const char *path)
{
    *d = (struct draft){.path = path, .file = -1};
    TRY(name_of(d->temporary, sizeof d->temporary, path));
    d->file = open(d->temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return d->file < 0 ? trouble("create", d->temporary) : ERR_NONE;
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

/* Put the seal behind so many bytes. */
static enum err finish(const struct draft *d, int64_t size,
                       const unsigned char seal[SEAL_BYTES])
{
    if (!bytes_put(d->file, seal, SEAL_BYTES, size))
        return trouble("write", d->temporary);
    return fsync(d->file) == 0 ? ERR_NONE : trouble("fsync", d->temporary);
}

/* The old one, which may be missing, is out of the way. */
static enum err step_aside(const char *path, const char *before)
{
    if (!before || rename(path, before) == 0 || errno == ENOENT)
        return ERR_NONE;
    return trouble("rename to it", before);
}

/* The new file takes the place of the old one, if all went well. */
static enum err replace(struct draft *d, enum err e, const char *before)
{
    if (close(d->file) != 0 && e == ERR_NONE)
        e = trouble("close", d->temporary);
    if (e == ERR_NONE)
        e = step_aside(d->path, before);
    if (e == ERR_NONE && rename(d->temporary, d->path) != 0)
        e = trouble("rename to it", d->path);
    if (e != ERR_NONE)
        (void)unlink(d->temporary);
    else
        sync_folder(d->path);
    return e;
}

static enum err write_bytes(const struct draft *d, const void *bytes,
                            size_t size)
{
    unsigned char seal[SEAL_BYTES];

    seal_make(seal, bytes, size, seal_generation(d->path) + 1);
    if (!bytes_put(d->file, bytes, size, 0))
        return trouble("write", d->temporary);
    return finish(d, (int64_t)size, seal);
}

enum err store_publish(const char *path, const void *bytes, size_t size)
{
    struct draft d;

    TRY(create(&d, path));
    return replace(&d, write_bytes(&d, bytes, size), NULL);
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

enum err store_begin(struct draft *d, const char *path)
{
    TRY(create(d, path));
    d->h5 = h5_new_file(d->file);
    return ERR_NONE;
}

static enum err seal(const struct draft *d, int64_t size)
{
    unsigned char seal[SEAL_BYTES];

    TRY(seal_make_file(seal, d->file, d->temporary, size,
                       seal_generation(d->path) + 1));
    return finish(d, size, seal);
}

enum err store_end(struct draft *d, enum err e)
{
    return store_end_keeping(d, e, NULL);
}

enum err store_end_keeping(struct draft *d, enum err e, const char *before)
{
    int64_t size;
    enum err finished = h5_finish(d->h5, d->temporary, &size);

    if (e == ERR_NONE)
        e = finished;
    if (e == ERR_NONE)
        e = seal(d, size);
    return replace(d, e, before);
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
