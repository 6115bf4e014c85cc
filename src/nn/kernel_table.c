/* SPDX-License-Identifier: MIT */
/* The kernels of one variant. */
#include "variant.h"

#define KERNEL_TEXT(variant)    KERNEL_TEXT_OF(variant)
#define KERNEL_TEXT_OF(variant) #variant

const struct kernels KERNEL(kernels) = {
    .name = KERNEL_TEXT(VARIANT),
    .mac = KERNEL(mac),
    .dot = KERNEL(dot),
    .transpose = KERNEL(transpose),
    .slide = KERNEL(slide),
    .slide_back = KERNEL(slide_back),
    .slide_dot = KERNEL(slide_dot),
    .moments = KERNEL(moments),
    .apply = KERNEL(apply),
    .act_sums = KERNEL(act_sums),
    .act_back = KERNEL(act_back),
    .pool = KERNEL(pool),
    .pool_back = KERNEL(pool_back),
    .total = KERNEL(total),
    .spread = KERNEL(spread),
    .inner = KERNEL(inner),
};
