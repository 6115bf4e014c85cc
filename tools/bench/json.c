/* SPDX-License-Identifier: MIT */
/* The results for other programs; the form is in doc/benchmarks.md. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "bench.h"
#include "config.h"

/* JSON has no NAN. */
static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *text(const char *s)
{
    return s ? json_string(s) : json_null();
}

static void put(json_t *object, const char *name, json_t *value)
{
    CHECK(value && json_object_set_new(object, name, value) == 0);
}

static void append(json_t *array, json_t *value)
{
    CHECK(value && json_array_append_new(array, value) == 0);
}

static json_t *machine(const struct machine *m)
{
    json_t *o = json_object(), *bandwidth = json_object();

    put(o, "about", text(m->about));
    put(o, "peak_gflops", number(1e-9 * m->peak));
    for (int i = 0; i < LEVELS; i++)
        put(bandwidth, level_names[i], number(1e-9 * m->bandwidth[i]));
    put(o, "bandwidth_gbytes_per_s", bandwidth);
    return o;
}

static json_t *work(const struct machine *m, const struct work *w)
{
    double speed = w->flop / w->seconds;
    json_t *o = json_object();

    put(o, "gflops", number(1e-9 * speed));
    put(o, "of_peak", number(speed / m->peak));
    put(o, "of_bound", number(speed / machine_bound(m, w->flop, w->bytes)));
    return o;
}

static json_t *operator_of(const struct results *r, const struct op_speed *s)
{
    json_t *o = json_object();

    put(o, "kind", text(s->channels ? "conv" : "dwconv"));
    put(o, "in", json_pack("[iii]", s->in.c, s->in.h, s->in.w));
    put(o, "channels", json_integer(s->channels ? s->channels : s->in.c));
    put(o, "kernel", json_integer(s->kernel));
    put(o, "stride", json_integer(s->stride));
    put(o, "forward", work(&r->machine, &s->forward));
    put(o, "backward", work(&r->machine, &s->backward));
    return o;
}

static json_t *rate(const struct results *r, const struct net_speed *s,
                    enum mode mode)
{
    struct spread x = spread_of(s->rate[mode], r->options->rounds);
    double flop = 2 * net_macs(s, mode) / net_cores(mode, r->ranks);
    json_t *o = json_object(), *rounds = json_array();

    put(o, "median", number(x.median));
    put(o, "min", number(x.low));
    put(o, "max", number(x.high));
    put(o, "of_peak", number(x.median * flop / r->machine.peak));
    for (int i = 0; i < r->options->rounds; i++)
        append(rounds, number(s->rate[mode][i]));
    put(o, "rounds", rounds);
    return o;
}

static json_t *network(const struct results *r, const struct net_speed *s)
{
    json_t *o = json_object(), *rates = json_object(), *quotients;

    put(o, "name", text(s->name));
    put(o, "input", text(s->input));
    put(o, "params", json_integer(s->params));
    put(o, "macs", json_integer(s->macs));
    put(o, "train_macs", json_integer(s->train_macs));
    put(o, "bytes", json_integer(s->bytes));
    put(o, "batch", json_integer(s->batch));
    put(o, "shards", json_integer(s->shards));
    put(o, "peer_params", json_integer(s->peer_params));
    put(o, "ppo_seconds_per_trial", number(s->ask_tell));
    for (int mode = 0; mode < MODES; mode++)
        put(rates, mode_texts[mode].name, rate(r, s, (enum mode)mode));
    put(o, "images_per_s", rates);
    quotients = json_object();
    for (int i = 0; i < RATIOS; i++)
        put(quotients, ratios[i].name,
            number(spread_ratio(s->rate[ratios[i].over],
                                s->rate[ratios[i].under], r->options->rounds)));
    put(o, "ratios", quotients);
    return o;
}

static json_t *everything(const struct results *r)
{
    json_t *o = json_object(), *ops = json_array(), *nets = json_array();

    put(o, "format", text("fnas-bench"));
    put(o, "software_version", text(PACKAGE_VERSION));
    put(o, "ranks", json_integer(r->ranks));
    put(o, "kernels", text(r->variant));
    put(o, "peer", text(r->peer));
    put(o, "seconds", number(r->options->seconds));
    put(o, "machine", machine(&r->machine));
    put(o, "farm_tasks_per_s", number(r->farm));
    for (int i = 0; i < r->ops; i++)
        append(ops, operator_of(r, &r->op[i]));
    put(o, "operators", ops);
    for (int i = 0; i < r->nets; i++)
        append(nets, network(r, &r->net[i]));
    put(o, "networks", nets);
    return o;
}

enum err json_write(const struct results *r, const char *path)
{
    json_t *o = everything(r);
    int trouble = json_dump_file(o, path, JSON_INDENT(2));

    json_decref(o);
    return trouble == 0 ? ERR_NONE
                        : ERR(ERR_IO, "%s: %s", path, strerror(errno));
}
