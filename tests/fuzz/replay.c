/* SPDX-License-Identifier: MIT */
/* The driver of a target where there is no libFuzzer: first the files given, then
 * as many mutants of them as asked for, always the same ones.
 *
 *     TARGET [-runs=N] [-seed=N] [FILE|FOLDER]...
 *
 * An input that takes over SECONDS, or a crash, ends it; the input is then in the
 * file crash-input, to be replayed. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "fuzz.h"

enum { SEEDS_MAX = 256, ROOM = 1 << 16, SECONDS = 20, EDITS = 6 };

struct bytes {
    size_t size;
    unsigned char *at;
};

static struct bytes seeds[SEEDS_MAX];
static int seed_count;

/* What is run now, for save(). */
static unsigned char input[ROOM];
static size_t input_size;
static long executions;

/* Only what a signal handler may do. */
static void save(int number)
{
    int file = open("crash-input", O_WRONLY | O_CREAT | O_TRUNC, 0666);

    if (file >= 0 && write(file, input, input_size) >= 0)
        (void)close(file);
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void run_input(void)
{
    (void)alarm(SECONDS);
    (void)LLVMFuzzerTestOneInput(input, input_size);
    (void)alarm(0);
    executions++;
}

static void load(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct bytes b;

    FUZZ_CHECK(f && seed_count < SEEDS_MAX);
    b.at = MEM_NEW(unsigned char, ROOM);
    b.size = fread(b.at, 1, ROOM, f);
    (void)fclose(f);
    seeds[seed_count++] = b;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* In the order of the names, which no locale changes. */
static void load_folder(const char *folder)
{
    struct dirent **list;
    int n = scandir(folder, &list, NULL, by_name);

    FUZZ_CHECK(n >= 0);
    for (int i = 0; i < n; i++) {
        char path[PATH_MAX];

        (void)snprintf(path, sizeof path, "%s/%s", folder, list[i]->d_name);
        if (list[i]->d_name[0] != '.')
            load(path);
        free(list[i]);
    }
    free(list);
}

static void load_all(const char *path)
{
    struct stat s;

    FUZZ_CHECK(stat(path, &s) == 0);
    if (S_ISDIR(s.st_mode))
        load_folder(path);
    else
        load(path);
}

static size_t place(struct rng *r, size_t size)
{
    return size > 0 ? (size_t)rng_below(r, (int)size) : 0;
}

/* Numbers at which programs break, of 1, 2, 4 or 8 bytes of either order. */
static void set_number(struct rng *r)
{
    static const int64_t numbers[] = {
        0,   1,     -1,        127,       128,       255,
        256, 65535, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
    size_t n = (size_t)1 << rng_below(r, 4), at = place(r, input_size);
    int64_t x = numbers[rng_below(r, sizeof numbers / sizeof numbers[0])];
    bool reverse = rng_below(r, 2);

    for (size_t i = 0; i < n && at + i < input_size; i++)
        input[at + i] = (unsigned char)(x >> (8 * (reverse ? n - 1 - i : i)));
}

static void insert(struct rng *r)
{
    size_t n = 1 + place(r, 8), at = place(r, input_size);

    if (input_size + n > ROOM)
        return;
    memmove(input + at + n, input + at, input_size - at);
    for (size_t i = 0; i < n; i++)
        input[at + i] = (unsigned char)rng_below(r, 256);
    input_size += n;
}

static void cut_out(struct rng *r)
{
    size_t at = place(r, input_size), n = 1 + place(r, 16);

    if (at + n > input_size)
        n = input_size - at;
    memmove(input + at, input + at + n, input_size - at - n);
    input_size -= n;
}

/* A piece of another seed, over what is there. */
static void cross(struct rng *r)
{
    const struct bytes *other = &seeds[rng_below(r, seed_count)];
    size_t from = place(r, other->size), at = place(r, input_size);
    size_t n = 1 + place(r, 64);

    for (size_t i = 0; i < n; i++)
        if (from + i < other->size && at + i < input_size)
            input[at + i] = other->at[from + i];
}

static void flip(struct rng *r)
{
    if (input_size > 0)
        input[place(r, input_size)] ^= (unsigned char)(1 << rng_below(r, 8));
}

static void mutate(struct rng *r)
{
    static void (*const edits[])(struct rng *) = {flip,   flip,    set_number,
                                                  insert, cut_out, cross};
    const struct bytes *seed = &seeds[rng_below(r, seed_count)];
    int n = 1 + rng_below(r, EDITS);

    memcpy(input, seed->at, seed->size);
    input_size = seed->size;
    for (int i = 0; i < n; i++)
        edits[rng_below(r, sizeof edits / sizeof edits[0])](r);
    if (rng_below(r, 16) == 0)
        input_size = place(r, input_size);
}

static void run_all(long runs, long seed)
{
    struct rng r = rng_stream((uint64_t)seed, RNG_TEST, 0);

    for (int i = 0; i < seed_count; i++) {
        memcpy(input, seeds[i].at, seeds[i].size);
        input_size = seeds[i].size;
        run_input();
    }
    for (long i = 0; i < runs; i++) {
        mutate(&r);
        run_input();
    }
}

int main(int argc, char **argv)
{
    long runs = 0, seed = 1;

    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "-runs=", 6) == 0)
            runs = atol(argv[i] + 6);
        else if (strncmp(argv[i], "-seed=", 6) == 0)
            seed = atol(argv[i] + 6);
        else
            load_all(argv[i]);
    }
    FUZZ_CHECK(seed_count > 0);
    (void)signal(SIGABRT, save);
    (void)signal(SIGSEGV, save);
    (void)signal(SIGBUS, save);
    (void)signal(SIGALRM, save);
    run_all(runs, seed);
    for (int i = 0; i < seed_count; i++)
        mem_free(seeds[i].at);
    printf("Done %ld runs\n", executions);
    return 0;
}
