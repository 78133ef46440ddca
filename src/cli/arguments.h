#pragma once

/*
 * The arguments of an action from a command line: JSON as it stands, a file of it, and single
 * members, which count more. Nothing is parsed into numbers: what was written is what is sent.
 */

#include "base/buf.h"
#include "cli/verb.h"

#define ARGUMENTS_MAX (8u << 20)

struct arguments {
    const char *json;        /* or NULL */
    const char *file;        /* or NULL; "-" is standard input */
    struct verb_list params; /* KEY VALUE …; a value that is no JSON is a text */
};

int arguments_make(const struct arguments *a, struct buf *out, struct err *err);

/* The pairs alone, as the members of an object: `"a":1,"b":"x"`. */
int arguments_members(const struct verb_list *pairs, struct buf *out, struct err *err);

/* One value: JSON as it stands, all else as a text. */
int arguments_value(const char *value, struct buf *out, struct err *err);

/* A file's bytes; "-" is standard input. */
int arguments_file(const char *path, struct buf *out, struct err *err);
