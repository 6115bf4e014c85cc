/* SPDX-License-Identifier: MIT */
/* Chains: runs of nodes computed a band of channels at a time.
 *
 * Up, all but the first node are channelwise; down, all but the last (which is
 * run first), whose bands are of the channels of its input.  A band's planes
 * stay in the second-level cache from one node to the next. All Local. */
#ifndef NN_CHAIN_H
#define NN_CHAIN_H

#include "nn/op.h"

/** The last node of the chain up that starts with `first`. */
int chain_up(const struct graph *g, int first);

/** The first node of the chain down that starts with `last`. */
int chain_down(const struct graph *g, int last);

/** How many bands the channels of nodes first..last are cut into, `channels`
 * of each; and the i-th of them. */
int chain_bands(const struct graph *g, int first, int last, int channels);
int chain_most(int channels, int bands); /* channels of the largest */
struct range chain_band(int channels, int bands, int i);

#endif
