#include "invoke/runtimes.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "pool/pool.h"

const struct runtime runtimes[] = {
    {"wasm:0.1", "wasm", true, NULL, "wow/action-wasm"},
    {"js:wasm", "js", true, "nodejs:default", "wow/action-js"},
    {"python:wasm", "python", true, NULL, "wow/action-python"},
};

const size_t runtimec = sizeof runtimes / sizeof *runtimes;

void runtime_normal(const char *kind, char out[RUNTIME_KIND_MAX])
{
    size_t n = 0;

    while (isspace((unsigned char)*kind))
        kind++;
    for (; *kind && n + 1 < RUNTIME_KIND_MAX; kind++)
        out[n++] = (char)tolower((unsigned char)*kind);
    while (n > 0 && isspace((unsigned char)out[n - 1]))
        n--;
    out[n] = '\0';
}

bool runtime_is_there(const struct pool *p, const struct runtime *r)
{
    return pool_has_kind(p, r->kind);
}

static bool means(const struct runtime *r, const char *kind)
{
    char family[RUNTIME_KIND_MAX];

    snprintf(family, sizeof family, "%s:default", r->family);
    return strcmp(kind, r->kind) == 0 || (r->is_default && strcmp(kind, family) == 0) ||
           (r->alias && strcmp(kind, r->alias) == 0);
}

const struct runtime *runtime_find(const struct pool *p, const char *kind)
{
    for (size_t i = 0; i < runtimec; i++)
        if (means(&runtimes[i], kind))
            return runtime_is_there(p, &runtimes[i]) ? &runtimes[i] : NULL;
    return NULL;
}

size_t runtime_index(const char *kind)
{
    for (size_t i = 0; i < runtimec; i++)
        if (strcmp(kind, runtimes[i].kind) == 0)
            return i;
    return strcmp(kind, KIND_BUILTIN) == 0 ? runtimec + 1 : runtimec;
}

const char *runtime_kind(size_t index)
{
    return index < runtimec    ? runtimes[index].kind
           : index == runtimec ? KIND_SEQUENCE
                               : KIND_BUILTIN;
}
