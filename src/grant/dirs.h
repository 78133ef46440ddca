#pragma once

/*
 * Directories: those an action asks for, and those of the operator, which they may be or lie
 * below. The kernel resolves an action's path beneath the operator's: links cannot lead out of it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/message.h"
#include "wow/err.h"

/* The operator's. */
struct root {
    char *path;
    bool writable;
};

struct roots {
    struct root *all;
    size_t n;
};

/* "/a/path", or with ":ro" behind it one that may only be read. */
int roots_add(struct roots *r, const char *text, struct err *err);
void roots_done(struct roots *r);

/* An action's, as its guest sees them. */
struct dirs {
    uint32_t dirc;
    uint32_t writable; /* bit per directory */
    char *names;       /* NUL-terminated paths, one behind the other */
    uint32_t names_size;
};

/* The same, with ":ro" or ":rw" behind the path; writable is what is meant without. */
int dirs_add(struct dirs *d, const char *text, bool writable, struct err *err);
void dirs_done(struct dirs *d);

/*
 * Open them, for a worker; the descriptors are the caller's. Each must lie within one of the lists
 * of roots, of which there are rootc. With own_mounts each is a mount of its own, that ends there
 * for who tries "..", and is read-only if it was asked for so. fds NULL: only see whether it can be
 * done.
 */
int dirs_open(const struct dirs *d, const struct roots *const *roots, size_t rootc, bool own_mounts,
              int *fds, struct err *err);

/* Can this process make such mounts? */
bool dirs_can_mount(void);
