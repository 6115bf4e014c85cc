/* SPDX-License-Identifier: MIT */
#include "run/resume.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/comm.h"
#include "base/log.h"
#include "base/mem.h"
#include "run/settings.h"

bool resume_wanted(bool restart)
{
    const char *restarts = getenv("SLURM_RESTART_COUNT");

    return restart || (restarts && atoi(restarts) > 0);
}

static void say(const struct resume *r, const struct journal_found *found)
{
    if (found->damaged > 0)
        log_warn(
            "%s: %" PRId64 " damaged part%s passed over; what was in there "
            "is evaluated again",
            r->journal_path, found->damaged, found->damaged == 1 ? "" : "s");
    if (found->results > 0)
        log_print("restart    %" PRId64 " results from %s\n", found->results,
                  r->journal_path);
}

enum err resume_open(struct resume *r, const struct conf *conf, bool restart,
                     bool force)
{
    const struct run_conf *run = conf_of(conf, &run_section);
    char *settings = settings_text(conf);
    struct journal_found found;
    enum err e;

    (void)snprintf(r->journal_path, sizeof r->journal_path, "%s.journal",
                   run->name.s);
    (void)snprintf(r->stop_path, sizeof r->stop_path, "%s.STOP", run->name.s);
    e = journal_open(&r->journal, r->journal_path, settings,
                     restart ? JOURNAL_RESTART
                     : force ? JOURNAL_FORCE
                             : JOURNAL_NEW,
                     &found);
    mem_free(settings);
    if (e == ERR_NONE)
        say(r, &found);
    if (e == ERR_NONE)
        e = checkpoint_open(&r->checkpoint, conf, restart);
    return e;
}

void resume_close(struct resume *r)
{
    checkpoint_close(&r->checkpoint);
    journal_close(r->journal);
    r->journal = NULL;
}

struct stop resume_stop(const struct resume *r, const struct conf *conf)
{
    const struct run_conf *c = conf_of(conf, &run_section);

    return (struct stop){.file = r->stop_path,
                         .until =
                             comm_clock() + stop_seconds_left(c->time_limit),
                         .grace = c->grace};
}
