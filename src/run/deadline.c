/* SPDX-License-Identifier: MIT */
#include "run/deadline.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/comm.h"
#include "base/err.h"

/* Made beforehand, as a handler may only write and end. */
static char message[512];

static void end(int signal)
{
    (void)signal;
    (void)!write(STDERR_FILENO, message, strlen(message));
    _exit(err_exit_code(ERR_STOPPED));
}

void deadline_set(double seconds, const char *what)
{
    double whole = fmin(ceil(seconds), 1e9);

    (void)snprintf(message, sizeof message,
                   "fnas: error: %s: no end of %s after %.0f s (run.watch); to "
                   "go on: --restart\n",
                   comm_host(), what, whole);
    (void)signal(SIGALRM, end);
    (void)alarm((unsigned)whole);
}

void deadline_end(void)
{
    (void)alarm(0);
}
