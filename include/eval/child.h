/* SPDX-License-Identifier: MIT */
/* From a blueprint to a graph: what the layers of a space are made of.
 *
 *     LAYER_CONV    conv k x k, norm, act, [SE]
 *     LAYER_SEP     dwconv k x k, norm, act, [SE], conv 1 x 1, norm
 *     LAYER_MBCONV  conv 1 x 1 to expand c_in, norm, act, then LAYER_SEP
 *     SE            gpool, conv 1 x 1 to max(1, se c_in / 100), relu,
 *                   conv 1 x 1 back, gate; multiplies (Hu et al. 2018)
 *
 * c_in is the width of the layer's input.  A skip is added last. All Local. */
#ifndef EVAL_CHILD_H
#define EVAL_CHILD_H

#include "nn/graph.h"
#include "space/space.h"

/** Append the network of b to a started graph whose input has its shape: all
 * layers, global average pooling, a linear layer; the last node has shape
 * [classes, 1, 1].  Each node's label is its layer's block; the classifier's is
 * one more than the last. */
void child_append(struct graph *g, const struct blueprint *b);

/** Parameters, multiply-accumulates and arena bytes of a blueprint trained in
 * shards of `groups` groups, without taking memory for it. */
struct graph_cost child_cost(const struct blueprint *b, int groups);

#endif
