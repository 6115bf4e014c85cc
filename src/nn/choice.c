/* SPDX-License-Identifier: MIT */
#include "nn/choice.h"

#include <stdio.h>
#include <string.h>

CONF_ROWS(rows, struct nn_conf, NN_SETTINGS)

/* "avx512, avx2, portable" */
static void list_variants(char *text, size_t size)
{
    text[0] = '\0';
    for (int i = 0; kernels_at(i); i++) {
        size_t n = strlen(text);

        (void)snprintf(text + n, size - n, "%s%s", i > 0 ? ", " : "",
                       kernels_at(i)->name);
    }
}

static bool is(const struct conf_text *choice, const char *name)
{
    return strcmp(choice->s, name) == 0;
}

static void check(struct conf *conf, const void *values)
{
    const struct nn_conf *c = values;
    char variants[128];

    if (is(&c->kernels, "best") || is(&c->kernels, "portable"))
        return;
    list_variants(variants, sizeof variants);
    if (is(&c->backend, "blas"))
        conf_complain(conf, &nn_section, "kernels",
                      "nn.backend = \"blas\" goes with portable kernels only; "
                      "portable or best");
    else if (!kernels_named(c->kernels.s))
        conf_complain(conf, &nn_section, "kernels",
                      "this machine cannot run %s; best, or one of %s",
                      c->kernels.s, variants);
}

const struct conf_section nn_section = {
    .name = "nn",
    .help = "What computes the children.",
    .bytes = sizeof(struct nn_conf),
    .count = CONF_COUNT(rows),
    .rows = rows,
    .check = check,
};

const struct kernels *nn_kernels(const struct nn_conf *c)
{
    const struct kernels *k;

    if (is(&c->backend, "blas"))
        k = kernels_named("blas");
    else
        k = is(&c->kernels, "best") ? kernels_best()
                                    : kernels_named(c->kernels.s);
    CHECK(k != NULL);
    return k;
}
