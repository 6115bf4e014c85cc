/* SPDX-License-Identifier: MIT */
/* The tree of comm_sum: at step s a rank pairs with rank ^ 2^s.  Halving, each
 * keeps one half of what it holds and adds the partner's; doubling, the halves
 * travel back. */
#include "base/comm.h"

#include <limits.h>
#include <mpi.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"

#define MPI(call) CHECK((call) == MPI_SUCCESS)

struct comm {
    MPI_Comm mpi;
    int rank, size;
};

struct comm_shared {
    MPI_Win window;
    MPI_Comm mpi;
};

static int count_of(size_t n)
{
    CHECK(n <= INT_MAX);
    return (int)n;
}

static struct comm *wrap(MPI_Comm mpi)
{
    struct comm *c = MEM_NEW(struct comm, 1);

    c->mpi = mpi;
    MPI(MPI_Comm_rank(mpi, &c->rank));
    MPI(MPI_Comm_size(mpi, &c->size));
    return c;
}

static void stop_all(int exit_code)
{
    MPI_Abort(MPI_COMM_WORLD, exit_code);
}

void comm_abandon(int exit_code)
{
    MPI_Abort(MPI_COMM_WORLD, exit_code);
    abort();
}

struct comm *comm_start(int *argc, char ***argv)
{
    /* Open MPI spins while it waits unless it knows that cores are shared,
     * which it cannot know of a hostfile that claims too many slots. */
    (void)setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
    /* The child processes of base/h5_guard do not touch MPI. */
    (void)setenv("OMPI_MCA_mpi_warn_on_fork", "0", 0);
    MPI(MPI_Init(argc, argv));
    err_set_stop(stop_all);
    return wrap(MPI_COMM_WORLD);
}

void comm_finish(struct comm *world)
{
    mem_free(world);
    err_set_stop(NULL);
    MPI(MPI_Finalize());
}

struct comm *comm_self(void)
{
    return wrap(MPI_COMM_SELF);
}

struct comm *comm_split(struct comm *c, int color)
{
    MPI_Comm part;

    MPI(MPI_Comm_split(c->mpi, color < 0 ? MPI_UNDEFINED : color, c->rank,
                       &part));
    return part == MPI_COMM_NULL ? NULL : wrap(part);
}

struct comm *comm_split_node(struct comm *c)
{
    MPI_Comm part;

    MPI(MPI_Comm_split_type(c->mpi, MPI_COMM_TYPE_SHARED, c->rank,
                            MPI_INFO_NULL, &part));
    return wrap(part);
}

void comm_free(struct comm *c)
{
    if (c && c->mpi != MPI_COMM_SELF)
        MPI(MPI_Comm_free(&c->mpi));
    mem_free(c);
}

int comm_rank(const struct comm *c)
{
    return c->rank;
}

int comm_size(const struct comm *c)
{
    return c->size;
}

void comm_send(struct comm *c, int to, enum comm_tag tag, const void *bytes,
               size_t size)
{
    MPI(MPI_Send(bytes, count_of(size), MPI_BYTE, to, (int)tag, c->mpi));
}

struct comm_posted {
    MPI_Request request;
};

struct comm_posted *comm_post(struct comm *c, int to, enum comm_tag tag,
                              const void *bytes, size_t size)
{
    struct comm_posted *p = MEM_NEW(struct comm_posted, 1);

    MPI(MPI_Isend(bytes, count_of(size), MPI_BYTE, to, (int)tag, c->mpi,
                  &p->request));
    return p;
}

void comm_posted_free(struct comm_posted *p)
{
    if (!p)
        return;
    MPI(MPI_Wait(&p->request, MPI_STATUS_IGNORE));
    mem_free(p);
}

bool comm_poll(struct comm *c, int from, int *sender, enum comm_tag *tag,
               size_t *size)
{
    MPI_Status status;
    int there, bytes;

    MPI(MPI_Iprobe(from == COMM_ANY ? MPI_ANY_SOURCE : from, MPI_ANY_TAG,
                   c->mpi, &there, &status));
    if (!there)
        return false;
    MPI(MPI_Get_count(&status, MPI_BYTE, &bytes));
    *sender = status.MPI_SOURCE;
    *tag = (enum comm_tag)status.MPI_TAG;
    *size = (size_t)bytes;
    return true;
}

/* Yield at first, some 0.3 ms, for messages that come at once. */
void comm_rest(int turn)
{
    enum { YIELDS = 1000, STEP_NS = 20000, LONGEST_NS = 1000000 };
    long ns = (long)(turn - YIELDS) * STEP_NS;
    struct timespec t = {.tv_nsec = ns < LONGEST_NS ? ns : LONGEST_NS};

    if (turn <= YIELDS)
        (void)sched_yield();
    else
        (void)nanosleep(&t, NULL);
}

void comm_receive(struct comm *c, int from, enum comm_tag tag, void *bytes,
                  size_t size)
{
    MPI(MPI_Recv(bytes, count_of(size), MPI_BYTE, from, (int)tag, c->mpi,
                 MPI_STATUS_IGNORE));
}

/* The floats [from, to) of x. */
struct range {
    size_t from, to;
};

static void exchange(struct comm *c, int partner, const float *give,
                     size_t give_count, float *take, size_t take_count)
{
    MPI(MPI_Sendrecv(give, count_of(give_count), MPI_FLOAT, partner, COMM_BLOCK,
                     take, count_of(take_count), MPI_FLOAT, partner, COMM_BLOCK,
                     c->mpi, MPI_STATUS_IGNORE));
}

/* The half of r that this rank keeps, and the one it gives away. */
static void halve(struct range r, bool lower, struct range *keep,
                  struct range *give)
{
    size_t middle = r.from + (r.to - r.from) / 2;
    struct range low = {r.from, middle}, high = {middle, r.to};

    *keep = lower ? low : high;
    *give = lower ? high : low;
}

void comm_sum(struct comm *c, float *x, float *work, size_t n)
{
    struct range held[32] = {{0, n}}, give;
    int depth = 0;

    CHECK((c->size & (c->size - 1)) == 0);
    for (int bit = 1; bit < c->size; bit *= 2, depth++) {
        struct range *keep = &held[depth + 1];

        halve(held[depth], !(c->rank & bit), keep, &give);
        exchange(c, c->rank ^ bit, x + give.from, give.to - give.from, work,
                 keep->to - keep->from);
        for (size_t i = keep->from; i < keep->to; i++)
            x[i] += work[i - keep->from];
    }
    for (int bit = c->size / 2; bit > 0; bit /= 2, depth--) {
        struct range keep;

        halve(held[depth - 1], !(c->rank & bit), &keep, &give);
        exchange(c, c->rank ^ bit, x + keep.from, keep.to - keep.from,
                 x + give.from, give.to - give.from);
    }
}

void comm_sum_counts(struct comm *c, int64_t *x, int n)
{
    if (c->size > 1)
        MPI(MPI_Allreduce(MPI_IN_PLACE, x, n, MPI_INT64_T, MPI_SUM, c->mpi));
}

void comm_sum_disjoint(struct comm *c, double *x, int n)
{
    if (c->size > 1)
        MPI(MPI_Allreduce(MPI_IN_PLACE, x, n, MPI_DOUBLE, MPI_SUM, c->mpi));
}

void comm_broadcast(struct comm *c, int root, void *bytes, size_t size)
{
    if (c->size > 1)
        MPI(MPI_Bcast(bytes, count_of(size), MPI_BYTE, root, c->mpi));
}

void comm_gather(struct comm *c, int root, const void *mine, size_t size,
                 void *all)
{
    MPI(MPI_Gather(mine, count_of(size), MPI_BYTE, all, count_of(size),
                   MPI_BYTE, root, c->mpi));
}

void comm_barrier(struct comm *c)
{
    MPI(MPI_Barrier(c->mpi));
}

enum err comm_agree(struct comm *c, enum err mine)
{
    int any = mine != ERR_NONE;

    MPI(MPI_Allreduce(MPI_IN_PLACE, &any, 1, MPI_INT, MPI_MAX, c->mpi));
    if (mine != ERR_NONE)
        return mine;
    return any ? ERR(ERR_PEER, "another rank failed") : ERR_NONE;
}

struct comm_shared *comm_shared_new(struct comm *node, size_t bytes,
                                    void **memory)
{
    struct comm_shared *s = MEM_NEW(struct comm_shared, 1);
    MPI_Aint size = node->rank == 0 ? (MPI_Aint)bytes : 0;
    int unit;
    void *own;

    s->mpi = node->mpi;
    MPI(MPI_Win_allocate_shared(size, 1, MPI_INFO_NULL, node->mpi, &own,
                                &s->window));
    MPI(MPI_Win_shared_query(s->window, 0, &size, &unit, memory));
    MPI(MPI_Win_lock_all(MPI_MODE_NOCHECK, s->window));
    return s;
}

void comm_shared_ready(struct comm_shared *s)
{
    MPI(MPI_Win_sync(s->window));
    MPI(MPI_Barrier(s->mpi));
    MPI(MPI_Win_sync(s->window));
}

void comm_shared_free(struct comm_shared *s)
{
    if (!s)
        return;
    MPI(MPI_Win_unlock_all(s->window));
    MPI(MPI_Win_free(&s->window));
    mem_free(s);
}

const char *comm_library(void)
{
    static char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int length;

    MPI(MPI_Get_library_version(text, &length));
    text[strcspn(text, ",\n")] = '\0';
    return text;
}

const char *comm_host(void)
{
    static char name[MPI_MAX_PROCESSOR_NAME];
    int length;

    MPI(MPI_Get_processor_name(name, &length));
    return name;
}

double comm_clock(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
