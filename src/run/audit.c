/* SPDX-License-Identifier: MIT */
#include "run/audit.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>

#include "base/h5.h"
#include "base/log.h"
#include "base/state.h"

/* Sums about the means of a generation are those of all. */
static void add_spread(struct stats_pairs *sum, const struct stats_pairs *p)
{
    sum->xx += p->xx;
    sum->yy += p->yy;
    sum->xy += p->xy;
}

static void count_age(struct audit_sums *s, const struct result *r,
                      double reward)
{
    int at = (int)(r->generation % AUDIT_GENERATIONS);

    if (isnan(reward) || isnan(r->age))
        return;
    if (s->recent[at].generation != r->generation) {
        add_spread(&s->earlier, &s->recent[at].pairs);
        s->recent[at].pairs = (struct stats_pairs){0};
        s->recent[at].generation = r->generation;
    }
    stats_pair(&s->recent[at].pairs, reward, r->age);
}

static void count_scratch(struct audit_sums *s, const struct result *r)
{
    int at;

    if (isnan(r->accuracy) || isnan(r->scratch))
        return;
    at = (int)(s->pairs++ % AUDIT_PAIRS);
    s->accuracy[at] = r->accuracy;
    s->scratch[at] = r->scratch;
    s->gain += r->accuracy - r->scratch;
}

void audit_count(struct audit_sums *s, const struct trial *t)
{
    const struct result *r = &t->result;

    s->epochs += r->epochs;
    s->scratch_epochs += r->scratch_epochs;
    if (t->twin >= 0 || r->generation < 0 || !result_counts(r))
        return;
    s->started++;
    s->inherited += r->inherited;
    count_age(s, r, t->reward);
    count_scratch(s, r);
}

void audit_state(struct audit_sums *s, struct state *state)
{
    state_raw(state, "audit", s, sizeof *s);
    state_need(state, s->started >= 0 && s->pairs >= 0, "audit of no trials");
}

struct audit audit_of(const struct audit_sums *s, uint64_t seed)
{
    struct stats_pairs ages = s->earlier;
    int kept = s->pairs < AUDIT_PAIRS ? (int)s->pairs : AUDIT_PAIRS;

    for (int i = 0; i < AUDIT_GENERATIONS; i++)
        add_spread(&ages, &s->recent[i].pairs);
    return (struct audit){
        .started = s->started,
        .inherited = s->inherited / (double)s->started,
        .age = stats_correlation(&ages),
        .epochs = s->epochs,
        .scratch_epochs = s->scratch_epochs,
        .pairs = s->pairs,
        .tau = stats_kendall_interval(s->accuracy, s->scratch, kept, seed),
        .gain = s->gain / (double)s->pairs,
    };
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
