/* SPDX-License-Identifier: MIT */
#include "base/place.h"

#include <hwloc.h>
#include <stdio.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"

struct place {
    hwloc_topology_t topology;
};

struct place *place_new(void)
{
    struct place *p = MEM_NEW(struct place, 1);

    CHECK(hwloc_topology_init(&p->topology) == 0);
    CHECK(hwloc_topology_load(p->topology) == 0);
    return p;
}

void place_free(struct place *p)
{
    if (p)
        hwloc_topology_destroy(p->topology);
    mem_free(p);
}

/* What we may use, or the whole machine where the system cannot tell. */
static hwloc_bitmap_t allowed(const struct place *p)
{
    hwloc_bitmap_t set = hwloc_bitmap_alloc();

    if (hwloc_get_cpubind(p->topology, set, HWLOC_CPUBIND_PROCESS) != 0)
        (void)hwloc_bitmap_copy(set,
                                hwloc_topology_get_allowed_cpuset(p->topology));
    (void)hwloc_bitmap_and(set, set,
                           hwloc_topology_get_allowed_cpuset(p->topology));
    return set;
}

void place_allowed(const struct place *p, char text[PLACE_TEXT_MAX])
{
    hwloc_bitmap_t set = allowed(p);

    (void)hwloc_bitmap_snprintf(text, PLACE_TEXT_MAX, set);
    hwloc_bitmap_free(set);
}

void place_list(const struct place *p, char text[PLACE_TEXT_MAX])
{
    hwloc_bitmap_t set = allowed(p);

    (void)hwloc_bitmap_list_snprintf(text, PLACE_TEXT_MAX, set);
    hwloc_bitmap_free(set);
}

int place_count(const char *set)
{
    hwloc_bitmap_t bits = hwloc_bitmap_alloc();
    int n;

    (void)hwloc_bitmap_sscanf(bits, set);
    n = hwloc_bitmap_weight(bits);
    hwloc_bitmap_free(bits);
    return n;
}

void place_union(char into[PLACE_TEXT_MAX], const char *other)
{
    hwloc_bitmap_t a = hwloc_bitmap_alloc(), b = hwloc_bitmap_alloc();

    (void)hwloc_bitmap_sscanf(a, into);
    (void)hwloc_bitmap_sscanf(b, other);
    (void)hwloc_bitmap_or(a, a, b);
    (void)hwloc_bitmap_snprintf(into, PLACE_TEXT_MAX, a);
    hwloc_bitmap_free(a);
    hwloc_bitmap_free(b);
}

bool place_bind(const struct place *p, const char *set, int n)
{
    hwloc_bitmap_t bits = hwloc_bitmap_alloc();
    int count, core;
    bool bound = false;

    (void)hwloc_bitmap_sscanf(bits, set);
    count = hwloc_bitmap_weight(bits);
    if (count > 0) {
        core = hwloc_bitmap_first(bits);
        for (n %= count; n > 0; n--)
            core = hwloc_bitmap_next(bits, core);
        (void)hwloc_bitmap_only(bits, (unsigned)core);
        bound =
            hwloc_set_cpubind(p->topology, bits, HWLOC_CPUBIND_PROCESS) == 0;
    }
    hwloc_bitmap_free(bits);
    return bound;
}

void place_describe(const struct place *p, char *text, size_t size)
{
    hwloc_obj_t package =
        hwloc_get_obj_by_type(p->topology, HWLOC_OBJ_PACKAGE, 0);
    const char *model =
        package ? hwloc_obj_get_info_by_name(package, "CPUModel") : NULL;
    int cores = hwloc_get_nbobjs_by_type(p->topology, HWLOC_OBJ_CORE);
    int nodes = hwloc_get_nbobjs_by_type(p->topology, HWLOC_OBJ_NUMANODE);

    (void)snprintf(text, size, "%s, %d core%s, %d NUMA node%s, %.1f GiB",
                   model ? model : "unknown CPU", cores, cores == 1 ? "" : "s",
                   nodes, nodes == 1 ? "" : "s",
                   (double)place_memory() / (1 << 30));
}

/* The system's word: some virtual machines tell hwloc of one part only. */
size_t place_memory(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);

    return pages > 0 && bytes > 0 ? (size_t)pages * (size_t)bytes : 0;
}

const char *place_version(void)
{
    static char text[32];
    unsigned v = hwloc_get_api_version();

    (void)snprintf(text, sizeof text, "%u.%u.%u", v >> 16, v >> 8 & 255,
                   v & 255);
    return text;
}
