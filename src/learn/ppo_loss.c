/* SPDX-License-Identifier: MIT */
#include "learn/ppo_loss.h"

#include <math.h>
#include <stdbool.h>

float ppo_loss(struct ppo_output *d, const struct ppo_weights *w,
               const struct ppo_step *s, const struct ppo_output *now)
{
    float r = expf(now->log_prob - s->old), a = s->advantage;
    float limit = a > 0 ? 1 + w->clip : 1 - w->clip;
    bool flat = a > 0 ? r > limit : r < limit;
    float miss = now->value - s->target;

    d->log_prob = flat ? 0 : -w->share * s->weight * a * r;
    d->entropy = -w->share * w->entropy;
    d->value = 2 * w->share * w->value * miss;
    return w->share * (-s->weight * a * (flat ? limit : r) +
                       w->value * miss * miss - w->entropy * now->entropy);
}

float ppo_importance(const float *old, const float *mu, int slots)
{
    float sum = 0;

    for (int t = 0; t < slots; t++)
        sum += old[t] - mu[t];
    return fminf(1, expf(sum / (float)slots));
}
