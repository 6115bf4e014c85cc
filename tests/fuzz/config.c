/* SPDX-License-Identifier: MIT */
/* An input file: read, completed, checked; a good one is printed, read back, and
 * its space opened. */
#include <string.h>

#include "base/mem.h"
#include "fuzz.h"
#include "run/input.h"
#include "run/settings.h"
#include "space/space.h"

/* What was noted names a place, and something was noted if it cannot be used. */
static void look_at_errors(const struct conf *conf, enum err e)
{
    FUZZ_CHECK(e == ERR_NONE || conf_errors(conf) > 0);
    for (int i = 0; i < conf_errors(conf); i++)
        FUZZ_CHECK(strchr(conf_error(conf, i), ':'));
}

static char *text_of(const struct conf *conf)
{
    struct space s;

    space_open(&s, conf);
    FUZZ_CHECK(space_size(&s) >= 1);
    return conf_print(conf, false);
}

/* Printed settings give the same settings. */
static void read_back(const char *text)
{
    const char *path = fuzz_file(1, text, strlen(text));
    struct conf *conf = settings_new();
    char *again;

    FUZZ_CHECK(input_read(conf, path) == ERR_NONE);
    conf_check(conf);
    FUZZ_CHECK(conf_errors(conf) == 0);
    again = conf_print(conf, false);
    FUZZ_CHECK(strcmp(again, text) == 0);
    mem_free(again);
    conf_free(conf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(0, data, size);
    struct conf *conf;
    enum err e;

    fuzz_begin();
    conf = settings_new();
    e = input_read(conf, path);
    if (e == ERR_NONE) {
        settings_complete(conf);
        conf_check(conf);
    }
    look_at_errors(conf, e);
    err_clear();
    if (conf_errors(conf) == 0) {
        char *text = text_of(conf);

        read_back(text);
        mem_free(text);
    }
    conf_free(conf);
    fuzz_end(ERR_NONE, path);
    return 0;
}
