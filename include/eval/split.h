/* SPDX-License-Identifier: MIT */
/* Training and validation part: stratified, decided by labels and seed alone.
 * All Local. */
#ifndef EVAL_SPLIT_H
#define EVAL_SPLIT_H

#include <stdint.h>

struct split {
    double validation;                 /* fraction, 0..0.5 */
    int train_limit, validation_limit; /* images; 0 = all */
};

struct split_sizes {
    int train, validation; /* images */
};

/** Split n images into parts.
 *
 * Each class is shuffled by (seed, class); its first round(validation * count)
 * images validate, the others train.  A fraction above 0 takes at least one
 * image of a class with two or more; the only image of a class trains.  A limit
 * is shared among the classes in proportion to what they have in the part
 * (largest remainder, ties to the lower class).
 *
 * @param images  room for n: the training part, then the validation part, each
 *                ascending; no image twice
 * @param labels  [n], 0..classes-1 */
struct split_sizes split_make(int *images, const int *labels, int n,
                              int classes, const struct split *s,
                              uint64_t seed);

#endif
