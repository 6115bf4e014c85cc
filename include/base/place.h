/* SPDX-License-Identifier: MIT */
/* Where this rank runs: cores by hwloc, the only file with <hwloc.h>.
 *
 * Sets of cores travel between ranks as text ("0x00000003"). All Local. */
#ifndef BASE_PLACE_H
#define BASE_PLACE_H

#include <stdbool.h>
#include <stddef.h>

enum { PLACE_TEXT_MAX = 512 };

struct place;

/** Look at this machine. */
struct place *place_new(void);
void place_free(struct place *p);

/** Cores this rank may run on now, as a set; and as a list, "0-1,4". */
void place_allowed(const struct place *p, char text[PLACE_TEXT_MAX]);
void place_list(const struct place *p, char text[PLACE_TEXT_MAX]);

/** Number of cores in a set. */
int place_count(const char *set);

/** The union of two sets, into the first. */
void place_union(char into[PLACE_TEXT_MAX], const char *other);

/** Bind this rank to the n-th core (modulo their number) of a set; false if
 * the system does not let us. */
bool place_bind(const struct place *p, const char *set, int n);

/** What the machine is: "AMD EPYC, 2 cores, 1 NUMA node". */
void place_describe(const struct place *p, char *text, size_t size);

/** Memory of this machine, bytes. */
size_t place_memory(void);

/** hwloc's version, "2.9.0". */
const char *place_version(void);

#endif
