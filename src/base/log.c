/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

static struct {
    int rank;
    int warnings;
    enum log_level level;
} self = {.level = LOG_NORMAL};

void log_open(int rank, enum log_level level)
{
    self.rank = rank;
    self.level = level;
}

PRINTF_LIKE(2, 0)
static void line(const char *kind, const char *format, va_list args)
{
    char text[2048];

    (void)vsnprintf(text, sizeof text, format, args);
    if (self.rank == 0)
        fprintf(stderr, "fnas: %s%s\n", kind, text);
    else
        fprintf(stderr, "fnas: rank %d: %s%s\n", self.rank, kind, text);
}

void log_print(const char *format, ...)
{
    va_list args;

    if (self.rank != 0 || self.level == LOG_QUIET)
        return;
    va_start(args, format);
    (void)vprintf(format, args);
    va_end(args);
    fflush(stdout);
}

void log_result(const char *format, ...)
{
    va_list args;

    if (self.rank != 0)
        return;
    va_start(args, format);
    (void)vprintf(format, args);
    va_end(args);
    fflush(stdout);
}

void log_debug(const char *format, ...)
{
    va_list args;

    if (self.level < LOG_DEBUG)
        return;
    va_start(args, format);
    line("debug: ", format, args);
    va_end(args);
}

void log_warn(const char *format, ...)
{
    va_list args;

    if (self.rank != 0)
        return;
    self.warnings++;
    va_start(args, format);
    line("warning: ", format, args);
    va_end(args);
}

int log_warnings(void)
{
    return self.warnings;
}

void log_error(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    line("error: ", format, args);
    va_end(args);
}
