#pragma once

/*
 * What an action asks for beyond its own memory and its limits: directories and hosts. It says so
 * in annotations or, as OpenWhisk's invoker does not pass those on, in the wow.json of its zip;
 * never in the environment or in arguments, which callers can set.
 *
 *     dir, wow-dir          a path or an array of paths; ":ro" or ":rw" behind one. Without it a
 *                           "dir" is to be written, too; a "wow-dir" only read
 *     net_access, wow-net   true: whatever the policy grants; false: nothing; or patterns of hosts
 *     wow.json's dir, net   as wow-dir and wow-net
 *
 * Of several ways to say the same the first counts: wow-dir, dir, wow.json; wow-net, net_access,
 * wow.json.
 */

#include <jansson.h>

#include "grant/dirs.h"
#include "grant/hosts.h"
#include "grant/policy.h"
#include "wow/err.h"

struct ask {
    struct dirs dirs;
    struct hosts hosts;
    bool all_hosts; /* whatever there is */
};

/*
 * annotations is an object, an array of {"key", "value"}, or NULL; manifest a JSON object, the
 * part of wow.json that asks, or "".
 */
int ask_read(const json_t *annotations, const char *manifest, struct ask *out, struct err *err);
void ask_done(struct ask *a);

/* Is all of it allowed? Otherwise the error names what is not. */
int ask_check(const struct ask *a, const struct caps *caps, struct err *err);

/* An annotation that must be a text, if it is there; else *out is NULL. */
int ask_text(const json_t *annotations, const char *key, const char **out, struct err *err);
