/* SPDX-License-Identifier: MIT */
/* The peer answers a line with a line (tools/peer_torch):
 *
 *                               -> torch 1.13.0
 *     build {"layers": ...}     -> 266110             parameters
 *     train THREADS BATCH S     -> 812.5              images/s
 *     infer THREADS BATCH S     -> 3620.1
 */
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "bench.h"
#include "eval/train.h"
#include "space/space.h"

struct peer {
    pid_t process;
    FILE *to, *from;
    char about[128];
};

extern char **environ;

/* Start it with its ends of two pipes as standard input and output. */
static bool spawn(struct peer *p, const char *python, const int to[2],
                  const int from[2])
{
    char *arguments[] = {mem_text(python), mem_text(PEER_SCRIPT), NULL};
    posix_spawn_file_actions_t actions;
    int trouble;

    CHECK(posix_spawn_file_actions_init(&actions) == 0);
    CHECK(posix_spawn_file_actions_adddup2(&actions, to[0], 0) == 0);
    CHECK(posix_spawn_file_actions_adddup2(&actions, from[1], 1) == 0);
    for (int i = 0; i < 2; i++) {
        CHECK(posix_spawn_file_actions_addclose(&actions, to[i]) == 0);
        CHECK(posix_spawn_file_actions_addclose(&actions, from[i]) == 0);
    }
    trouble =
        posix_spawnp(&p->process, python, &actions, NULL, arguments, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    mem_free(arguments[0]);
    mem_free(arguments[1]);
    return trouble == 0;
}

/* The next line of the peer; false if it is gone. */
static bool hear(struct peer *p, char *line, int size)
{
    if (!fgets(line, size, p->from))
        return false;
    line[strcspn(line, "\n")] = '\0';
    return true;
}

/* NULL if that python has no PyTorch. */
static struct peer *open_with(const char *python)
{
    struct peer *p = MEM_NEW(struct peer, 1);
    int to[2], from[2];
    bool started;

    CHECK(pipe(to) == 0 && pipe(from) == 0);
    p->to = fdopen(to[1], "w");
    p->from = fdopen(from[0], "r");
    CHECK(p->to && p->from);
    started = spawn(p, python, to, from);
    (void)close(to[0]);
    (void)close(from[1]);
    if (started && hear(p, p->about, sizeof p->about))
        return p;
    peer_close(p);
    return NULL;
}

struct peer *peer_open(const char *python)
{
    /* the user's, and the one that packages of the system are for */
    const char *const names[] = {"python3", "/usr/bin/python3"};
    struct peer *p = NULL;

    /* a peer that ends is a missing figure, not our end */
    (void)signal(SIGPIPE, SIG_IGN);
    if (python[0])
        p = open_with(python);
    for (int i = 0; i < 2 && !python[0] && !p; i++)
        p = open_with(names[i]);
    if (!p)
        log_warn("no peer: %s cannot be started, or has no PyTorch",
                 python[0] ? python : names[0]);
    return p;
}

void peer_close(struct peer *p)
{
    if (!p)
        return;
    (void)fclose(p->to);
    (void)fclose(p->from);
    if (p->process > 0)
        (void)waitpid(p->process, NULL, 0);
    mem_free(p);
}

const char *peer_about(const struct peer *p)
{
    return p ? p->about : NULL;
}

static void write_layer(FILE *to, const struct layer *l)
{
    /* clang-format off */
    static const char *const kinds[] = {[LAYER_CONV] = "conv",
                                        [LAYER_SEP] = "sep",
                                        [LAYER_MBCONV] = "mb",
                                        [LAYER_NONE] = "none"};
    static const char *const skips[] = {[SKIP_NONE] = "none",
                                        [SKIP_IDENTITY] = "id",
                                        [SKIP_POOL] = "pool"};
    static const char *const acts[] = {[ACT_NONE] = "none",
                                       [ACT_RELU] = "relu",
                                       [ACT_RELU6] = "relu6",
                                       [ACT_HSWISH] = "hswish",
                                       [ACT_HSIGMOID] = "hsigmoid",
                                       [ACT_SIGMOID] = "sigmoid",
                                       [ACT_SWISH] = "swish"};
    /* clang-format on */

    (void)fprintf(to,
                  "{\"kind\": \"%s\", \"skip\": \"%s\", \"act\": \"%s\", "
                  "\"kernel\": %d, \"stride\": %d, \"channels\": %d, "
                  "\"expand\": %d, \"se\": %d, \"gate\": \"%s\"}",
                  kinds[l->kind], skips[l->skip], acts[l->act], l->kernel,
                  l->stride, l->channels, l->expand, l->se, acts[l->gate]);
}

int64_t peer_build(struct peer *p, const struct blueprint *b,
                   const struct train_conf *c)
{
    char line[64];

    if (!p)
        return 0;
    (void)fprintf(p->to, "build {\"input\": [%d, %d, %d], \"classes\": %d, ",
                  b->channels, b->height, b->width, b->classes);
    (void)fprintf(p->to,
                  "\"rate\": %.9g, \"momentum\": %.9g, \"decay\": %.9g, "
                  "\"nesterov\": %s, \"smoothing\": %.9g, \"layers\": [",
                  c->rate, c->momentum, c->decay,
                  c->nesterov ? "true" : "false", c->smoothing);
    for (int i = 0; i < b->count; i++) {
        (void)fputs(i ? ", " : "", p->to);
        write_layer(p->to, &b->layers[i]);
    }
    (void)fputs("]}\n", p->to);
    (void)fflush(p->to);
    return hear(p, line, sizeof line) ? strtoll(line, NULL, 10) : 0;
}

static double rate(struct peer *p, const char *what, int threads, int batch,
                   double seconds)
{
    char line[64];

    if (!p)
        return (double)NAN;
    (void)fprintf(p->to, "%s %d %d %.9g\n", what, threads, batch, seconds);
    (void)fflush(p->to);
    return hear(p, line, sizeof line) ? strtod(line, NULL) : (double)NAN;
}

double peer_train(struct peer *p, int threads, int batch, double seconds)
{
    return rate(p, "train", threads, batch, seconds);
}

double peer_infer(struct peer *p, int threads, int batch, double seconds)
{
    return rate(p, "infer", threads, batch, seconds);
}
