/* SPDX-License-Identifier: MIT */
#include "data_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/log.h"
#include "base/mem.h"

static char folder[] = "fnas-data-XXXXXX"; /* where the test is run */

static const char *const names[] = {"a", "b"};

const char *files_path(const char *name)
{
    static char paths[4][64];
    static int next;
    char *path = paths[next++ % 4];

    (void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

void files_write(const char *name, const void *bytes, size_t n)
{
    FILE *f;

    /* A file cut to nothing and written again is flushed by some systems. */
    (void)remove(files_path(name));
    f = fopen(files_path(name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

size_t files_read(const char *name, unsigned char *bytes)
{
    FILE *f = fopen(files_path(name), "rb");
    size_t n;

    assert_non_null(f);
    n = fread(bytes, 1, FILE_MAX, f);
    assert_int_equal(fclose(f), 0);
    return n;
}

void files_write_gz(const char *name, const void *bytes, size_t n)
{
    gzFile f = gzopen(files_path(name), "wb");

    assert_non_null(f);
    assert_int_equal(gzwrite(f, bytes, (unsigned)n), n);
    assert_int_equal(gzclose(f), Z_OK);
}

/* Bytes in hexadecimal; "xx*n" is n times xx. */
size_t files_bytes(const char *text, unsigned char *bytes)
{
    size_t n = 0;

    for (char *end = NULL; *(text += strspn(text, " ")) != '\0';) {
        char digits[3] = {text[0], text[1], '\0'};
        long times = 1;

        text += 2;
        if (*text == '*') {
            times = strtol(text + 1, &end, 10);
            text = end;
        }
        assert_true(n + (size_t)times <= FILE_MAX);
        memset(bytes + n, (int)strtol(digits, NULL, 16), (size_t)times);
        n += (size_t)times;
    }
    return n;
}

/* NULL: no file; "/": a folder. */
void files_make(const char *name, const char *text)
{
    static unsigned char bytes[FILE_MAX];

    (void)remove(files_path(name));
    if (text && text[0] == '/')
        assert_int_equal(mkdir(files_path(name), 0700), 0);
    else if (text)
        files_write(name, bytes, files_bytes(text, bytes));
}

void files_set(struct conf *conf, const struct conf_section *s,
               const char *name, const char *value)
{
    conf_set(conf, s, conf_find_row(s, name), value, "test", 0);
    assert_int_equal(conf_errors(conf), 0);
}

struct conf *files_conf(const char *format, int files)
{
    static const struct conf_section *const sections[] = {&data_section,
                                                          &synthetic_section};
    struct conf *conf = conf_new(sections, 2);
    char list[256] = "";

    files_set(conf, &data_section, "format", format);
    for (int i = 0; i < files; i++) {
        strcat(list, i > 0 ? "\n" : "");
        strcat(list, files_path(names[i]));
    }
    if (files > 0)
        files_set(conf, &data_section, "files", list);
    conf_check(conf);
    assert_int_equal(conf_errors(conf), 0);
    return conf;
}

enum err files_open(struct data **d, const char *format, int files)
{
    struct conf *conf = files_conf(format, files);
    enum err e;

    err_clear();
    e = data_open(d, NULL, conf, SEED);
    conf_free(conf);
    return e;
}

struct data *files_must_open(const char *format, int files)
{
    struct data *d;

    if (files_open(&d, format, files) != ERR_NONE)
        fail_msg("%s", err_message());
    return d;
}

/* A file with /train/images and /train/labels; NULL: without. */
void files_make_h5(const struct h5_array *images, const void *image,
                   const struct h5_array *labels, const void *label,
                   const char *class_names)
{
    struct h5 *h = h5_new();
    void *bytes;
    size_t n;

    if (images)
        assert_int_equal(h5_write(h, images, image), ERR_NONE);
    if (labels)
        assert_int_equal(h5_write(h, labels, label), ERR_NONE);
    if (class_names)
        assert_int_equal(
            h5_set_attribute(h, "/train/labels", "class_names", class_names),
            ERR_NONE);
    assert_int_equal(h5_image(h, &bytes, &n), ERR_NONE);
    h5_close(h);
    files_write("a", bytes, n);
    mem_free(bytes);
}

int files_start(void **state)
{
    (void)state;
    log_open(1, LOG_NORMAL); /* warnings are rank 0's to print */
    return mkdtemp(folder) ? 0 : -1;
}

int files_end(void **state)
{
    (void)state;
    (void)remove(files_path("a"));
    (void)remove(files_path("b"));
    return rmdir(folder);
}
