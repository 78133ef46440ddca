#pragma once

/*
 * The kinds of actions as OpenWhisk's clients see them: one table, of what the pool can run
 * (pool/kinds.c). Sequences are not among them, having no code.
 */

#include <stdbool.h>
#include <stddef.h>

struct pool;

struct runtime {
    const char *kind;   /* "wasm:0.1" */
    const char *family; /* "wasm": "wasm:default" is the one that is_default */
    bool is_default;
    const char *alias; /* another kind that means it, or NULL */
    const char *image; /* shown as where it runs; clients expect one */
};

extern const struct runtime runtimes[];
extern const size_t runtimec;

#define KIND_SEQUENCE "sequence"
#define KIND_BLACKBOX "blackbox"
#define KIND_BUILTIN "builtin" /* of wowd itself: what feed.c answers */
#define RUNTIME_KIND_MAX 64

/* A kind as OpenWhisk compares it: without blanks around it or capitals; cut if it is longer. */
void runtime_normal(const char *kind, char out[RUNTIME_KIND_MAX]);
/* By a kind's normal name; NULL: there is none, or it was not built into this wow. */
const struct runtime *runtime_find(const struct pool *p, const char *kind);
bool runtime_is_there(const struct pool *p, const struct runtime *r);
/* Its place in the table, for counters; behind it are sequences, and what is built in. */
size_t runtime_index(const char *kind);
#define RUNTIME_KINDS (runtimec + 2)
const char *runtime_kind(size_t index);
