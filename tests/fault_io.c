/* SPDX-License-Identifier: MIT */
/* A disk that fails when told to; loaded into a program by LD_PRELOAD.
 *
 * Every call that changes a file below FAULT_DIR has a number, from 1.  At the
 * call FAULT_AT:
 *
 *     FAULT=kill    the process is killed before it
 *     FAULT=torn    the process is killed after half of it was written
 *     FAULT=power   the power fails: killed, and of each file what was not synced
 *                   is lost, kept, or cut anywhere (FAULT_SEED)
 *     FAULT=full    it fails, as all later ones do: no space is left
 *     FAULT=quota   the same, but for the reason
 *     FAULT=error   it fails once: input/output error
 *     FAULT=hang    it never returns
 *
 * FAULT=unread: what was written and has no name any more cannot be read.
 * FAULT_LOCKS=no: files cannot be locked.  FAULT_COUNT: a file to which the
 * number of calls goes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 256 };

/* A file that was written, and what of it is safe on disk. */
static struct file {
    ino_t inode;
    char path[PATH_MAX];
    char *safe;
    size_t size;
} files[FILES_MAX];

static int file_count, calls;

#define NEXT(name, type)                                                       \
    static type next;                                                          \
    if (!next)                                                                 \
    *(void **)&next = dlsym(RTLD_NEXT, name)

typedef int open_function(const char *, int, ...);
typedef ssize_t write_function(int, const void *, size_t);
typedef ssize_t pread_function(int, void *, size_t, off_t);
typedef ssize_t pwrite_function(int, const void *, size_t, off_t);
typedef int truncate_function(int, off_t);
typedef int allocate_function(int, int, off_t, off_t);
typedef int sync_function(int);
typedef int rename_function(const char *, const char *);
typedef int unlink_function(const char *);
typedef int fcntl_function(int, int, ...);

static int real_open(const char *path, int flags, mode_t mode)
{
    NEXT("open", open_function *);
    return next(path, flags, mode);
}

static ssize_t real_pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    NEXT("pwrite", pwrite_function *);
    return next(fd, bytes, n, at);
}

static int real_truncate(int fd, off_t size)
{
    NEXT("ftruncate", truncate_function *);
    return next(fd, size);
}

static const char *setting(const char *name)
{
    const char *value = getenv(name);

    return value ? value : "";
}

static bool is_fault(const char *kind)
{
    return strcmp(setting("FAULT"), kind) == 0;
}

static bool watched(const char *path)
{
    const char *folder = setting("FAULT_DIR");

    return *folder && strncmp(path, folder, strlen(folder)) == 0;
}

static bool watched_fd(int fd)
{
    char link[64], path[PATH_MAX];
    ssize_t n;

    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    return watched(path);
}

static struct file *find(ino_t inode)
{
    for (int i = 0; i < file_count; i++)
        if (files[i].inode == inode)
            return &files[i];
    return NULL;
}

/* All that is in the file now is safe. */
static void save(struct file *f, int fd)
{
    struct stat s;
    char own[64];
    int in;

    (void)snprintf(own, sizeof own, "/proc/self/fd/%d", fd);
    in = real_open(own, O_RDONLY, 0);
    if (in < 0 || fstat(in, &s) != 0)
        abort();
    free(f->safe);
    f->safe = malloc((size_t)s.st_size + 1);
    f->size = (size_t)s.st_size;
    if (!f->safe || pread(in, f->safe, f->size, 0) != (ssize_t)f->size)
        abort();
    (void)close(in);
}

/* A file was opened for writing; `fresh`: it was not there before. */
static void track(int fd, const char *path, bool fresh)
{
    struct stat s;
    struct file *f;

    if (fstat(fd, &s) != 0 || !S_ISREG(s.st_mode))
        return;
    f = find(s.st_ino);
    if (!f) {
        if (file_count == FILES_MAX)
            abort();
        f = &files[file_count++];
        f->inode = s.st_ino;
        if (!fresh)
            save(f, fd);
    }
    (void)snprintf(f->path, sizeof f->path, "%s", path);
}

static void lose_unsynced(const struct file *f)
{
    int fd = real_open(f->path, O_RDWR, 0);
    struct stat s;

    if (fd < 0 || fstat(fd, &s) != 0 || s.st_ino != f->inode)
        return;
    switch (rand() % 3) {
    case 0:
        break;
    case 1:
        if (s.st_size > (off_t)f->size)
            (void)real_truncate(fd, (off_t)f->size +
                                        rand() % (s.st_size - (off_t)f->size));
        break;
    default:
        (void)real_truncate(fd, 0);
        if (f->size > 0 &&
            real_pwrite(fd, f->safe, f->size, 0) != (ssize_t)f->size)
            abort();
    }
    (void)close(fd);
}

static void die(void)
{
    if (is_fault("power")) {
        srand((unsigned)atoi(setting("FAULT_SEED")));
        for (int i = 0; i < file_count; i++)
            lose_unsynced(&files[i]);
    }
    (void)kill(getpid(), SIGKILL);
    for (;;)
        (void)pause();
}

enum verdict { GO, FAIL, TEAR };

/* What becomes of the next call. */
static enum verdict next_call(void)
{
    int at = atoi(setting("FAULT_AT"));

    calls++;
    if (at <= 0 || calls < at)
        return GO;
    if (is_fault("full") || is_fault("quota")) {
        errno = is_fault("full") ? ENOSPC : EDQUOT;
        return FAIL;
    }
    if (calls > at)
        return GO;
    if (is_fault("error")) {
        errno = EIO;
        return FAIL;
    }
    if (is_fault("torn"))
        return TEAR;
    if (is_fault("kill") || is_fault("power"))
        die();
    while (is_fault("hang"))
        (void)pause();
    return GO;
}

/* Calls that cannot be half done. */
static bool fails(void)
{
    enum verdict v = next_call();

    if (v == TEAR)
        die();
    return v == FAIL;
}

int open(const char *path, int flags, ...)
{
    bool fresh = access(path, F_OK) != 0;
    mode_t mode = 0;
    va_list list;
    int fd;

    if (flags & O_CREAT) {
        va_start(list, flags);
        mode = va_arg(list, mode_t);
        va_end(list);
    }
    if (!watched(path) || !(flags & (O_CREAT | O_TRUNC)))
        return real_open(path, flags, mode);
    if (fails())
        return -1;
    fd = real_open(path, flags, mode);
    if (fd >= 0)
        track(fd, path, fresh);
    return fd;
}

ssize_t write(int fd, const void *bytes, size_t n)
{
    NEXT("write", write_function *);
    enum verdict v = watched_fd(fd) ? next_call() : GO;

    if (v == FAIL)
        return -1;
    if (v == TEAR) {
        (void)!next(fd, bytes, n / 2);
        die();
    }
    return next(fd, bytes, n);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    enum verdict v = watched_fd(fd) ? next_call() : GO;

    if (v == FAIL)
        return -1;
    if (v == TEAR) {
        (void)!real_pwrite(fd, bytes, n / 2, at);
        die();
    }
    return real_pwrite(fd, bytes, n, at);
}

ssize_t pread(int fd, void *bytes, size_t n, off_t at)
{
    NEXT("pread", pread_function *);
    struct stat s;

    if (!is_fault("unread") || !watched_fd(fd) || fstat(fd, &s) != 0 ||
        s.st_nlink > 0)
        return next(fd, bytes, n, at);
    errno = EIO;
    return -1;
}

int ftruncate(int fd, off_t size)
{
    return watched_fd(fd) && fails() ? -1 : real_truncate(fd, size);
}

int fallocate(int fd, int mode, off_t at, off_t size)
{
    NEXT("fallocate", allocate_function *);

    return watched_fd(fd) && fails() ? -1 : next(fd, mode, at, size);
}

int fsync(int fd)
{
    NEXT("fsync", sync_function *);
    struct stat s;
    struct file *f;
    int failed;

    if (!watched_fd(fd))
        return next(fd);
    if (fails())
        return -1;
    failed = next(fd);
    f = failed || fstat(fd, &s) != 0 ? NULL : find(s.st_ino);
    if (f)
        save(f, fd);
    return failed;
}

int rename(const char *from, const char *to)
{
    NEXT("rename", rename_function *);
    struct stat s;
    struct file *f;

    if (!watched(to))
        return next(from, to);
    if (fails())
        return -1;
    f = stat(from, &s) == 0 ? find(s.st_ino) : NULL;
    if (f)
        (void)snprintf(f->path, sizeof f->path, "%s", to);
    return next(from, to);
}

int unlink(const char *path)
{
    NEXT("unlink", unlink_function *);

    if (watched(path) && access(path, F_OK) == 0 && fails())
        return -1;
    return next(path);
}

int fcntl(int fd, int command, ...)
{
    NEXT("fcntl", fcntl_function *);
    va_list list;
    void *argument;

    va_start(list, command);
    argument = va_arg(list, void *);
    va_end(list);
    if (command == F_SETLK && strcmp(setting("FAULT_LOCKS"), "no") == 0 &&
        watched_fd(fd)) {
        errno = ENOLCK;
        return -1;
    }
    return next(fd, command, argument);
}

__attribute__((destructor)) static void tell_calls(void)
{
    const char *path = setting("FAULT_COUNT");
    FILE *out = *path && calls > 0 ? fopen(path, "w") : NULL;

    if (!out)
        return;
    (void)fprintf(out, "%d\n", calls);
    (void)fclose(out);
}
