#pragma once

/*
 * The kinds of actions: what init's "code" is. It is a wasm module, or it is source that an
 * interpreter runs, a wasm module of ours which lies in kinds/ beside the programs.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/sha256.h"
#include "pool/settings.h"
#include "wow/err.h"

#define KINDS_MAX 8
#define KIND_DEFAULT "wasm:0.1"

struct kind {
    const char *name;
    const char *file;        /* the interpreter; NULL: none */
    char upload[SHA256_HEX]; /* the interpreter as an upload (pool/compile.h); "" until read */
    char *code;
    size_t size;
};

struct kinds {
    struct kind all[KINDS_MAX];
};

void kinds_init(struct kinds *k);
void kinds_done(struct kinds *k);

/* By name. ERR_UNUSABLE names those that there are. */
int kinds_get(struct kinds *k, const char *name, struct kind **out, struct err *err);

/* Is there such a kind, and what it needs? */
bool kinds_have(const struct kinds *k, const char *name, const struct pool_settings *settings);

/* Have the interpreter's code, if it has not been read. */
int kind_read(struct kind *k, const struct pool_settings *settings, struct err *err);
