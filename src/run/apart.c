/* SPDX-License-Identifier: MIT */
/* The process sends through a pipe: beats, and after the last of them its end,
 * behind which luggage follows.  It has no threads of MPI and calls none of it:
 * groups of one rank need none. */
#include "run/apart.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/pulse.h"
#include "base/timer.h"

struct frame {
    bool last;
    struct beat beat;
};

struct end {
    struct result result;
    double seconds[TIMERS];
    size_t luggage;
};

/* What is to be done, and by what. */
struct job {
    const struct eval *eval;
    void *evaluator;
    struct pulse *pulse;
    const struct task *task;
    const struct luggage *with;
};

static void send_beat(void *pipe, const struct beat *b)
{
    struct frame f;

    memset(&f, 0, sizeof f);
    f.beat = *b;
    (void)bytes_write(*(int *)pipe, &f, sizeof f);
}

static bool send_end(int pipe, const struct result *r, const struct luggage *l)
{
    struct frame f;
    struct end end;

    memset(&f, 0, sizeof f);
    memset(&end, 0, sizeof end);
    f.last = true;
    end.result = *r;
    end.luggage = l->size;
    for (int t = 0; t < TIMERS; t++)
        end.seconds[t] = timer_seconds((enum timer)t);
    return bytes_write(pipe, &f, sizeof f) &&
           bytes_write(pipe, &end, sizeof end) &&
           bytes_write(pipe, l->bytes, l->size);
}

/* The process; it must not outlive its rank, nor take the others with it. */
static _Noreturn void work(const struct job *j, int pipe, pid_t rank)
{
    struct luggage left;
    struct result r;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)prctl(PR_SET_NAME, "fnas_child");
    if (getppid() != rank)
        _exit(0);
    err_set_stop(NULL);
    timer_stop(TIMER_CHILD);
    if (j->pulse->send) {
        j->pulse->send = send_beat;
        j->pulse->to = &pipe;
    }
    eval_task(j->eval, j->evaluator, j->task, j->with, &r, &left);
    _exit(!send_end(pipe, &r, &left));
}

/* Timers below TIMER_CHILD. */
static void take_timers(const double *seconds)
{
    for (int t = 0; t < TIMERS; t++)
        if (timer_level((enum timer)t) > timer_level(TIMER_CHILD))
            timer_set((enum timer)t, seconds[t]);
}

/* Hear the process to its end; false: it died before. */
static bool hear(const struct job *j, int pipe, struct result *r,
                 struct luggage *left)
{
    struct frame f = {.last = false};
    struct end end;

    while (bytes_read(pipe, &f, sizeof f) && !f.last)
        pulse_beat(j->pulse, f.beat.phase, f.beat.done, f.beat.of);
    if (!f.last || !bytes_read(pipe, &end, sizeof end))
        return false;
    *left = (struct luggage){.size = end.luggage};
    if (left->size > 0)
        left->bytes = MEM_NEW(char, left->size);
    if (!bytes_read(pipe, left->bytes, left->size)) {
        mem_free(left->bytes);
        return false;
    }
    *r = end.result;
    take_timers(end.seconds);
    return true;
}

static pid_t start(const struct job *j, int *pipe_of)
{
    pid_t rank = getpid(), child;
    int ends[2];

    if (pipe(ends) != 0)
        return -1;
    child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        work(j, ends[1], rank);
    }
    (void)close(ends[1]);
    *pipe_of = ends[0];
    if (child < 0)
        (void)close(ends[0]);
    return child;
}

/* How it died. */
static void describe(char *text, size_t size, int status)
{
    if (WIFSIGNALED(status))
        (void)snprintf(text, size, "its process was killed by signal %d (%s)",
                       WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        (void)snprintf(text, size, "its process ended with exit code %d",
                       WEXITSTATUS(status));
}

enum outcome { DONE, DIED, NO_PROCESS };

static enum outcome attempt(const struct job *j, struct result *r,
                            struct luggage *left)
{
    int pipe = -1, status = 0;
    pid_t child = start(j, &pipe);
    bool done;

    if (child < 0)
        return NO_PROCESS;
    done = hear(j, pipe, r, left);
    (void)close(pipe);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (done)
        return DONE;
    *r = result_bare(j->task->id, TRIAL_FAILED);
    *left = (struct luggage){0};
    describe(r->reason, sizeof r->reason, status);
    return DIED;
}

static enum outcome attempts(const struct job *j, struct result *r,
                             struct luggage *left)
{
    enum outcome o = DIED;

    for (int i = 1; i <= APART_TRIES && o == DIED; i++) {
        o = attempt(j, r, left);
        if (o == DIED)
            log_error("trial %" PRId64 ": %s; %s", j->task->id, r->reason,
                      i < APART_TRIES ? "it is evaluated again" : "it failed");
    }
    return o;
}

void apart_evaluate(const struct eval *eval, void *evaluator,
                    struct pulse *pulse, const struct task *t,
                    const struct luggage *with, struct result *r,
                    struct luggage *left)
{
    const struct job j = {eval, evaluator, pulse, t, with};
    double begun = comm_clock();
    enum outcome o;

    timer_start(TIMER_CHILD);
    o = attempts(&j, r, left);
    timer_stop(TIMER_CHILD);
    if (o == NO_PROCESS)
        eval_task(eval, evaluator, t, with, r, left);
    r->seconds = comm_clock() - begun;
}
