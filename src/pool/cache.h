#pragma once

/*
 * Machine code on disk: ENGINE-VERSION/SHA256 in the cache directory, written to a temporary file,
 * flushed and renamed, so that an entry is whole or absent. What a client sent, before unpacking,
 * is remembered as a symbolic link uploads/SHA256 to the name of the module that came out of it:
 * the same upload is unpacked once.
 *
 * Machine code is trusted. The directory belongs to the daemon's user and nobody else may write
 * there; entries that could have been written by another are not used.
 */

#include <stdbool.h>

#include "base/sha256.h"
#include "wow/err.h"

struct cache;

/* subdir is what else must be the same for code to fit: engine, version, processor. */
int cache_open(const char *dir, const char *subdir, struct cache **out, struct err *err);
void cache_close(struct cache *c);

/* Open a module's code for reading; -1 when it is not there or not to be trusted. */
int cache_find(const struct cache *c, const char *key);

/* The module that an upload became, when the cache knows. */
bool cache_alias(const struct cache *c, const char *upload, char key[SHA256_HEX]);
void cache_set_alias(const struct cache *c, const char *upload, const char *key);

/* A file without a name, to be written by a compiler; and its entry into the cache. */
int cache_temporary(const struct cache *c, int *fd, struct err *err);
int cache_commit(const struct cache *c, int fd, const char *key, struct err *err);
