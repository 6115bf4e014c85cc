/* SPDX-License-Identifier: MIT */
/* The kernels of one variant. */
#include "variant.h"

#define KERNEL_TEXT(variant)    KERNEL_TEXT_OF(variant)
#define KERNEL_TEXT_OF(variant) #variant

const struct kernels KERNEL(kernels) = {
    .name = KERNEL_TEXT(VARIANT),
    .mac = KERNEL(mac),
    .dot = KERNEL(dot),
    KERNEL_REST,
};
