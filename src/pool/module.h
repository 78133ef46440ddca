#pragma once

/*
 * A module that containers run: machine code in the cache, and the directories that come with it.
 * Containers with the same code and no directories share one.
 */

#include <stdint.h>
#include <uthash.h>

#include "base/sha256.h"
#include "grant/grant.h"

struct module {
    char key[SHA256_HEX]; /* SHA-256 of the wasm: the cache's name for the code */
    struct grant grant;
    unsigned refs;
    uint64_t typical_ns; /* how long it runs, lately; 0: never has */
    UT_hash_handle hh;   /* by key, when it has no directories */
};
