/* SPDX-License-Identifier: MIT */
/* Edited trees read as HDF5 would read them, without HDF5, a thousand times
 * faster: what readers call of base/h5.h is linked to h5direct.c (ld --wrap). */
#ifndef TESTS_FUZZ_H5DIRECT_H
#define TESTS_FUZZ_H5DIRECT_H

#include "h5tree.h"

/** From now on a file of the name returned is this tree; borrowed. */
const char *h5direct_name(const struct h5tree *t);

#endif
