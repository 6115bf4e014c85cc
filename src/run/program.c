/* SPDX-License-Identifier: MIT */
#include "program.h"

#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "run/input.h"
#include "run/settings.h"
#include "run/store.h"

enum err program_input(struct program *p, bool speak)
{
    enum err e = input_read(p->conf, p->args.input), wrong;

    for (int i = 0; i < p->args.sets && e == ERR_NONE; i++)
        e = input_set(p->conf, p->args.set[i]);
    if (e == ERR_NONE) {
        settings_complete(p->conf);
        conf_check(p->conf);
    }
    if (conf_errors(p->conf) == 0)
        return e;
    wrong = e == ERR_USAGE ? ERR_USAGE : ERR_INPUT;
    err_clear();
    e = speak ? input_report(p->conf)
              : ERR(ERR_INPUT, "%s: %s", comm_host(), conf_error(p->conf, 0));
    return e == ERR_NONE ? e : wrong;
}

static uint64_t seed_of(const struct conf *conf)
{
    const struct run_conf *c = conf_of(conf, &run_section);

    return (uint64_t)c->seed;
}

enum err program_evaluator(struct program *p, const struct eval_place *at)
{
    const struct eval_conf *c = conf_of(p->conf, &eval_section);

    space_open(&p->space, p->conf);
    p->eval = eval_find(c->kind.s);
    CHECK(p->eval != NULL);
    return p->eval->open(&p->evaluator, at, &p->space, p->conf,
                         seed_of(p->conf));
}

static enum err check(struct program *p)
{
    const struct eval_place nowhere = {NULL, NULL, NULL, NULL};

    TRY(program_input(p, true));
    TRY(program_evaluator(p, &nowhere));
    log_print("space      %s: %d decisions, %.3g architectures\n",
              p->space.kind->name, p->space.count, space_size(&p->space));
    p->eval->print(p->evaluator);
    p->eval->close(p->evaluator);
    log_print("%s: ok\n", p->args.input);
    return ERR_NONE;
}

/* The name of a run, or else an input file, which has the name. */
static enum err name_of_run(struct program *p, const char **name)
{
    const struct run_conf *run = conf_of(p->conf, &run_section);
    char path[CONF_TEXT_MAX + 8];

    (void)snprintf(path, sizeof path, "%s.h5", p->args.input);
    *name = p->args.input;
    if (store_exists(path) || !store_exists(p->args.input))
        return ERR_NONE;
    TRY(program_input(p, true));
    *name = run->name.s;
    return ERR_NONE;
}

static enum err print_status(struct program *p)
{
    const char *name;

    TRY(name_of_run(p, &name));
    return results_print_status(name);
}

static enum err print_defaults(const struct program *p)
{
    char *text = conf_print(p->conf, true);

    fputs(text, stdout);
    mem_free(text);
    return ERR_NONE;
}

enum err program_offline(struct program *p)
{
    switch (p->args.mode) {
    case ARGS_HELP:
        args_help();
        return ERR_NONE;
    case ARGS_VERSION:
        args_version();
        return ERR_NONE;
    case ARGS_DEFAULTS:
        return print_defaults(p);
    case ARGS_STATUS:
        return print_status(p);
    case ARGS_CHECK:
    case ARGS_RUN:
        break;
    }
    return check(p);
}
