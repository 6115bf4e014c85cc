/* SPDX-License-Identifier: MIT */
/* The parts of main: with MPI a run, without it all else. */
#ifndef RUN_PROGRAM_H
#define RUN_PROGRAM_H

#include "run/args.h"
#include "run/results.h"
#include "run/resume.h"
#include "search/transfer.h"

/* What is opened in order, and closed in the reverse one. */
struct program {
    struct args args;
    int argc;
    char **argv;
    char *command;       /* as it was typed */
    struct usage before; /* what MPI had used when it was up */
    struct comm *world;
    struct conf *conf;
    struct space space;
    struct ranks ranks;
    const struct eval *eval;
    void *evaluator;
    struct results results;
    struct resume resume;     /* on rank 0 */
    struct transfer transfer; /* on rank 0 */
};

/** Read and check the input; what is wrong is all said if `speak`, or else the
 * first is the error. */
MUST_CHECK enum err program_input(struct program *p, bool speak);

/** Open space and evaluator. Collective over at->world. */
MUST_CHECK enum err program_evaluator(struct program *p,
                                      const struct eval_place *at);

/** What needs no MPI: help, versions, defaults, --status, --check. */
MUST_CHECK enum err program_offline(struct program *p);

#endif
