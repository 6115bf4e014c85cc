/* SPDX-License-Identifier: MIT */
/* One report: the first error since err_clear(). */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static struct {
    char message[1024];
    char origin[256];
    void (*stop)(int exit_code);
} report;

enum err err_raise(enum err code, const char *file, int line,
                   const char *format, ...)
{
    va_list args;

    if (report.message[0] != '\0')
        return code;
    va_start(args, format);
    (void)vsnprintf(report.message, sizeof report.message, format, args);
    va_end(args);
    (void)snprintf(report.origin, sizeof report.origin, "%s:%d", file, line);
    return code;
}

const char *err_message(void)
{
    return report.message;
}

const char *err_origin(void)
{
    return report.origin;
}

void err_clear(void)
{
    report.message[0] = '\0';
    report.origin[0] = '\0';
}

const char *err_text(enum err code)
{
#define ERR_TEXT(name, exit_code, text) text,
    static const char *const texts[] = {ERR_LIST(ERR_TEXT)};

    return texts[code];
}

int err_exit_code(enum err code)
{
#define ERR_CODE(name, exit_code, text) exit_code,
    static const int codes[] = {ERR_LIST(ERR_CODE)};

    return codes[code];
}

void err_set_stop(void (*stop)(int exit_code))
{
    report.stop = stop;
}

void err_die(const char *file, int line, const char *what)
{
    fprintf(stderr, "fnas: internal error: %s:%d: %s\n", file, line, what);
    if (report.stop)
        report.stop(err_exit_code(ERR_INTERNAL));
    abort();
}
