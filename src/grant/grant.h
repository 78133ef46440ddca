#pragma once

/*
 * What an action may reach beyond its own memory. Today: directories. An action asks for them
 * with the annotation "dir", a path or an array of paths, read-only with ":ro" behind; the
 * operator says below which directories such paths may lie. What is not granted fails at init.
 */

#include <jansson.h>
#include <stdint.h>

#include "wire/message.h"
#include "wow/err.h"

struct grant {
    uint32_t dirc;
    uint32_t writable; /* bit per directory */
    char *names;       /* NUL-terminated paths, one behind the other, as the guest sees them */
    uint32_t names_size;
};

/*
 * Read what the annotations (an object, an array of {"key", "value"}, or NULL) ask for, and check
 * that each can be had. roots is the operator's list, "A:B".
 */
int grant_read(const json_t *annotations, const char *roots, struct grant *out, struct err *err);
void grant_done(struct grant *g);

/* An annotation that must be a text, if it is there; else *out is NULL. */
int grant_text(const json_t *annotations, const char *key, const char **out, struct err *err);

/*
 * Open the directories, for a worker; the descriptors are the caller's. Paths are resolved by the
 * kernel beneath their root: links cannot lead out of it.
 */
int grant_open(const struct grant *g, const char *roots, int fds[WIRE_DIRS_MAX], struct err *err);
