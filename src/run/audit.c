/* SPDX-License-Identifier: MIT */
#include "run/audit.h"

#include <inttypes.h>
#include <math.h>

#include "base/log.h"
#include "base/mem.h"

/* Pairs of figures, one from each trial that has them. */
struct pairs {
    int n;
    double *x, *y;
    int64_t *generation;
};

static struct pairs pairs_new(int64_t room)
{
    return (struct pairs){.x = MEM_NEW(double, room),
                          .y = MEM_NEW(double, room),
                          .generation = MEM_NEW(int64_t, room)};
}

static void pairs_free(struct pairs *p)
{
    mem_free(p->x);
    mem_free(p->y);
    mem_free(p->generation);
}

static void add(struct pairs *p, double x, double y, int64_t generation)
{
    if (isnan(x) || isnan(y))
        return;
    p->x[p->n] = x;
    p->y[p->n] = y;
    p->generation[p->n++] = generation;
}

/* Take the mean of each generation, most of which are in a row, out of x. */
static void centre(const struct pairs *p, const double *x, double *centred)
{
    for (int i = 0; i < p->n; i++) {
        double sum = 0;
        int n = 0;

        for (int k = 0; k < p->n; k++)
            if (p->generation[k] == p->generation[i]) {
                sum += x[k];
                n++;
            }
        centred[i] = x[i] - sum / n;
    }
}

static double age_correlation(const struct pairs *p)
{
    double *x = MEM_NEW(double, p->n), *y = MEM_NEW(double, p->n), r;

    centre(p, p->x, x);
    centre(p, p->y, y);
    r = stats_correlation(x, y, p->n);
    mem_free(x);
    mem_free(y);
    return r;
}

static double mean_gain(const struct pairs *p)
{
    double sum = 0;

    for (int i = 0; i < p->n; i++)
        sum += p->x[i] - p->y[i];
    return sum / p->n;
}

struct audit audit_trials(const struct trials *t, uint64_t seed)
{
    struct pairs ages = pairs_new(t->settled), scratch = pairs_new(t->settled);
    struct audit a = {0};

    for (int64_t i = 0; i < t->settled; i++) {
        const struct trial *trial = &t->list[i];
        const struct result *r = &trial->result;

        a.epochs += r->epochs;
        a.scratch_epochs += r->scratch_epochs;
        if (trial->twin >= 0 || r->generation < 0 || !result_counts(r))
            continue;
        a.started++;
        a.inherited += r->inherited;
        add(&ages, trial->reward, r->age, r->generation);
        add(&scratch, r->accuracy, r->scratch, r->generation);
    }
    a.inherited /= (double)a.started;
    a.age = age_correlation(&ages);
    a.pairs = scratch.n;
    a.tau = stats_kendall_interval(scratch.x, scratch.y, scratch.n, seed);
    a.gain = mean_gain(&scratch);
    pairs_free(&ages);
    pairs_free(&scratch);
    return a;
}

void audit_print(const struct audit *a)
{
    if (a->started == 0)
        return;
    log_print("\npool       %" PRId64
              " trials started from it with %.0f %% of their weights; "
              "correlation of reward and age %.2f\n"
              "           %.4g epochs trained, %.4g more on audits\n",
              a->started, 100 * a->inherited, a->age, a->epochs,
              a->scratch_epochs);
    if (a->pairs > 0)
        log_print("           against training from scratch, %" PRId64
                  " trials: Kendall's tau %.2f (95 %%: %.2f..%.2f), accuracy "
                  "%+.4f\n",
                  a->pairs, a->tau.value, a->tau.low, a->tau.high, a->gain);
}
