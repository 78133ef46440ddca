#pragma once

/*
 * The engines that this wowd has: those whose two programs lie beside it. One of them is what an
 * action gets that does not choose.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "pool/cache.h"
#include "pool/settings.h"
#include "wow/err.h"

#define ENGINES_MAX 8
#define ENGINE_AUTO "auto" /* "let wow decide" */

struct code;

struct engine {
    char name[CACHE_ENGINE_MAX];
    char version[64];
    struct engine *baseline; /* whose baseline its modules get: its own, or another's; or NULL */
    unsigned loads_max;      /* a worker that has loaded so many modules is replaced; 0: never */
    struct shelf *shelf;
    struct code *codes;   /* by key: the pool's, see pool/code.h */
    struct code *preload; /* an interpreter that is in use, which new workers load; or NULL */
    bool used;            /* an action has asked for it: workers are kept ready */
    char fault[200];      /* why it cannot run anything; empty: it can */
    unsigned stillborn;   /* workers in a row that ended before they were given anything */
    unsigned index;
};

struct engines {
    struct engine all[ENGINES_MAX];
    unsigned n;
    struct engine *preferred;
    char names[ENGINES_MAX * CACHE_ENGINE_MAX]; /* "wasmtime,wamr": the preferred one first */
};

/* Look for the programs, and ask each what it is. Fails when the preferred one is not there. */
int engines_find(struct engines *e, const struct pool_settings *settings, struct cache *cache,
                 struct err *err);

/* By name; "", "-" and "auto" are the preferred one. What is not here is ERR_UNUSABLE. */
int engines_get(struct engines *e, const char *name, struct engine **out, struct err *err);
