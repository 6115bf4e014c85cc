/* SPDX-License-Identifier: MIT */
/* A child process reads the file first: all attributes, and the values of all
 * datasets that h5_read may be asked for, in pieces.
 *
 * It does nothing but that and ends by _exit, so that it is safe beside MPI and
 * leaves the parent's open files alone. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "h5_handle.h"

enum { PIECE = 16 << 20, TEXT_BYTES = 4096 };

/* What a file may take: seconds of a processor, more for each MiB (of small files,
 * which may hold a thousand times as much), so many times that of the wall; and
 * memory. */
enum { SECONDS = 5, SMALL = 64, MIB_A_SECOND = 16, PATIENCE = 6 };
enum { MEMORY = 1 << 30, MEMORY_FACTOR = 64 };

/* How the child ends, if by itself: unlike a library that gives up, which exits
 * with a small number, or one of its own. */
enum { READABLE = 100, NOT_HDF5, UNREADABLE };

/* One without its filter is as unreadable for us, in a harmless way. */
static bool has_filters(hid_t data)
{
    hid_t p = H5Dget_create_plist(data);
    int n = H5Pget_nfilters(p);
    bool all = n >= 0;

    for (int i = 0; i < n && all; i++) {
        unsigned flags, config;
        size_t values = 0;
        H5Z_filter_t f = H5Pget_filter2(p, (unsigned)i, &flags, &values, NULL,
                                        0, NULL, &config);

        all = f >= 0 && H5Zfilter_avail(f) > 0;
    }
    (void)H5Pclose(p);
    return all;
}

/* The shape of a dataset that h5_read reads; false: it reads none of it. */
static bool is_ours(struct h5 *h, hid_t data, struct h5_array *a)
{
    return has_filters(data) && h5_shape_of(h, data, a) == ERR_NONE;
}

static enum err read_values(struct h5 *h, hid_t data, const struct h5_array *a)
{
    size_t all = a->rank > 0 ? a->dims[0] : 1, rows = 1;
    size_t row = h5_value_bytes(a->type, a->width);
    enum err e = ERR_NONE;
    void *values;

    for (int i = 1; i < a->rank; i++)
        row *= a->dims[i];
    if (all == 0 || row == 0)
        return ERR_NONE;
    if (row < PIECE)
        rows = all < PIECE / row ? all : PIECE / row;
    values = malloc(rows * row);
    if (!values)
        return ERR(ERR_MEMORY, "%s", h->name);
    for (size_t i = 0; i < all && e == ERR_NONE; i += rows)
        e = h5_rows_of(h, data, a, a->type, values, i,
                       all - i < rows ? all - i : rows);
    free(values);
    return e;
}

static herr_t visit_attribute(hid_t object, const char *name,
                              const H5A_info_t *info, void *context)
{
    char text[TEXT_BYTES];
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);

    (void)info;
    (void)context;
    if (attribute >= 0)
        (void)h5_text_of(attribute, text, sizeof text);
    (void)H5Aclose(attribute);
    return 0;
}

static void read_attributes(hid_t object)
{
    hsize_t at = 0;

    (void)H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_NATIVE, &at,
                      visit_attribute, NULL);
}

/* What soft links lead to has a hard one, too. */
static herr_t visit_link(hid_t group, const char *name, const H5L_info_t *info,
                         void *context)
{
    struct h5 *h = context;
    struct h5_array a = {.path = name};
    hid_t data = -1;
    enum err e = ERR_NONE;

    if (info->type == H5L_TYPE_HARD)
        data = H5Dopen2(group, name, H5P_DEFAULT);
    if (data < 0)
        return 0;
    read_attributes(data);
    if (is_ours(h, data, &a))
        e = read_values(h, data, &a);
    (void)H5Dclose(data);
    return e == ERR_NONE ? 0 : -1;
}

static int read_through(const char *path, int64_t bytes)
{
    struct h5 *h;
    herr_t failed;

    if (h5_open_as_is(&h, path, bytes) != ERR_NONE)
        return NOT_HDF5;
    read_attributes(h->file);
    failed = H5Lvisit(h->file, H5_INDEX_NAME, H5_ITER_NATIVE, visit_link, h);
    h5_close(h);
    return failed < 0 ? UNREADABLE : READABLE;
}

static void limit(int what, double most)
{
    struct rlimit r;

    if (getrlimit(what, &r) != 0)
        return;
    if (r.rlim_max == RLIM_INFINITY || most < (double)r.rlim_max)
        r.rlim_cur = r.rlim_max = (rlim_t)most;
    (void)setrlimit(what, &r);
}

/* Pages that this process has now, of address space. */
static double memory_now(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    double pages = 0;

    if (f && fscanf(f, "%lf", &pages) != 1)
        pages = 0;
    if (f)
        (void)fclose(f);
    return pages * (double)sysconf(_SC_PAGESIZE);
}

/* Whoever handles signals in the parent, MPI or a test, has no business here. */
static void die_by_signals(void)
{
    static const int signals[] = {SIGALRM, SIGABRT, SIGBUS,
                                  SIGFPE,  SIGILL,  SIGSEGV};

    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        (void)signal(signals[i], SIG_DFL);
}

static void set_limits(int64_t bytes)
{
    int mib = (int)(bytes >> 20);
    int seconds = SECONDS + (mib < SMALL ? mib : SMALL) + mib / MIB_A_SECOND;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)alarm((unsigned)(seconds * PATIENCE));
    limit(RLIMIT_CPU, seconds);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_AS, memory_now() + MEMORY + MEMORY_FACTOR * (double)bytes);
}

/* What libraries say when they break is nothing for the user. */
static void fall_silent(void)
{
    int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);

    err_set_stop(NULL);
    (void)dup2(nothing, STDOUT_FILENO);
    (void)dup2(nothing, STDERR_FILENO);
}

static enum err verdict(const char *path, int status)
{
    int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    int found = WIFEXITED(status) ? WEXITSTATUS(status) : 0;

    if (found == READABLE)
        return ERR_NONE;
    if (found == NOT_HDF5)
        return ERR(ERR_DATA, "%s: not an HDF5 file, or damaged", path);
    if (found == UNREADABLE)
        return ERR(ERR_DATA,
                   "%s: damaged: what it says is in there cannot be read",
                   path);
    if (signal == SIGXCPU || signal == SIGALRM || signal == SIGKILL)
        return ERR(ERR_DATA,
                   "%s: damaged: HDF5 does not come to an end with it", path);
    return ERR(ERR_DATA, "%s: damaged: HDF5 crashes on it", path);
}

enum err h5_guard(const char *path, int64_t bytes)
{
    pid_t child = fork();
    int status = 0;

    if (child < 0)
        return ERR(ERR_IO, "%s: no process can be started to look at it: %s",
                   path, strerror(errno));
    if (child == 0) {
        die_by_signals();
        set_limits(bytes);
        fall_silent();
        _exit(read_through(path, bytes));
    }
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return ERR(ERR_IO, "%s: the process that looks at it is lost: %s",
                       path, strerror(errno));
    return verdict(path, status);
}
