#pragma once

/*
 * What an interpreter runs: an action's code, first as it was sent, then as the interpreter has
 * prepared it. Prepared data of the same code is kept once, for all containers that have it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <uthash.h>

#include "base/sha256.h"
#include "wow/err.h"

struct module;

struct data {
    unsigned refs;
    struct data **table;  /* where it is known by its key; NULL: nowhere */
    struct module *plain; /* the module of it without directories, if there is one */
    UT_hash_handle hh;
    char key[SHA256_HEX];
    size_t size;
    char bytes[];
};

struct data *data_new(const void *bytes, size_t n);
/* The same, known by a key, unless one is already. Both have a reference more. */
struct data *data_keep(struct data **table, const char *key, const void *bytes, size_t n);
struct data *data_find(struct data **table, const char *key);
void data_unref(struct data *d);

/* As a file of memory, which nobody can change; the descriptor is the caller's. */
int data_open(const struct data *d, int *fd, struct err *err);
