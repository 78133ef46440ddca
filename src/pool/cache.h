#pragma once

/*
 * Machine code on disk: FAMILY/SHA256 in the cache directory, a shelf for each family of code that
 * fits one engine here (compile/artifact.h). An entry is written to a temporary file, flushed by
 * the compiling process and renamed: it is whole or absent. What a client sent, before unpacking,
 * is remembered as a symbolic link uploads/SHA256 to "ENGINE/SHA256/ASK": the engine that its
 * manifest asks for ("-": none), the name of the module that came out of it, and what else the
 * manifest asks for, as JSON, or nothing. So the same upload is unpacked once.
 *
 * Machine code is trusted. The directory belongs to the daemon's user and nobody else may write
 * there. An entry is opened only if its trailer fits the shelf and has a MAC by the key in the
 * file "key", which only that user can read; any other is deleted and made anew. It is checked
 * when it is first opened, and again when the file has changed since.
 *
 * The directory has a size. What has not been opened for longest goes first, but nothing that is
 * held.
 */

#include <stdbool.h>

#include "base/sha256.h"
#include "wow/engine.h"
#include "wow/err.h"

struct cache;
struct shelf; /* the cache's */

/* What it holds, as far as it has been counted. */
uint64_t cache_bytes(const struct cache *c);
/* How many uploads were known when they came, and how many were not. */
struct cache_counts {
    uint64_t known, unknown;
};
struct cache_counts cache_counts(const struct cache *c);
int cache_open(const char *dir, uint64_t bytes_max, struct cache **out, struct err *err);
void cache_close(struct cache *c);
int cache_shelf(struct cache *c, const char *family, struct shelf **out, struct err *err);
const char *shelf_family(const struct shelf *s);

/*
 * Open a module's code for reading; false when it is not there or not to be trusted. The
 * descriptor is the caller's.
 */
bool shelf_open(struct shelf *s, const char *key, struct wow_code *out);

/* Entries that are held are not deleted for their size. Each hold is released once. */
void shelf_hold(struct shelf *s, const char *key);
void shelf_release(struct shelf *s, const char *key);

/* A file without a name, to be written by a compiler; and its entry into the cache. */
int shelf_temporary(const struct shelf *s, int *fd, struct err *err);
int shelf_commit(struct shelf *s, int fd, const char *key, struct err *err);

/* The module that an upload became, and what it asks for. */
#define CACHE_ENGINE_MAX 32
#define CACHE_ASK_MAX 2048
struct cache_alias {
    char key[SHA256_HEX];
    char engine[CACHE_ENGINE_MAX]; /* "-": none */
    char ask[CACHE_ASK_MAX];       /* JSON, or "" */
};
bool cache_alias(struct cache *c, const char *upload, struct cache_alias *out); /* known? */
void cache_set_alias(const struct cache *c, const char *upload, const struct cache_alias *alias);
