/* SPDX-License-Identifier: MIT */
/* Which kernels compute the children: the settings of this layer. */
#ifndef NN_CHOICE_H
#define NN_CHOICE_H

#include "base/conf.h"
#include "nn/kernel.h"

/* clang-format off */
#define NN_SETTINGS(X)                                                         \
    X(CHOICE, backend, "native", 0, 0, "native|blas",                          \
      "Convolutions by own kernels, or as matrix products by OpenBLAS: a "     \
      "reference, slower. Part of the search: results differ in their last "   \
      "bits")                                                                  \
    X(CHOICE, kernels, "best", 0, 0, "best|avx512|avx2|portable",              \
      "Instructions of the own kernels; best: the fastest that the machine "   \
      "has. avx512 and avx2 give the same bits, portable others")
/* clang-format on */

struct nn_conf {
    NN_SETTINGS(CONF_FIELD)
};

extern const struct conf_section nn_section;

/** The kernels that were chosen; settings that were checked have them. Local. */
const struct kernels *nn_kernels(const struct nn_conf *c);

#endif
