#pragma once

/* Keeps the cache's directory below a size: deletes the files that were used longest ago. */

#include <stdbool.h>
#include <stdint.h>

#define TRIM_NEW "new-" /* begins the names of files that are about to get their own */

struct trim {
    bool counted; /* bytes is known */
    uint64_t bytes;
};

/*
 * A file of that many bytes has come. Files lie one directory below root, named by their module;
 * links in "uploads" to modules that are gone go, too. held says which must stay.
 */
void trim_to(struct trim *t, int root, uint64_t came, uint64_t bytes_max,
             bool (*held)(const char *dir, const char *name, void *ctx), void *ctx);
