/* SPDX-License-Identifier: MIT */
/* Who does what, and where: rank 0 drives; ranks 1.. form groups that evaluate;
 * a rank alone does both. */
#ifndef RUN_RANKS_H
#define RUN_RANKS_H

#include <stdbool.h>

#include "base/comm.h"
#include "base/conf.h"
#include "base/place.h"
#include "base/pulse.h"
#include "run/blas_core.h"

/* clang-format off */
#define PARALLEL_SETTINGS(X)                                                   \
    X(INT, ranks_per_child, "1", 1, 1024, "ranks",                             \
      "Ranks that train one child together, a power of two. Does not change "  \
      "results. More children at once are faster than more ranks per child")   \
    X(CHOICE, apart, "auto", 0, 0, "auto|always|never",                        \
      "Train each child in a process of its own, so that one that dies is "    \
      "trained again and costs no restart; with 1 rank per child. auto: if "   \
      "all ranks are on one host")                                             \
    X(CHOICE, bind, "auto", 0, 0, "auto|none",                                 \
      "Bind workers to cores; auto: unless mpirun has done it")
/* clang-format on */

struct parallel_conf {
    PARALLEL_SETTINGS(CONF_FIELD)
};

extern const struct conf_section parallel_section;

/** What rank 0 knows of every rank. */
struct rank_about {
    char host[256];
    char cores[PLACE_TEXT_MAX]; /* where it runs, "0-1" */
    char machine[256];
    char blas[BLAS_CORE_MAX];    /* core of OpenBLAS */
    char trouble[BLAS_CORE_MAX]; /* what is wrong with it; or empty */
    char kernels[32];
    int node_rank;    /* number on its node */
    int node_workers; /* ranks on its node that evaluate */
    int node_cores;   /* cores these may use */
};

struct ranks {
    struct comm *world, *node;
    struct comm *group; /* NULL on rank 0 beside workers, and on spare ranks */
    int per_child;      /* ranks in a group */
    int groups;         /* 0: rank 0 evaluates */
    int spare;          /* ranks too few for one more group: they do nothing */
    bool apart;         /* a process for each child, see run/apart.h */
    struct rank_about *about; /* [size of world], on rank 0 */
    struct pulse pulse;       /* of this rank; rank 0 has none */
};

/** Form the groups, bind workers to cores.  ERR_USAGE if there are too few
 * ranks; the message has the right command line. Collective over world. */
MUST_CHECK enum err ranks_open(struct ranks *r, struct comm *world,
                               const struct conf *conf);

/** Collective over world. */
void ranks_close(struct ranks *r);

/** World rank that leads group g. */
int ranks_leader(const struct ranks *r, int g);

/** Hosts, groups, binding, and a warning with the right command line if workers
 * share cores. Rank 0 only. */
void ranks_print(const struct ranks *r);

#endif
