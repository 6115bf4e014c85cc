/* SPDX-License-Identifier: MIT */
/* Rewards of many results that are all there, levelled by one slope. */
#include <math.h>

#include "learn/critic.h"

/* What a critic that knows them, or some of many, believes of the rise by age. */
static double slope_of(const struct space *space, int n,
                       const struct arch *arch, const double *reward,
                       const double *age)
{
    int known = n < CRITIC_LEVEL ? n : CRITIC_LEVEL;
    struct critic *c = critic_new(space, known, 1);
    double slope;

    for (int i = 0; i < known; i++) {
        int at = (int)((int64_t)i * n / known);

        critic_add(c, &arch[at], reward[at], age[at]);
    }
    slope = critic_record(c).slope;
    critic_free(c);
    return slope;
}

void critic_level(const struct space *space, int n, const struct arch *arch,
                  const double *reward, const double *age, double *level)
{
    double slope = 0;
    bool aged = false;

    for (int i = 0; i < n; i++)
        aged = aged || age[i] > 0;
    if (aged)
        slope = slope_of(space, n, arch, reward, age);
    for (int i = 0; i < n; i++)
        level[i] = reward[i] - critic_owed(slope, age[i]);
}
