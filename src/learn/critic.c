/* SPDX-License-Identifier: MIT */
#include "learn/critic.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/state.h"
#include "base/stats.h"
#include "learn/gp.h"
#include "learn/warp.h"

/* clang-format off */
enum {
    FIT_FIRST = 8,   /* results at the first fit of the process */
    FIT_STEPS = 12,
    TASK_OWN = 0, TASK_PRIOR = 1
};
/* clang-format on */

#define FIT_GROW 1.1   /* fit again when there are so many times more results */
#define PRIOR    10.0  /* results that the calibration starts with, at 1 */
#define FORGET   0.975 /* weight of earlier results in it */

struct critic {
    int slots, points, batch;
    struct gp *gp;
    int count, others; /* own results; those of another task come first */
    unsigned char *x;  /* [points, slots + 1]; the last is the task */
    double *reward;    /* [points] own, then in the same way: */
    double *age;       /* log(1 + a) */
    double *level;     /* levelled rewards */
    double *t;         /* [points] */
    double *sorted;    /* [points] scratch */
    int best;          /* of the results, and its value, by the process */
    double peak;
    double slope; /* of the reward by age */
    struct warp warp;
    int fit_at;
    int64_t seen;

    double z2, weight; /* of the calibration */
    struct critic_record record;

    /* of the last question */
    int asked;
    unsigned char *question; /* [batch, slots + 1] */
    double *mean, *variance; /* [batch] */
};

struct critic *critic_new(const struct space *space, int points, int batch)
{
    struct critic *c = MEM_NEW(struct critic, 1);
    size_t width = (size_t)space->count + 1;

    c->slots = space->count + 1;
    c->points = points;
    c->batch = batch;
    c->gp = gp_new(c->slots, points + CRITIC_PENDING, batch);
    c->x = MEM_NEW(unsigned char, width *(size_t)points);
    c->reward = MEM_NEW(double, points);
    c->age = MEM_NEW(double, points);
    c->level = MEM_NEW(double, points);
    c->t = MEM_NEW(double, points);
    c->sorted = MEM_NEW(double, points);
    c->question = MEM_NEW(unsigned char, width *(size_t)batch);
    c->mean = MEM_NEW(double, batch);
    c->variance = MEM_NEW(double, batch);
    c->fit_at = FIT_FIRST;
    c->weight = c->z2 = PRIOR;
    return c;
}

void critic_free(struct critic *c)
{
    if (!c)
        return;
    gp_free(c->gp);
    mem_free(c->x);
    mem_free(c->reward);
    mem_free(c->age);
    mem_free(c->level);
    mem_free(c->t);
    mem_free(c->sorted);
    mem_free(c->question);
    mem_free(c->mean);
    mem_free(c->variance);
    mem_free(c);
}

static unsigned char *row_of(const struct critic *c, unsigned char *rows, int i)
{
    return rows + (size_t)i * (size_t)c->slots;
}

static void describe(const struct critic *c, unsigned char *row,
                     const struct arch *arch, int task)
{
    memcpy(row, arch->option, (size_t)c->slots - 1);
    row[c->slots - 1] = (unsigned char)task;
}

/* All points anew; values are set by gp_revalue. */
static void add_all(struct critic *c)
{
    gp_keep(c->gp, 0);
    for (int i = 0; i < c->others + c->count; i++)
        gp_add(c->gp, row_of(c, c->x, i), c->t[i]);
}

void critic_prior(struct critic *c, int n, const struct arch *arch,
                  const double *value)
{
    int kept = n < c->points / 2 ? n : c->points / 2;

    CHECK(c->count == 0 && c->others == 0);
    if (kept == 0)
        return;
    (void)warp_of(kept, value + n - kept, c->t, c->sorted);
    for (int i = 0; i < kept; i++)
        describe(c, row_of(c, c->x, i), &arch[n - kept + i], TASK_PRIOR);
    c->others = kept;
    add_all(c);
    gp_fit(c->gp, FIT_STEPS);
}

static double log_age(double age)
{
    return age > 0 ? log1p(age) : 0;
}

double critic_owed(double slope, double age)
{
    return slope * log_age(age);
}

double critic_rise(const struct critic *c, double age)
{
    return critic_owed(c->slope, age);
}

/* A result judged before it is added; the warp is that of those before. */
static void judge_result(struct critic *c, const struct arch *arch,
                         double level)
{
    double mean, variance, z;
    struct critic_record *r = &c->record;

    describe(c, c->question, arch, TASK_OWN);
    gp_predict(c->gp, 1, c->question, &mean, &variance);
    z = (warp_value(&c->warp, level) - mean) /
        sqrt(variance + exp(gp_theta(c->gp)[c->slots]));
    r->error += fabs(z) / r->scale;
    r->in_50 += fabs(z) < 0.674490 * r->scale;
    r->in_90 += fabs(z) < 1.644854 * r->scale;
    r->count++;
    c->z2 = FORGET * c->z2 + fmin(z * z, 16);
    c->weight = FORGET * c->weight + 1;
}

/* Drop the oldest of those below the median, until a quarter is free. */
static void make_room(struct critic *c)
{
    int from = c->others, n = 0, excess = c->points / 4;
    double middle;

    memcpy(c->sorted, c->level, sizeof(double) * (size_t)c->count);
    middle = stats_median(c->sorted, c->count);
    for (int i = 0; i < c->count; i++) {
        if (excess > 0 && c->level[i] <= middle) {
            excess--;
            continue;
        }
        c->reward[n] = c->reward[i];
        c->age[n] = c->age[i];
        memmove(row_of(c, c->x, from + n), row_of(c, c->x, from + i),
                (size_t)c->slots);
        n++;
    }
    c->count = n;
}

/* What is believed of the rise by age, and of all results without it. */
static void level_all(struct critic *c)
{
    c->slope = fmax(0, gp_slope(c->gp, c->others, c->age, c->reward));
    for (int i = 0; i < c->count; i++)
        c->level[i] = c->reward[i] - c->slope * c->age[i];
    c->warp = warp_of(c->count, c->level, c->t + c->others, c->sorted);
    gp_revalue(c->gp, c->t);
}

/* By what the process makes of all results: the highest of them owes something
 * to luck. */
static void find_best(struct critic *c)
{
    const double *value = c->sorted + c->others;

    gp_fitted(c->gp, c->sorted);
    c->best = 0;
    for (int i = 1; i < c->count; i++)
        if (value[i] > value[c->best])
            c->best = i;
    c->peak = value[c->best];
}

void critic_add(struct critic *c, const struct arch *arch, double reward,
                double age)
{
    bool full = c->others + c->count == c->points;
    unsigned char *row;

    critic_settle(c);
    c->record.scale = sqrt(c->z2 / c->weight);
    if (c->seen++ >= CRITIC_FROM)
        judge_result(c, arch, reward - critic_rise(c, age));
    if (full) {
        make_room(c);
        add_all(c);
    }
    row = row_of(c, c->x, c->others + c->count);
    describe(c, row, arch, TASK_OWN);
    c->reward[c->count] = reward;
    c->age[c->count++] = log_age(age);
    gp_add(c->gp, row, 0);
    level_all(c);
    if (c->count >= c->fit_at || full) {
        gp_fit(c->gp, FIT_STEPS);
        c->fit_at = (int)ceil(FIT_GROW * c->count);
    }
    find_best(c);
}

void critic_settle(struct critic *c)
{
    gp_keep(c->gp, c->others + c->count);
}

void critic_expect(struct critic *c, const struct arch *arch)
{
    if (gp_count(c->gp) == gp_room(c->gp))
        return;
    describe(c, c->question, arch, TASK_OWN);
    gp_add(c->gp, c->question, (double)NAN);
}

/* Expected improvement over the best, and the chance of any (Jones et al. 1998,
 * eq. 15). */
static void set_hope(struct verdict *v, double mean, double deviation,
                     double best)
{
    double u = (mean - best) / deviation;
    double density = 0.3989422804014327 * exp(-0.5 * u * u);

    v->chance = 0.5 * erfc(-u * 0.7071067811865476);
    v->gain = deviation * (u * v->chance + density);
}

static void say(const struct critic *c, struct verdict *v)
{
    double scale = sqrt(c->z2 / c->weight);

    for (int i = 0; i < c->asked; i++) {
        double deviation = scale * sqrt(c->variance[i]);

        v[i].value = warp_reward(&c->warp, c->mean[i]);
        v[i].deviation = warp_growth(&c->warp, c->mean[i]) * deviation;
        set_hope(&v[i], c->mean[i], deviation, c->peak);
    }
}

void critic_judge(struct critic *c, int n, const struct arch *arch,
                  struct verdict *v)
{
    CHECK(c->count > 0);
    for (int i = 0; i < n; i++)
        describe(c, row_of(c, c->question, i), &arch[i], TASK_OWN);
    c->asked = n;
    gp_predict(c->gp, n, c->question, c->mean, c->variance);
    say(c, v);
}

void critic_suppose(struct critic *c, int i, struct verdict *v)
{
    gp_suppose(c->gp, i, c->variance);
    say(c, v);
}

struct arch critic_best(const struct critic *c)
{
    struct arch a = {.count = c->slots - 1};

    memcpy(a.option, row_of(c, c->x, c->others + c->best),
           (size_t)c->slots - 1);
    return a;
}

int64_t critic_count(const struct critic *c)
{
    return c->seen;
}

struct critic_record critic_record(const struct critic *c)
{
    struct critic_record r = c->record;
    double n = r.count > 0 ? (double)r.count : (double)NAN;

    r.error /= n;
    r.in_50 /= n;
    r.in_90 /= n;
    r.scale = sqrt(c->z2 / c->weight);
    r.slope = c->slope;
    return r;
}

/* A result as a row says it; another task has the same space. */
static bool is_result(const struct critic *c, const struct space *space, int i)
{
    const unsigned char *row = row_of(c, c->x, i);
    struct arch a = {.count = c->slots - 1};

    memcpy(a.option, row, (size_t)c->slots - 1);
    return space_has(space, &a) && row[c->slots - 1] <= TASK_PRIOR;
}

static void state_results(struct critic *c, struct state *s,
                          const struct space *space)
{
    size_t n;

    state_int(s, "others", &c->others, 0, c->points);
    state_int(s, "count", &c->count, 0, c->points - c->others);
    n = (size_t)c->count;
    state_raw(s, "x", c->x, (n + (size_t)c->others) * (size_t)c->slots);
    state_doubles(s, "reward", c->reward, n);
    state_doubles(s, "age", c->age, n);
    state_doubles(s, "level", c->level, n);
    state_doubles(s, "t", c->t, n + (size_t)c->others);
    for (int i = 0; i < c->others + c->count; i++)
        state_need(s, is_result(c, space, i), "no result");
}

/* What is concluded from them. */
static void state_beliefs(struct critic *c, struct state *s)
{
    state_int(s, "best", &c->best, 0, c->count > 0 ? c->count - 1 : 0);
    state_doubles(s, "peak", &c->peak, 1);
    state_doubles(s, "slope", &c->slope, 1);
    state_doubles(s, "warp", &c->warp.best, sizeof c->warp / sizeof(double));
    state_need(s, c->count == 0 || (c->warp.width > 0 && c->warp.deviation > 0),
               "a map without width");
}

static void state_calibration(struct critic *c, struct state *s)
{
    state_int(s, "fit_at", &c->fit_at, 0, INT_MAX);
    state_count(s, "seen", &c->seen, c->count, STATE_COUNT_MAX);
    state_count(s, "judged", &c->record.count, 0, c->seen);
    state_doubles(s, "error", &c->record.error, 1);
    state_doubles(s, "in_50", &c->record.in_50, 1);
    state_doubles(s, "in_90", &c->record.in_90, 1);
    state_doubles(s, "squares", &c->z2, 1);
    state_doubles(s, "weight", &c->weight, 1);
    state_need(s, c->z2 > 0 && c->weight > 0, "no deviation");
}

void critic_state(struct critic *c, struct state *s, const struct space *space)
{
    critic_settle(c);
    state_enter(s, "critic");
    state_results(c, s, space);
    state_beliefs(c, s);
    state_calibration(c, s);
    gp_state(c->gp, s);
    state_need(s, gp_count(c->gp) == c->others + c->count, "a result too few");
    state_leave(s);
}
