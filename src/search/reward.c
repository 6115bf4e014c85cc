/* SPDX-License-Identifier: MIT */
#include "search/reward.h"

#include <math.h>
#include <string.h>

static void check(struct conf *conf, const void *values)
{
    const struct reward_conf *c = values;

    if (strcmp(c->cost.s, "none") != 0 && c->target <= 0)
        conf_complain(conf, &reward_section, "target",
                      "must be above 0 when cost is %s", c->cost.s);
}

CONF_ROWS(rows, struct reward_conf, REWARD_SETTINGS)
const struct conf_section reward_section = {
    .name = "reward",
    .help = "What a search maximises: merit, or merit at a cost",
    .bytes = sizeof(struct reward_conf),
    .count = CONF_COUNT(rows),
    .rows = rows,
    .check = check,
};

static double cost_of(const char *cost, const struct result *r)
{
    if (strcmp(cost, "macs") == 0)
        return (double)r->macs;
    if (strcmp(cost, "params") == 0)
        return (double)r->params;
    return r->latency;
}

/* Without a loss it is NAN, too. */
static double merit_of(const char *merit, const struct result *r)
{
    return strcmp(merit, "accuracy") == 0 ? r->accuracy : exp(-r->loss);
}

double reward_of(const struct reward_conf *c, const struct result *r)
{
    double merit = merit_of(c->merit.s, r), ratio;

    if (!result_counts(r))
        return (double)NAN;
    if (strcmp(c->cost.s, "none") == 0)
        return merit;
    ratio = cost_of(c->cost.s, r) / c->target;
    if (!(ratio > 0))
        return (double)NAN;
    if (strcmp(c->form.s, "soft") == 0)
        return merit * pow(ratio, c->exponent);
    return ratio <= 1 ? merit : merit / ratio;
}
