/* SPDX-License-Identifier: MIT */
/* fnas_bench: what a machine can do, and how much of it networks get.
 *
 * Everything is measured in one run, in turns, so that ratios hold on a machine
 * that others use, too.  See doc/benchmarks.md for what the figures mean. */
#ifndef TOOLS_BENCH_H
#define TOOLS_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/comm.h"
#include "base/err.h"
#include "nn/kernel.h"

enum { ROUNDS_MAX = 64 };

struct options {
    double seconds;      /* of one measurement */
    int rounds;          /* over the passes of a network */
    const char *json;    /* file for the results; NULL: none */
    const char *variant; /* of the kernels; NULL: the best */
    const char *python;  /* runs the peer; "": one that can; NULL: no peer */
    int sets;            /* --set, for each input */
    const char **set;    /* [sets] "section.key=value" */
    int inputs;
    char *const *input; /* [inputs] files of settings; borrowed */
};

/* Middle and ends of some figures. */
struct spread {
    double median, low, high; /* NAN if there is no figure */
};

/** Of those of x[n] that are not NAN. */
struct spread spread_of(const double *x, int n);

/** Median of a[i] / b[i], rounds of which one is missing left out. */
double spread_ratio(const double *a, const double *b, int n);

/* What one core can do. */

enum level { LEVEL_L2, LEVEL_L3, LEVEL_DRAM, LEVELS };

struct machine {
    char about[256];
    double peak;          /* flop/s */
    double bytes[LEVELS]; /* that fit in, infinite for the last */
    double
        bandwidth[LEVELS]; /* bytes/s of a[i] = b[i] + s c[i], 3 values each */
};

extern const char *const level_names[LEVELS];

/** Measure the core this rank runs on, with the variant's instructions. Local. */
void machine_measure(struct machine *m, const char *variant, double seconds);

/** The roofline: flop/s that a piece of work can have at most, which reads and
 * writes `bytes`. */
double machine_bound(const struct machine *m, double flop, double bytes);

/* Single operators. */

struct work {
    double flop, bytes, seconds;
};

struct op_speed {
    struct shape in;
    int channels; /* out; 0: depthwise */
    int kernel, stride;
    struct work forward, backward;
};

/** The i-th operator, measured; false past the last. Local. */
bool op_measure(struct op_speed *s, int i, const struct kernels *kernels,
                double seconds);

/* Networks. */

enum mode {
    TRAIN,        /* one rank */
    PEER_TRAIN,   /* the peer with one thread */
    TRAIN_RANKS,  /* all ranks train one child */
    PEER_THREADS, /* the peer with as many threads */
    TRAIN_EACH,   /* each rank a child of its own, all at once */
    INFER,        /* one rank */
    PEER_INFER,
    INFER_EACH, /* all ranks at once */
    PEER_INFER_THREADS,
    MODES
};

/** Name of a mode in JSON; what a row of the table is called, "%d" being the
 * ranks. */
extern const struct mode_text {
    const char *name, *text;
} mode_texts[MODES];

/** Pairs of modes whose ratio is reported. */
struct ratio {
    enum mode over, under;
    const char *name, *text;
};

enum { RATIOS = 6 };
extern const struct ratio ratios[RATIOS];

struct net_speed {
    const char *input; /* file of settings */
    char name[64];
    int64_t params, macs;
    int64_t train_macs; /* forward, and both gradients but the input's */
    int64_t bytes;      /* of the arena of a child on one rank */
    int batch, shards;
    int64_t peer_params; /* of the peer's network; 0: not known */
    double ask_tell;     /* seconds of PPO for a trial of this space */
    double rate[MODES][ROUNDS_MAX]; /* images/s; NAN: not measured */
};

struct peer;

/** Measure the network that an input's method proposes first.  Figures are those
 * of rank 0.  Wrong input and missing data fail on all ranks.
 * Collective over world. */
MUST_CHECK enum err net_measure(struct net_speed *s, const char *input,
                                const struct options *o, struct comm *world,
                                const struct kernels *kernels,
                                struct peer *peer);

/** Multiply-accumulates of an image, forward or for a training step. */
double net_macs(const struct net_speed *s, enum mode mode);

/** Cores that a mode keeps busy. */
int net_cores(enum mode mode, int ranks);

/* Rank 0. */

struct space;
struct conf;

/** Seconds in which PPO proposes an architecture and learns from it. Local. */
double search_measure(const struct space *space, const struct conf *conf,
                      double seconds);

/** Tasks a second through the farm whose evaluator does nothing; NAN with one
 * rank. Collective over world. */
double farm_measure(struct comm *world, double seconds);

/* The peer: the same networks in PyTorch, in a process of its own. */

struct blueprint;
struct train_conf;

/** Start it with that python, "": with one that has PyTorch.  NULL, with a
 * warning, if there is none. Rank 0 only. */
struct peer *peer_open(const char *python);
void peer_close(struct peer *p);

/** "torch 1.13.0"; NULL is fine. */
const char *peer_about(const struct peer *p);

/** Build a network there; its parameters, 0 if that failed. */
int64_t peer_build(struct peer *p, const struct blueprint *b,
                   const struct train_conf *c);

/** Images/s of it; NAN if the peer is gone. */
double peer_train(struct peer *p, int threads, int batch, double seconds);
double peer_infer(struct peer *p, int threads, int batch, double seconds);

/* Results. */

struct results {
    const struct options *options;
    int ranks;
    const char *variant;
    const char *peer; /* about it; NULL: none */
    struct machine machine;
    double farm; /* tasks/s */
    int ops, nets;
    struct op_speed *op;   /* [ops] */
    struct net_speed *net; /* [nets] */
};

/** Print a part. Rank 0 only. */
void report_machine(const struct results *r);
void report_ops_head(void);
void report_op(const struct results *r, const struct op_speed *s);
void report_net(const struct results *r, const struct net_speed *s);
void report_end(const struct results *r);

/** Write all as JSON. ERR_IO. Rank 0 only. */
MUST_CHECK enum err json_write(const struct results *r, const char *path);

#endif
