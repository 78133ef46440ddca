#pragma once

/*
 * wowd's side of compiling: one child process per upload that is not known, as many at once as
 * there are processors, each limited (compile/compiler.h). Uploads that are asked for twice at
 * once are compiled once.
 */

#include <stddef.h>

#include "http/loop.h"
#include "pool/cache.h"
#include "pool/settings.h"
#include "wow/err.h"

struct compiles;

struct compiles *compiles_new(struct loop *l, const struct pool_settings *settings,
                              const struct cache *cache);
/* Kills what runs; every job under way is done, with an error. */
void compiles_free(struct compiles *c);

/* Called once; err is NULL when the code is in the cache under key. Not before compile returns. */
typedef void compile_done(void *ctx, const char *key, const struct err *err);

/*
 * Have the module in an upload (base64 text, borrowed until done) in the cache; entry is the
 * function a reactor is called by. Returns 1 and the key at once if the cache knows it already;
 * 0 if done will be called; or an error.
 */
int compile(struct compiles *c, const char *code, size_t n, const char *entry, char key[SHA256_HEX],
            compile_done *done, void *ctx, struct err *err);
