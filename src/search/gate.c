/* SPDX-License-Identifier: MIT */
#include "gate.h"

#include <math.h>

#include "base/state.h"

#define WRONG   1.5  /* mean error in deviations from which more is trained */
#define LEAST   0.01 /* share */
#define RECOVER 1.1  /* of share, for each audit that is not wrong */

enum { AUDITS_FROM = 5 };

/* The one of greatest gain that may be trained; -1 if there is none. */
static int best_of(int n, const struct verdict *v, const bool *train,
                   const bool *barred)
{
    int best = -1;

    for (int i = 0; i < n; i++)
        if (!train[i] && !barred[i] && (best < 0 || v[i].gain > v[best].gain))
            best = i;
    return best;
}

/* One that is skipped, drawn uniformly; -1 if there is none. */
static int draw_audit(int n, const bool *train, const bool *barred,
                      struct rng *r)
{
    int left = 0, chosen = -1;

    for (int i = 0; i < n; i++)
        if (!train[i] && !barred[i] && rng_below(r, ++left) == 0)
            chosen = i;
    return chosen;
}

/* By gain, each time as if those chosen were being trained; how many. */
static int choose(struct gate *g, struct critic *critic, int n,
                  const struct arch *arch, struct verdict *v, int most,
                  bool *train, bool *barred)
{
    double first = 0;
    int chosen = 0, i;

    while (chosen < most && (i = best_of(n, v, train, barred)) >= 0) {
        if (chosen == 0)
            first = v[i].gain;
        else if (v[i].gain < g->share * first)
            break;
        train[i] = true;
        chosen++;
        critic_suppose(critic, i, v);
        for (int j = 0; j < n; j++)
            barred[j] =
                barred[j] || (!train[j] && arch_equal(&arch[i], &arch[j]));
    }
    return chosen;
}

int gate_decide(struct gate *g, struct critic *critic,
                const struct arch_index *known, int n, const struct arch *arch,
                struct verdict *v, int most, struct rng *r, bool *train,
                bool *barred)
{
    int chosen, audit = -1;

    for (int i = 0; i < n; i++) {
        train[i] = false;
        barred[i] = arch_index_find(known, &arch[i]) >= 0;
    }
    chosen = choose(g, critic, n, arch, v, most, train, barred);
    if (rng_uniform(r) < g->audit * chosen)
        audit = draw_audit(n, train, barred, r);
    if (audit >= 0)
        train[audit] = true;
    for (int i = 0; i < n; i++) {
        g->trained += train[i];
        g->skipped += !train[i];
    }
    return audit;
}

static double recent_error(const struct gate *g)
{
    int n = g->audits < GATE_RECENT ? (int)g->audits : GATE_RECENT;
    double sum = 0;

    for (int i = 0; i < n; i++)
        sum += g->recent[i];
    return sum / n;
}

void gate_audited(struct gate *g, const struct prediction *said, double reward)
{
    double error = fabs(reward - said->value);
    double ratio = error / fmax(said->deviation, 1e-12);

    g->recent[g->audits++ % GATE_RECENT] = ratio;
    g->error += error;
    g->ratio += ratio;
    if (g->audits >= AUDITS_FROM && recent_error(g) > WRONG)
        g->share = fmax(LEAST, g->share / 2);
    else
        g->share = fmin(g->set, g->share * RECOVER);
}

void gate_state(struct gate *g, struct state *s)
{
    state_enter(s, "gate");
    state_doubles(s, "share", &g->share, 1);
    state_doubles(s, "recent", g->recent, GATE_RECENT);
    state_count(s, "audits", &g->audits, 0, STATE_COUNT_MAX);
    state_doubles(s, "error", &g->error, 1);
    state_doubles(s, "ratio", &g->ratio, 1);
    state_count(s, "skipped", &g->skipped, 0, STATE_COUNT_MAX);
    state_count(s, "trained", &g->trained, 0, STATE_COUNT_MAX);
    state_leave(s);
}
