/* SPDX-License-Identifier: MIT */
/* Peak and bandwidths: the best of many short trials, since whatever disturbs a
 * trial makes it slower.  The roofline is that of Williams et al. 2009, with the
 * bandwidth of the level that holds all the work touches. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/place.h"
#include "bench.h"
#include "loops.h"

const char *const level_names[LEVELS] = {"L2", "L3", "DRAM"};

static const struct loops *loops_of(const char *variant)
{
    static const struct loops *const all[] = {
        &loops_portable,
#ifdef HAVE_X86_KERNELS
        &loops_avx2,
        &loops_avx512,
#endif
    };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (strcmp(all[i]->variant, variant) == 0)
            return all[i];
    err_die(__FILE__, __LINE__, variant);
}

static double measure_peak(const struct loops *l, double seconds)
{
    enum { TURNS = 20000 };
    double best = 0, end = comm_clock() + seconds;
    volatile float sink;

    do {
        double start = comm_clock();
        float x;

        l->compute(&x, TURNS);
        sink = x;
        best = fmax(best, TURNS * l->flop / (comm_clock() - start));
    } while (comm_clock() < end);
    (void)sink;
    return best;
}

/* Bytes/s of three arrays that take so many bytes together. */
static double measure_bandwidth(const struct loops *l, double bytes,
                                double seconds)
{
    size_t n = (size_t)bytes / (3 * sizeof(float)) / 16 * 16;
    int turns = 1 + (int)(4e6 / bytes);
    float *x = MEM_NEW(float, 3 * n);
    double best = 0, end = comm_clock() + seconds;

    l->triad(x, x + n, x + 2 * n, n);
    do {
        double start = comm_clock();

        for (int i = 0; i < turns; i++)
            l->triad(x, x + n, x + 2 * n, n);
        best = fmax(best, turns * 3.0 * (double)(n * sizeof(float)) /
                              (comm_clock() - start));
    } while (comm_clock() < end);
    mem_free(x);
    return best;
}

/* A number that Linux tells of a cache of core 0 (sizes in KiB); 0: none. */
static int read_cache(int index, const char *name)
{
    char path[96];
    FILE *file;
    int value = 0;

    (void)snprintf(path, sizeof path,
                   "/sys/devices/system/cpu/cpu0/cache/index%d/%s", index,
                   name);
    file = fopen(path, "r");
    if (!file)
        return 0;
    if (fscanf(file, "%d", &value) != 1)
        value = 0;
    (void)fclose(file);
    return value;
}

/* Size of the cache of a level, a usual one if Linux does not say. */
static double cache_bytes(int level)
{
    for (int i = 0; i < 8; i++)
        if (read_cache(i, "level") == level && read_cache(i, "size") > 0)
            return 1024.0 * read_cache(i, "size");
    return level == 2 ? 0x1p20 : 0x1p25;
}

void machine_measure(struct machine *m, const char *variant, double seconds)
{
    const struct loops *l = loops_of(variant);
    struct place *p = place_new();

    place_describe(p, m->about, sizeof m->about);
    place_free(p);
    m->bytes[LEVEL_L2] = cache_bytes(2);
    m->bytes[LEVEL_L3] = cache_bytes(3);
    m->bytes[LEVEL_DRAM] = HUGE_VAL;
    m->peak = measure_peak(l, seconds);
    for (int i = 0; i < LEVELS; i++)
        m->bandwidth[i] = measure_bandwidth(
            l, i == LEVEL_DRAM ? 4 * m->bytes[LEVEL_L3] : m->bytes[i] / 2,
            seconds);
}

double machine_bound(const struct machine *m, double flop, double bytes)
{
    int level = 0;

    while (bytes > m->bytes[level])
        level++;
    return fmin(m->peak, flop * m->bandwidth[level] / bytes);
}
