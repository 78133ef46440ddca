#pragma once

/* The kinds of actions that can be run here: one table. What needs no code of its own kind,
   sequences, is not among them. */

#include <stdbool.h>
#include <stddef.h>

struct kind {
    const char *name;   /* "wasm:0.1" */
    const char *family; /* "wasm": "wasm:default" is the one that is_default */
    bool is_default;
    const char *image; /* shown as where it runs; OpenWhisk's clients expect one */
};

extern const struct kind kinds[];
extern const size_t kindc;

#define KIND_SEQUENCE "sequence"
#define KIND_BLACKBOX "blackbox"

/* Blanks around it and capitals do not count; NULL: there is no such kind. */
const struct kind *kind_find(const char *name);
/* As kind_find; *name is written as OpenWhisk compares it. Frees nothing, cuts at n bytes. */
void kind_normal(const char *name, char *out, size_t n);
/* Its place in the table, for counters; kindc for a sequence. */
size_t kind_index(const char *name);
