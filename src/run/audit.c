/* SPDX-License-Identifier: MIT */
#include "run/audit.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>

#include "base/h5.h"
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
    log_print("           %" PRId64
              " trials started from it with %.0f %% of their weights\n"
              "           %.4g epochs trained, %.4g more on audits\n",
              a->started, 100 * a->inherited, a->epochs, a->scratch_epochs);
    if (!isnan(a->age))
        log_print("           correlation of reward and age of the weights "
                  "%.2f (fair: near 0)\n",
                  a->age);
    if (a->pairs > 0)
        log_print("           against training from scratch, %" PRId64
                  " trials: Kendall's tau %.2f (95 %%: %.2f..%.2f), accuracy "
                  "%+.4f\n",
                  a->pairs, a->tau.value, a->tau.low, a->tau.high, a->gain);
}

#define REAL(field) offsetof(struct audit, field)

/* clang-format off */
static const struct {
    const char *path;
    size_t at;
    const char *description;
} reals[] = {
    {"/pool/inherited",       REAL(inherited),      "mean share of the weights of those trials that was inherited"},
    {"/pool/age_correlation", REAL(age),            "reward and mean age of the weights, within generations; near 0: fair"},
    {"/pool/epochs",          REAL(epochs),         "training epochs of all trials, audits not counted"},
    {"/pool/scratch_epochs",  REAL(scratch_epochs), "training epochs of the audits"},
    {"/pool/tau",             REAL(tau.value),      "Kendall's tau-b: accuracy of trials that started from the pool against theirs from scratch"},
    {"/pool/tau_low",         REAL(tau.low),        "lower end of its 95 % interval, by the bootstrap"},
    {"/pool/tau_high",        REAL(tau.high),       "upper end"},
    {"/pool/gain",            REAL(gain),           "mean accuracy of those, started from the pool minus from scratch"},
};
/* clang-format on */

enum { REALS = sizeof reals / sizeof reals[0] };

static enum err write_count(struct h5 *h, const char *path, int64_t n,
                            const char *description)
{
    return h5_write(h,
                    &(struct h5_array){.path = path,
                                       .type = H5_INT64,
                                       .units = "1",
                                       .description = description},
                    &n);
}

enum err audit_write(const struct audit *a, struct h5 *h)
{
    if (a->started == 0)
        return ERR_NONE;
    TRY(write_count(h, "/pool/started", a->started,
                    "trials that started from the knowledge pool"));
    TRY(write_count(h, "/pool/pairs", a->pairs,
                    "of them trained from scratch, too"));
    for (int i = 0; i < REALS; i++)
        TRY(h5_write(h,
                     &(struct h5_array){.path = reals[i].path,
                                        .type = H5_DOUBLE,
                                        .units = "1",
                                        .description = reals[i].description},
                     (const char *)a + reals[i].at));
    return ERR_NONE;
}
