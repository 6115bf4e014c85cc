/* SPDX-License-Identifier: MIT */
#include "eval/split.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"

enum part { PART_NONE, PART_TRAIN, PART_VALIDATION };

struct remainder {
    int64_t left;
    int class;
};

/* Images by class: image[start[k]..start[k + 1]) are those of class k. */
static void sort_by_class(int *image, int *start, const int *labels, int n,
                          int classes)
{
    for (int i = 0; i < n; i++)
        start[labels[i] + 1]++;
    for (int k = 0; k < classes; k++)
        start[k + 1] += start[k];
    for (int i = 0; i < n; i++)
        image[start[labels[i]]++] = i;
    for (int k = classes; k > 0; k--)
        start[k] = start[k - 1];
    start[0] = 0;
}

static int validation_of(int count, double fraction)
{
    int n = (int)lround(fraction * count);

    if (fraction <= 0 || count < 2)
        return 0;
    return n > 0 ? n : 1;
}

static int by_remainder(const void *a, const void *b)
{
    const struct remainder *x = a, *y = b;

    if (x->left != y->left)
        return x->left < y->left ? 1 : -1;
    return x->class < y->class ? -1 : 1;
}

/* have[classes] becomes what each class may keep of `limit` in all. */
static void share_limit(int *have, int classes, int limit)
{
    struct remainder *r;
    int64_t total = 0, rest = limit;

    for (int k = 0; k < classes; k++)
        total += have[k];
    if (limit == 0 || limit >= total)
        return;
    r = MEM_NEW(struct remainder, classes);
    for (int k = 0; k < classes; k++) {
        int64_t product = (int64_t)limit * have[k];

        r[k] = (struct remainder){product % total, k};
        have[k] = (int)(product / total);
        rest -= have[k];
    }
    qsort(r, (size_t)classes, sizeof *r, by_remainder);
    for (int k = 0; k < rest; k++)
        have[r[k].class]++;
    mem_free(r);
}

static int collect(int *images, const unsigned char *part, int n,
                   enum part wanted)
{
    int count = 0;

    for (int i = 0; i < n; i++)
        if (part[i] == wanted)
            images[count++] = i;
    return count;
}

/* Which part each image is in. */
static void assign(unsigned char *part, int *image, const int *start,
                   int classes, const struct split *s, uint64_t seed)
{
    int *train = MEM_NEW(int, classes);
    int *validation = MEM_NEW(int, classes);

    for (int k = 0; k < classes; k++) {
        int count = start[k + 1] - start[k];
        struct rng r = rng_stream(seed, RNG_SPLIT, (uint64_t)k);

        rng_shuffle(&r, image + start[k], (size_t)count);
        validation[k] = validation_of(count, s->validation);
        train[k] = count - validation[k];
    }
    share_limit(validation, classes, s->validation_limit);
    share_limit(train, classes, s->train_limit);
    for (int k = 0; k < classes; k++) {
        int count = start[k + 1] - start[k];
        int first = validation_of(count, s->validation);

        for (int i = 0; i < validation[k]; i++)
            part[image[start[k] + i]] = PART_VALIDATION;
        for (int i = first; i < first + train[k]; i++)
            part[image[start[k] + i]] = PART_TRAIN;
    }
    mem_free(train);
    mem_free(validation);
}

struct split_sizes split_make(int *images, const int *labels, int n,
                              int classes, const struct split *s, uint64_t seed)
{
    unsigned char *part = MEM_NEW(unsigned char, n);
    int *image = MEM_NEW(int, n);
    int *start = MEM_NEW(int, classes + 1);
    struct split_sizes sizes;

    sort_by_class(image, start, labels, n, classes);
    assign(part, image, start, classes, s, seed);
    sizes.train = collect(images, part, n, PART_TRAIN);
    sizes.validation = collect(images + sizes.train, part, n, PART_VALIDATION);
    mem_free(start);
    mem_free(image);
    mem_free(part);
    return sizes;
}
