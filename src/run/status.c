/* SPDX-License-Identifier: MIT */
/* How a run stands, from its results. */
#include <stdio.h>
#include <string.h>

#include "base/h5.h"
#include "run/results.h"
#include "run/store.h"

enum { STATUS_MAX = 64 };

static enum err read_status(const char *path, char status[STATUS_MAX])
{
    struct h5_array a;
    struct h5 *h;
    enum err e;

    TRY(h5_open(&h, path));
    e = h5_shape(h, "/run/status", &a);
    if (e == ERR_NONE &&
        (a.type != H5_TEXT || a.rank != 0 || a.width >= STATUS_MAX))
        e = ERR(ERR_DATA, "%s: /run/status is not a short text", path);
    memset(status, 0, STATUS_MAX);
    if (e == ERR_NONE)
        e = h5_read(h, "/run/status", H5_TEXT, status, 1);
    h5_close(h);
    return e;
}

static bool is(const char *status, enum run_status s)
{
    return strcmp(status, run_status_text(s)) == 0;
}

static bool has(const char *name, const char *ending, char *path, size_t size)
{
    (void)snprintf(path, size, "%s%s", name, ending);
    return store_exists(path);
}

/* A run that was killed before it published results has a journal only. */
enum err results_print_status(const char *name)
{
    char status[STATUS_MAX] = "not begun", path[CONF_TEXT_MAX + 16];

    if (has(name, ".journal", path, sizeof path))
        strcpy(status, "begun");
    if (has(name, ".h5", path, sizeof path))
        TRY(read_status(path, status));
    printf("%s: %s\n", name, status);
    if (is(status, RUN_COMPLETE) || is(status, RUN_EXHAUSTED))
        return ERR_NONE;
    return is(status, RUN_FAILED)
               ? ERR(ERR_FAILED, "the reasons are in /trials/reason of %s",
                     path)
               : ERR(ERR_STOPPED, "%s", "");
}
