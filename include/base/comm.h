/* SPDX-License-Identifier: MIT */
/* The messages the program needs; the only file with <mpi.h> is comm.c.
 *
 * MPI's own failures end the job, so only comm_agree and comm_start return an
 * enum err.  Waiting never burns a core: every wait polls with back-off. */
#ifndef BASE_COMM_H
#define BASE_COMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct comm;

/** Start MPI (a single process without mpirun is a world of one rank) and make
 * CHECK end the whole job. Collective over all ranks. */
struct comm *comm_start(int *argc, char ***argv);

/** End MPI; frees the world. Collective over all ranks. */
void comm_finish(struct comm *world);

/** Communicator of this rank alone. Local. */
struct comm *comm_self(void);

/** Ranks with the same color, ordered by rank; a negative color gives NULL.
 * Collective over c. */
struct comm *comm_split(struct comm *c, int color);

/** Ranks that share memory. Collective over c. */
struct comm *comm_split_node(struct comm *c);

/** NULL is fine. Collective over c. */
void comm_free(struct comm *c);

int comm_rank(const struct comm *c);
int comm_size(const struct comm *c);

/** Messages of bytes. A send may wait for the receiver. Local. */
enum { COMM_ANY = -1 };

enum comm_tag {
    COMM_TASK,
    COMM_RESULT,
    COMM_STOP,  /* to a rank: no more tasks */
    COMM_BEAT,  /* from it: a sign of life */
    COMM_LEAVE, /* from it: its last word */
    COMM_BLOCK
};

void comm_send(struct comm *c, int to, enum comm_tag tag, const void *bytes,
               size_t size);

/** The same without waiting: `bytes` must stay until comm_posted_free, which
 * waits until they were sent. Local. */
struct comm_posted;

struct comm_posted *comm_post(struct comm *c, int to, enum comm_tag tag,
                              const void *bytes, size_t size);
void comm_posted_free(struct comm_posted *p);

/** Is there a message from `from` (COMM_ANY: from anybody)?  Gives sender, tag
 * and size. Local. */
bool comm_poll(struct comm *c, int from, int *sender, enum comm_tag *tag,
               size_t *size);

/** Rest before looking again for the turn-th time: briefly at first, then up to
 * 1 ms, so that waiting takes under 5 % of a core. Local. */
void comm_rest(int turn);

/** Receive the message that comm_poll announced. Local. */
void comm_receive(struct comm *c, int from, enum comm_tag tag, void *bytes,
                  size_t size);

/** x[n] becomes its sum over the ranks, in a fixed binary tree:
 *
 *     ((x0 + x1) + (x2 + x3)) + ((x4 + x5) + (x6 + x7))
 *
 * The size of c must be a power of two.  The bits are those of one rank adding
 * the same x in the same tree.  Recursive halving, then doubling: each rank
 * sends 2 n (p - 1)/p floats.  work[n].  Collective over c. */
void comm_sum(struct comm *c, float *x, float *work, size_t n);

/** x[n] becomes its sum over the ranks.  With one rank this and the next two do
 * nothing, not even in MPI. Collective over c. */
void comm_sum_counts(struct comm *c, int64_t *x, int n);

/** The same where at most one rank has a value that is not 0, so that the order
 * cannot matter: a way to collect what each rank computed. Collective over c. */
void comm_sum_disjoint(struct comm *c, double *x, int n);

void comm_broadcast(struct comm *c, int root, void *bytes, size_t size);

/** all[size of c][size bytes] on the root; NULL elsewhere. Collective over c. */
void comm_gather(struct comm *c, int root, const void *mine, size_t size,
                 void *all);

/** End all ranks, whatever they do, with this exit code. Local. */
_Noreturn void comm_abandon(int exit_code);

void comm_barrier(struct comm *c);

/** Failures become common before anyone acts: ERR_NONE if all are well; the
 * own error on ranks that have one; ERR_PEER elsewhere. Collective over c. */
MUST_CHECK enum err comm_agree(struct comm *c, enum err mine);

/** Memory that the ranks of a node share, allocated by its rank 0 (`bytes` of
 * the others is ignored).  comm_shared_ready() makes what rank 0 wrote visible
 * to all. Collective over node. */
struct comm_shared;

struct comm_shared *comm_shared_new(struct comm *node, size_t bytes,
                                    void **memory);
void comm_shared_ready(struct comm_shared *s);
void comm_shared_free(struct comm_shared *s);

/** MPI library and version, "Open MPI 4.1.4"; name of this host. Local. */
const char *comm_library(void);
const char *comm_host(void);

/** Seconds since some time in the past, monotonic. Local. */
double comm_clock(void);

#endif
