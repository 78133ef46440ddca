#pragma once

/*
 * What containers run. A code is one module's machine code on one engine: in the cache, or, as
 * long as the optimised one is being made, a baseline in memory. A module is a code with the
 * directories an action was granted, and an interpreter's data; containers with the same of both
 * and no directories share one.
 */

#include <stdint.h>
#include <uthash.h>

#include "base/sha256.h"
#include "grant/dirs.h"
#include "pool/data.h"
#include "pool/engines.h"

struct code {
    struct engine *engine;
    char key[SHA256_HEX]; /* SHA-256 of the wasm: the cache's name for the code */
    unsigned refs;
    struct wow_code
        baseline;         /* by engine->baseline; fd -1: none, the cache has the optimised one */
    struct module *plain; /* the module without directories, if there is one */
    UT_hash_handle hh;    /* among the engine's, by key */
};

/*
 * The code of that name, with a reference more: one that is known, or one that the cache has; NULL
 * when it would have to be made.
 */
struct code *code_find(struct engine *e, const char *key);
/* The code, when it has just come: into the cache, or, with baseline, into that file (taken). */
struct code *code_came(struct engine *e, const char *key, const struct wow_code *baseline);
void code_ref(struct code *c);
void code_unref(struct code *c);
enum wow_tier code_tier(const struct code *c);
/* Whose workers run it: a baseline may be another engine's. */
struct engine *code_runner(const struct code *c);
/* Open it; false when it is gone. The descriptor is the caller's. */
bool code_open(const struct code *c, struct wow_code *out);

struct module {
    struct code *code;
    struct dirs dirs;
    struct data *data; /* when code is an interpreter; or NULL */
    unsigned refs;
    uint64_t typical_ns; /* how long it runs, lately; 0: never has */
};

/* The module of a code, directories, which are taken over, and data (or NULL). */
struct module *module_get(struct code *code, struct dirs *dirs, struct data *data);
/* One reference less; true when that was the last, and module_free is next. */
bool module_unref(struct module *m);
void module_free(struct module *m);
