/* SPDX-License-Identifier: MIT */
/* fnas_bench: options, then machine, operators, networks, rank 0, in one run. */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/place.h"
#include "bench.h"
#include "nn/gemm.h"
#include "run/blas_core.h"

static const char help[] =
    "Speed of this machine, of the kernels, and of networks.\n"
    "\n"
    "usage: mpirun -np RANKS fnas_bench [OPTION]... INPUT...\n"
    "\n"
    "  INPUT              input file; measured is the network that its method\n"
    "                     proposes first\n"
    "  --seconds S        time of a measurement (0.5)\n"
    "  --rounds N         measurements of each figure (5)\n"
    "  --variant NAME     kernels: portable, avx2, avx512 (the best)\n"
    "  --peer[=PYTHON]    the same networks in PyTorch, in turns\n"
    "  --json FILE        write all results as JSON\n"
    "  --set SECTION.KEY=VALUE\n"
    "                     override a setting of all inputs; may be repeated\n"
    "  -h, --help         print this\n";

/* clang-format off */
static const struct option table[] = {
    {"seconds", required_argument, NULL, 's'},
    {"rounds",  required_argument, NULL, 'r'},
    {"variant", required_argument, NULL, 'v'},
    {"peer",    optional_argument, NULL, 'p'},
    {"json",    required_argument, NULL, 'j'},
    {"set",     required_argument, NULL, 'S'},
    {"help",    no_argument,       NULL, 'h'},
    {NULL, 0, NULL, 0},
};
/* clang-format on */

static enum err read_seconds(struct options *o, const char *value)
{
    char *end;

    o->seconds = strtod(value, &end);
    return *end == '\0' && o->seconds > 0 && o->seconds <= 3600
               ? ERR_NONE
               : ERR(ERR_USAGE, "--seconds: %s: above 0, up to 3600", value);
}

static enum err read_rounds(struct options *o, const char *value)
{
    char *end;
    long n = strtol(value, &end, 10);

    o->rounds = (int)n;
    return *end == '\0' && n >= 1 && n <= ROUNDS_MAX
               ? ERR_NONE
               : ERR(ERR_USAGE, "--rounds: %s: 1..%d", value, ROUNDS_MAX);
}

static enum err read_option(struct options *o, int c, const char *value)
{
    switch (c) {
    case 's':
        return read_seconds(o, value);
    case 'r':
        return read_rounds(o, value);
    case 'v':
        o->variant = value;
        return ERR_NONE;
    case 'p':
        o->python = value ? value : "";
        return ERR_NONE;
    case 'j':
        o->json = value;
        return ERR_NONE;
    default:
        o->set[o->sets++] = value;
        return ERR_NONE;
    }
}

/* o->set has room for all arguments. */
static enum err read_options(struct options *o, int argc, char **argv,
                             bool *help_wanted)
{
    int c;

    opterr = 0;
    while ((c = getopt_long(argc, argv, ":h", table, NULL)) != -1) {
        if (c == '?' || c == ':')
            return ERR(ERR_USAGE, "%s: %s; see fnas_bench --help",
                       argv[optind - 1],
                       c == '?' ? "no such option" : "needs a value");
        if (c == 'h')
            *help_wanted = true;
        else
            TRY(read_option(o, c, optarg));
    }
    o->input = argv + optind;
    o->inputs = argc - optind;
    return ERR_NONE;
}

static enum err find_kernels(const struct kernels **found, const char *name)
{
    for (int i = 0; (*found = kernels_at(i)) != NULL; i++)
        if (!name || strcmp(name, (*found)->name) == 0)
            return ERR_NONE;
    return ERR(ERR_USAGE, "--variant: %s: not on this machine", name);
}

/* Ranks keep out of each other's way, unless mpirun saw to that. */
static void bind(struct comm *world)
{
    struct comm *node = comm_split_node(world);
    struct place *p = place_new();
    char cores[PLACE_TEXT_MAX];

    place_allowed(p, cores);
    (void)place_bind(p, cores, comm_rank(node));
    place_free(p);
    comm_free(node);
}

static void measure_machine(struct results *r, const struct kernels *kernels)
{
    struct op_speed s;

    machine_measure(&r->machine, kernels->name, r->options->seconds / 2);
    report_machine(r);
    report_ops_head();
    while (op_measure(&s, r->ops, kernels, r->options->seconds / 10)) {
        r->op = mem_resize(r->op, (size_t)r->ops, (size_t)r->ops + 1, sizeof s);
        r->op[r->ops++] = s;
        report_op(r, &s);
    }
}

/* An input that cannot be measured is told of, and the others go on; the error
 * is the first one's. */
static enum err measure_nets(struct results *r, struct comm *world,
                             const struct kernels *kernels, struct peer *peer)
{
    enum err first = ERR_NONE;

    r->net = MEM_NEW(struct net_speed, r->options->inputs);
    for (int i = 0; i < r->options->inputs; i++) {
        struct net_speed *s = &r->net[r->nets];
        enum err e = net_measure(s, r->options->input[i], r->options, world,
                                 kernels, peer);

        if (e == ERR_NONE) {
            report_net(r, s);
            r->nets++;
            continue;
        }
        if (comm_rank(world) == 0)
            log_error("%s: %s", r->options->input[i],
                      e == ERR_PEER ? err_text(e) : err_message());
        err_clear();
        first = first == ERR_NONE ? e : first;
    }
    return first;
}

static enum err measure(const struct options *o, struct comm *world)
{
    struct results r = {.options = o, .ranks = comm_size(world)};
    bool leads = comm_rank(world) == 0;
    const struct kernels *kernels;
    struct peer *peer = NULL;
    enum err e, written = ERR_NONE;

    TRY(find_kernels(&kernels, o->variant));
    bind(world);
    r.variant = kernels->name;
    if (leads) {
        peer = o->python ? peer_open(o->python) : NULL;
        r.peer = peer_about(peer);
        measure_machine(&r, kernels);
    }
    e = measure_nets(&r, world, kernels, peer);
    r.farm = farm_measure(world, o->seconds);
    report_end(&r);
    if (leads && o->json)
        written = json_write(&r, o->json);
    peer_close(peer);
    mem_free(r.op);
    mem_free(r.net);
    return e == ERR_NONE ? written : e;
}

static enum err run(struct comm *world, int argc, char **argv)
{
    struct options o = {.seconds = 0.5, .rounds = 5};
    bool help_wanted = false;
    enum err e;

    o.set = MEM_NEW(const char *, argc);
    e = read_options(&o, argc, argv, &help_wanted);
    if (help_wanted)
        log_print("%s", help);
    else if (e == ERR_NONE)
        e = measure(&o, world);
    mem_free(o.set);
    return e;
}

/* Rank 0 says what went wrong, and its exit code is the program's. */
int main(int argc, char **argv)
{
    struct comm *world;
    bool leads;
    enum err e;

    blas_core_settle(argv);
    world = comm_start(&argc, &argv);
    leads = comm_rank(world) == 0;
    log_open(comm_rank(world), LOG_NORMAL);
    gemm_set_threads(1);
    e = run(world, argc, argv);
    if (leads && err_message()[0])
        log_error("%s", err_message());
    comm_finish(world);
    return leads ? err_exit_code(e) : 0;
}
