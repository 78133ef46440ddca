#pragma once

/*
 * wowd's side of compiling: one child process per upload that is not known, as many at once as
 * guests may compute. Uploads that are asked for twice at once are compiled once, and so are
 * different uploads of the same module.
 *
 * With tiering, a module that was never seen is answered with its baseline; its optimised code is
 * made afterwards, at low priority and only with processors that nobody waits for, and takes its
 * place when it is ready.
 */

#include <stddef.h>

#include "http/loop.h"
#include "pool/cache.h"
#include "pool/code.h"
#include "pool/engines.h"
#include "pool/settings.h"
#include "wow/err.h"

struct compiles;

struct compiles *compiles_new(struct loop *l, const struct pool_settings *settings,
                              struct cache *cache, struct engines *engines);
/* Kills what runs; every job under way is done, with an error. */
void compiles_free(struct compiles *c);

struct compile_request {
    const char *code; /* base64 text, borrowed until done */
    size_t size;
    const char *upload;    /* its name, SHA256_HEX; NULL: to be made of code and entry */
    const char *entry;     /* the function a reactor is called by */
    struct engine *engine; /* NULL: what the manifest asks for, else the preferred one */
};

/* What is known of an upload: its code, and what its manifest asks for (grant/ask.h), or "". */
struct compiled {
    struct code *code;
    char ask[CACHE_ASK_MAX];
};

/* Called once; err is NULL when there is code, whose reference is not the callee's. */
typedef void compile_done(void *ctx, const struct compiled *made, const struct err *err);

/*
 * Have the code of an upload. Returns 1 and it at once, with a reference, if it is known; 0 if done
 * is called, now or later; or an error.
 */
int compile(struct compiles *c, const struct compile_request *q, struct compiled *known,
            compile_done *done, void *ctx, struct err *err);
