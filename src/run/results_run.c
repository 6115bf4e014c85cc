/* SPDX-License-Identifier: MIT */
/* Provenance: all that is needed to repeat a run, and how its time went. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/place.h"
#include "commit.h"
#include "config.h"
#include "nn/gemm.h"
#include "results_parts.h"
#include "run/settings.h"
#include "search/reward.h"

extern char **environ;

static const char readme[] =
    "Results of a neural architecture search by fnas.\n"
    "/trials holds one column per figure and one row per trial, in the order\n"
    "in which the search asked for them; /trials/state says what counts.\n"
    "/best is the architecture of the highest reward; /run says where all "
    "this\n"
    "came from, and /run/input reproduces it: save it, and run fnas_mpi with "
    "it.\n"
    "Accuracies are fractions of the validation part; no test set was used.\n"
    "\n"
    "import h5py, pandas\n"
    "f = h5py.File('NAME.h5')\n"
    "t = pandas.DataFrame({k: v[:] for k, v in f['trials'].items()})\n"
    "print(t[t.state == b'done'].sort_values('reward').tail())\n";

enum err results_real(struct h5 *h, const char *path, double x,
                      const char *units, const char *description)
{
    return h5_write(h,
                    &(struct h5_array){.path = path,
                                       .type = H5_DOUBLE,
                                       .units = units,
                                       .description = description},
                    &x);
}

/* Least, mean and most of each timer over the ranks that evaluate. */
enum err results_timing(struct h5 *h, const struct results *s,
                        const struct usage *usage)
{
    static char names[TIMERS][48];
    size_t ranks = (size_t)comm_size(s->ranks->world);
    double *seconds = MEM_NEW(double, ranks *TIMERS);
    enum err e;

    for (int t = 0; t < TIMERS; t++)
        (void)snprintf(names[t], sizeof names[t], "%s",
                       timer_text((enum timer)t));
    for (size_t i = 0; i < ranks; i++)
        memcpy(seconds + i * TIMERS, usage[i].seconds, sizeof usage[i].seconds);
    e = h5_write(h,
                 &(struct h5_array){"/timing/name",
                                    H5_TEXT,
                                    1,
                                    {TIMERS},
                                    sizeof names[0],
                                    "",
                                    "name of each timer"},
                 names);
    if (e == ERR_NONE)
        e = h5_write(h,
                     &(struct h5_array){"/timing/seconds",
                                        H5_DOUBLE,
                                        2,
                                        {ranks, TIMERS},
                                        0,
                                        "s",
                                        "time of each rank in each timer"},
                     seconds);
    mem_free(seconds);
    return e;
}

/* The variables that shape a parallel run. */
static enum err write_environment(struct h5 *h)
{
    static const char *const prefixes[] = {"SLURM_", "OMP_",      "OMPI_MCA_",
                                           "PBS_",   "OPENBLAS_", "FNAS_"};
    size_t size = 1;
    char *text;
    enum err e;

    for (char **v = environ; *v; v++)
        size += strlen(*v) + 1;
    text = MEM_NEW(char, size);
    for (char **v = environ; *v; v++)
        for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
            if (strncmp(*v, prefixes[i], strlen(prefixes[i])) == 0) {
                (void)strcat(text, *v);
                (void)strcat(text, "\n");
            }
    e = h5_write_text(h, "/run/environment", text,
                      "environment variables that shape a parallel run");
    mem_free(text);
    return e;
}

static enum err write_hosts(struct h5 *h, const struct results *s)
{
    size_t ranks = (size_t)comm_size(s->ranks->world);
    struct conf_text *text = MEM_NEW(struct conf_text, ranks);
    enum err e;

    for (size_t i = 0; i < ranks; i++) {
        const struct rank_about *a = &s->ranks->about[i];

        (void)snprintf(text[i].s, sizeof text[i].s,
                       "%s cores %.64s: %s; BLAS %s, kernels %s", a->host,
                       a->cores, a->machine, a->blas, a->kernels);
    }
    e = h5_write(
        h,
        &(struct h5_array){"/run/ranks",
                           H5_TEXT,
                           1,
                           {ranks},
                           sizeof text[0],
                           "",
                           "host, cores and machine of each rank, core "
                           "of OpenBLAS, kernels of the children"},
        text);
    mem_free(text);
    return e;
}

void results_task(const struct results *s, char *task)
{
    char *reward = conf_print_section(s->conf, &reward_section);
    uint64_t hash = s->eval->digest(s->evaluator);

    hash = rng_mix_bytes(hash, reward, strlen(reward));
    (void)snprintf(task, RESULTS_TASK, "%016" PRIx64, hash);
    mem_free(reward);
}

static enum err write_task(struct h5 *h, const struct results *s)
{
    char task[RESULTS_TASK];

    results_task(s, task);
    return h5_write_text(
        h, "/run/task", task,
        "equal for runs whose results can be compared: a hash "
        "of the data, of how a child is evaluated, and of what "
        "a reward is");
}

enum err results_run(struct h5 *h, const struct results *s,
                     const struct driver *d, const char *status)
{
    const struct run_conf *run = conf_of(d->conf, &run_section);
    char hash[32];

    (void)snprintf(hash, sizeof hash, "%016" PRIx64, d->trials.hash);
    TRY(h5_write_text(h, "/run/input", s->input,
                      "effective input; valid input itself"));
    TRY(h5_write_text(h, "/run/command", s->command, "command line"));
    TRY(h5_write_text(h, "/run/started", s->started, "start, ISO 8601"));
    TRY(h5_write_text(h, "/run/status", status,
                      "running, complete, exhausted or failed"));
    TRY(write_task(h, s));
    TRY(h5_write_text(h, "/run/trajectory", hash,
                      "hash of all trials: ids, architectures, rewards"));
    TRY(results_real(h, "/run/seed", run->seed, "1", "seed of all streams"));
    TRY(results_real(h, "/run/seconds", comm_clock() - d->started, "s",
                     "time since the search began"));
    TRY(write_hosts(h, s));
    TRY(write_environment(h));
    return s->eval->record(s->evaluator, h);
}

enum err results_critic(struct h5 *h, const struct driver *d)
{
    struct critic_health c = search_health_of(d->method, d->search).critic;

    if (!c.on)
        return ERR_NONE;
    TRY(results_real(h, "/critic/learned", (double)c.learned, "1",
                     "results the critic has learned"));
    TRY(results_real(h, "/critic/skipped", c.skipped, "1",
                     "architectures it predicted instead of having them "
                     "trained"));
    TRY(results_real(h, "/critic/trained", c.trained, "1",
                     "architectures it had trained"));
    TRY(results_real(h, "/critic/audits", c.audits, "1",
                     "of them trained to test a prediction"));
    TRY(results_real(h, "/critic/audit_error", c.audit_error, "1",
                     "mean |prediction - reward| of the audits"));
    TRY(results_real(h, "/critic/audit_ratio", c.audit_ratio, "1",
                     "mean of that over the deviation predicted"));
    TRY(results_real(h, "/critic/in_50", c.in_50, "1",
                     "share of results within their 50 % interval, each "
                     "predicted before it was learned"));
    TRY(results_real(h, "/critic/in_90", c.in_90, "1",
                     "share of results within their 90 % interval"));
    TRY(results_real(h, "/critic/scale", c.scale, "1",
                     "factor that calibrates the deviations, now"));
    return results_real(h, "/critic/slope", c.slope, "1",
                        "of a reward, slope * log(1 + age) is taken to be "
                        "inherited");
}

enum err results_root(struct h5 *h, const struct results *s)
{
    char software[512];

    (void)snprintf(software, sizeof software, "%s; %s; HDF5 %s; %s; hwloc %s",
                   FNAS_COMPILER, comm_library(), h5_version(), gemm_version(),
                   place_version());
    TRY(h5_set_attribute(h, "/", "format", "fnas-run"));
    TRY(h5_set_attribute(h, "/", "format_version", "1.0.0"));
    TRY(h5_set_attribute(h, "/", "software", "fnas"));
    TRY(h5_set_attribute(h, "/", "software_version", PACKAGE_VERSION));
    TRY(h5_set_attribute(h, "/", "git_commit", FNAS_COMMIT));
    TRY(h5_set_attribute(h, "/", "software_dependencies", software));
    TRY(h5_set_attribute(h, "/", "date", s->started));
    TRY(h5_set_attribute(h, "/", "machine", s->ranks->about[0].host));
    return h5_write_text(h, "/README", readme, "how to read this file");
}
