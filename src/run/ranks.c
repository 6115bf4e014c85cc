/* SPDX-License-Identifier: MIT */
#include "run/ranks.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "eval/eval.h"
#include "eval/train.h"
#include "nn/choice.h"
#include "nn/gemm.h"

CONF_ROWS(rows, struct parallel_conf, PARALLEL_SETTINGS)

static void check(struct conf *conf, const void *values)
{
    const struct parallel_conf *c = values;
    const struct train_conf *train = conf_of(conf, &train_section);
    const struct eval_conf *eval = conf_of(conf, &eval_section);
    int ranks = c->ranks_per_child;

    if ((ranks & (ranks - 1)) != 0)
        conf_complain(conf, &parallel_section, "ranks_per_child",
                      "%d is not a power of two; 1, 2, 4...", ranks);
    else if (strcmp(eval->kind.s, "train") == 0 && ranks > train->shards)
        conf_complain(conf, &parallel_section, "ranks_per_child",
                      "%d ranks cannot share a batch of %d shards; at most "
                      "train.shards",
                      ranks, train->shards);
    if (ranks > 1 && strcmp(c->apart.s, "always") == 0)
        conf_complain(conf, &parallel_section, "apart",
                      "\"always\" is for parallel.ranks_per_child = 1");
}

const struct conf_section parallel_section = {
    .name = "parallel",
    .help = "How ranks are used. Nothing here changes the search.",
    .bytes = sizeof(struct parallel_conf),
    .count = CONF_COUNT(rows),
    .rows = rows,
    .check = check,
};

int ranks_leader(const struct ranks *r, int g)
{
    return 1 + g * r->per_child;
}

/* Group of a world rank; -1 for rank 0 and spare ranks. */
static int group_of(const struct ranks *r, int rank)
{
    int g = (rank - 1) / r->per_child;

    return rank == 0 || g >= r->groups ? -1 : g;
}

static enum err form_groups(struct ranks *r)
{
    int size = comm_size(r->world);

    if (size == 1) {
        r->per_child = 1;
        r->group = comm_self();
        return ERR_NONE;
    }
    r->groups = (size - 1) / r->per_child;
    r->spare = (size - 1) % r->per_child;
    if (r->groups == 0)
        return ERR(
            ERR_USAGE,
            "parallel.ranks_per_child is %d, but only %d of the %d ranks "
            "can work for rank 0; start %d or more, as in: mpirun -np "
            "%d fnas_mpi ...",
            r->per_child, size - 1, size, r->per_child + 1, r->per_child + 1);
    r->group = comm_split(r->world, group_of(r, comm_rank(r->world)));
    return ERR_NONE;
}

/* Ranks on several hosts may talk by hardware that does not like forks. */
static bool children_apart(const struct ranks *r, const char *wanted)
{
    bool one_host = comm_size(r->node) == comm_size(r->world);

    return r->per_child == 1 && (strcmp(wanted, "always") == 0 ||
                                 (strcmp(wanted, "auto") == 0 && one_host));
}

/* Does this rank evaluate? */
static bool works(const struct ranks *r)
{
    return r->group != NULL;
}

/* Workers on the node; how many of them come before this rank. */
static int workers(const struct ranks *r, int *before)
{
    int size = comm_size(r->node), n = 0;
    int mine = works(r);
    int *all = MEM_NEW(int, size);

    comm_gather(r->node, 0, &mine, sizeof mine, all);
    comm_broadcast(r->node, 0, all, (size_t)size * sizeof *all);
    *before = 0;
    for (int i = 0; i < size; i++) {
        if (i < comm_rank(r->node))
            *before += all[i];
        n += all[i];
    }
    mem_free(all);
    return n;
}

struct cores {
    char set[PLACE_TEXT_MAX];
};

/* Cores that the ranks of this node may use together; are all of them free to
 * run on every one, i.e. has nobody bound them yet? */
static bool node_cores(const struct ranks *r, const struct place *p,
                       struct cores *cores)
{
    int size = comm_size(r->node);
    struct cores *all = MEM_NEW(struct cores, size);
    bool unbound = true;

    place_allowed(p, cores->set);
    comm_gather(r->node, 0, cores, sizeof *cores, all);
    comm_broadcast(r->node, 0, all, (size_t)size * sizeof *all);
    for (int i = 0; i < size; i++) {
        unbound = unbound && strcmp(all[i].set, all[0].set) == 0;
        place_union(cores->set, all[i].set);
    }
    mem_free(all);
    return unbound;
}

/* A worker on an unbound node takes a core of its own. */
static void look(struct ranks *r, struct rank_about *a, bool bind,
                 const struct kernels *kernels)
{
    struct place *p = place_new();
    struct cores cores;
    bool unbound = node_cores(r, p, &cores);
    int before;

    a->node_workers = workers(r, &before);
    a->node_cores = place_count(cores.set);
    a->node_rank = comm_rank(r->node);
    if (bind && unbound && works(r) && comm_size(r->node) > 1)
        (void)place_bind(p, cores.set, before);
    place_list(p, a->cores);
    place_describe(p, a->machine, sizeof a->machine);
    place_free(p);
    (void)snprintf(a->host, sizeof a->host, "%s", comm_host());
    blas_core_describe(a->blas, sizeof a->blas);
    blas_core_trouble(a->trouble, sizeof a->trouble);
    (void)snprintf(a->kernels, sizeof a->kernels, "%s", kernels->name);
}

enum err ranks_open(struct ranks *r, struct comm *world,
                    const struct conf *conf)
{
    const struct parallel_conf *c = conf_of(conf, &parallel_section);
    struct rank_about mine = {.node_rank = 0};
    size_t size = (size_t)comm_size(world);

    *r = (struct ranks){.world = world, .per_child = c->ranks_per_child};
    TRY(form_groups(r));
    gemm_set_threads(1);
    r->node = comm_split_node(world);
    r->apart = children_apart(r, c->apart.s);
    look(r, &mine, strcmp(c->bind.s, "auto") == 0,
         nn_kernels(conf_of(conf, &nn_section)));
    if (comm_rank(world) == 0)
        r->about = MEM_NEW(struct rank_about, size);
    else
        r->pulse = pulse_new(world);
    comm_gather(world, 0, &mine, sizeof mine, r->about);
    return ERR_NONE;
}

void ranks_close(struct ranks *r)
{
    comm_free(r->group);
    comm_free(r->node);
    mem_free(r->about);
}

static void warn_of_shared_cores(const struct ranks *r)
{
    for (int i = 0; i < comm_size(r->world); i++) {
        const struct rank_about *a = &r->about[i];

        if (a->node_rank != 0 || a->node_workers <= a->node_cores)
            continue;
        log_warn("%s: %d workers share %d core%s, which slows all of them; "
                 "rank 0 sleeps while it waits and needs no core, so the right "
                 "start is: mpirun --oversubscribe -np %d fnas_mpi ... on each "
                 "such node",
                 a->host, a->node_workers, a->node_cores,
                 a->node_cores == 1 ? "" : "s", a->node_cores + 1);
    }
}

static void warn_of_slow_blas(const struct ranks *r)
{
    for (int i = 0; i < comm_size(r->world); i++) {
        const struct rank_about *a = &r->about[i];

        if (a->node_rank == 0 && a->trouble[0])
            log_warn("%s: %s", a->host, a->trouble);
    }
}

static bool compute_alike(const struct rank_about *a,
                          const struct rank_about *b)
{
    return strcmp(a->kernels, b->kernels) == 0 &&
           (strcmp(a->kernels, "blas") != 0 || strcmp(a->blas, b->blas) == 0);
}

/* Kernels or BLAS that differ between ranks would make results differ. */
static void warn_of_mixture(const struct ranks *r)
{
    const struct rank_about *first = &r->about[0];

    for (int i = 1; i < comm_size(r->world); i++)
        if (!compute_alike(&r->about[i], first)) {
            log_warn("%s computes with %s kernels (BLAS core %s), %s with %s "
                     "(%s): results depend on where a child is trained",
                     r->about[i].host, r->about[i].kernels, r->about[i].blas,
                     first->host, first->kernels, first->blas);
            return;
        }
}

void ranks_print(const struct ranks *r)
{
    int size = comm_size(r->world);

    if (r->groups == 0)
        log_print("ranks      1: searches and evaluates\n");
    else
        log_print("ranks      %d: 1 searches, %d group%s of %d evaluate%s, %d "
                  "spare\n",
                  size, r->groups, r->groups == 1 ? "" : "s", r->per_child,
                  r->groups == 1 ? "s" : "", r->spare);
    for (int i = 0; i < size; i++) {
        const struct rank_about *a = &r->about[i];

        if (a->node_rank == 0)
            log_print("host       %s: %s; BLAS core %s, %s kernels\n", a->host,
                      a->machine, a->blas, a->kernels);
    }
    log_print("binding   ");
    for (int i = 0; i < size && i < 64; i++)
        log_print(" %d:%s", i, r->about[i].cores);
    log_print("%s\n", size > 64 ? " ..." : "");
    warn_of_shared_cores(r);
    warn_of_slow_blas(r);
    warn_of_mixture(r);
}
