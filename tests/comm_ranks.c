/* SPDX-License-Identifier: MIT */
/* Run by comm.sh on several ranks: every message of base/comm, checked on every
 * rank; ends the job with a message if one is wrong. */
#include <stdio.h>
#include <string.h>

#include "base/comm.h"
#include "base/mem.h"
#include "base/rng.h"

/* What rank `rank` brings to a sum. */
static void fill(float *x, size_t n, int rank)
{
    struct rng r = rng_stream(5, RNG_TEST, (uint64_t)rank);

    for (size_t i = 0; i < n; i++)
        x[i] = (float)rng_normal(&r);
}

/* The tree of comm.h, on one rank: sum of ranks from..from + size - 1. */
static void tree(float *sum, size_t n, int from, int size)
{
    float *right = MEM_NEW(float, n);

    if (size == 1) {
        fill(sum, n, from);
    } else {
        tree(sum, n, from, size / 2);
        tree(right, n, from + size / 2, size / 2);
        for (size_t i = 0; i < n; i++)
            sum[i] += right[i];
    }
    mem_free(right);
}

static void check_sum(struct comm *c, size_t n)
{
    float *x = MEM_NEW(float, n), *work = MEM_NEW(float, n);
    float *expected = MEM_NEW(float, n);

    fill(x, n, comm_rank(c));
    tree(expected, n, 0, comm_size(c));
    comm_sum(c, x, work, n);
    CHECK(memcmp(x, expected, n * sizeof *x) == 0);
    mem_free(x);
    mem_free(work);
    mem_free(expected);
}

static void check_sums(struct comm *c)
{
    static const size_t sizes[] = {0, 1, 2, 3, 7, 64, 1001, 100000};

    if ((comm_size(c) & (comm_size(c) - 1)) != 0)
        return;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        check_sum(c, sizes[i]);
}

static void check_collectives(struct comm *c)
{
    int rank = comm_rank(c), size = comm_size(c), root = size - 1;
    int64_t counts[2] = {1, rank};
    double *x = MEM_NEW(double, size);
    int value = rank == root ? 42 : 0, *all = MEM_NEW(int, size);

    comm_sum_counts(c, counts, 2);
    CHECK(counts[0] == size && counts[1] == size * (size - 1) / 2);
    x[rank] = 0.1 * (rank + 1);
    comm_sum_disjoint(c, x, size);
    for (int i = 0; i < size; i++)
        CHECK(x[i] == 0.1 * (i + 1));
    comm_broadcast(c, root, &value, sizeof value);
    CHECK(value == 42);
    value = rank * rank;
    comm_gather(c, root, &value, sizeof value, all);
    for (int i = 0; i < size && rank == root; i++)
        CHECK(all[i] == i * i);
    mem_free(x);
    mem_free(all);
}

static void check_agreement(struct comm *c)
{
    int rank = comm_rank(c), last = comm_size(c) - 1;
    enum err e = comm_agree(c, ERR_NONE);

    CHECK(e == ERR_NONE);
    e = rank == last ? ERR(ERR_DATA, "bad data") : ERR_NONE;
    e = comm_agree(c, e);
    CHECK(e == (rank == last ? ERR_DATA : ERR_PEER));
    err_clear();
}

/* Everybody but rank 0 sends its rank; rank 0 hears all, in any order. */
static void check_messages(struct comm *c)
{
    int rank = comm_rank(c), size = comm_size(c), sum = 0;

    if (rank > 0)
        comm_send(c, 0, COMM_RESULT, &rank, sizeof rank);
    for (int i = 1; i < size && rank == 0; i++) {
        int from, number;
        enum comm_tag tag;
        size_t bytes;

        for (int turn = 1; !comm_poll(c, COMM_ANY, &from, &tag, &bytes);)
            comm_rest(turn++);
        CHECK(tag == COMM_RESULT && bytes == sizeof number);
        comm_receive(c, from, tag, &number, bytes);
        CHECK(number == from);
        sum += number;
    }
    CHECK(rank > 0 || sum == size * (size - 1) / 2);
}

static void check_shared(struct comm *world)
{
    struct comm *node = comm_split_node(world);
    void *memory;
    struct comm_shared *s = comm_shared_new(node, 4096, &memory);

    if (comm_rank(node) == 0)
        memset(memory, 7, 4096);
    comm_shared_ready(s);
    for (int i = 0; i < 4096; i++)
        CHECK(((const char *)memory)[i] == 7);
    comm_shared_free(s);
    comm_free(node);
}

static void check_split(struct comm *world)
{
    int rank = comm_rank(world);
    struct comm *c = comm_split(world, rank == 0 ? -1 : (rank - 1) / 2);

    CHECK((c == NULL) == (rank == 0));
    CHECK(!c || comm_rank(c) == (rank - 1) % 2);
    comm_free(c);
}

int main(int argc, char **argv)
{
    struct comm *world = comm_start(&argc, &argv), *self = comm_self();

    check_sums(world);
    check_sums(self);
    check_collectives(world);
    check_agreement(world);
    check_messages(world);
    check_shared(world);
    check_split(world);
    comm_free(self);
    comm_finish(world);
    CHECK(mem_live() == 0);
    return 0;
}
