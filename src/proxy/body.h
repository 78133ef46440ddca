#pragma once

/* Reading the members of a request's body, whose text stays where it is. */

#include <stdbool.h>

#include "base/buf.h"
#include "base/scan.h"
#include "http/server.h"

#define BODY_ENV_MAX (1u << 20) /* bytes of a guest's environment */
#define BODY_NAME_MAX 1024u     /* of an action's name, say */

/* The body as an object; what is wrong with it otherwise. */
int body_read(const struct request *r, struct scan_text *body, struct err *err);

/*
 * Append a member as a variable, "PREFIXNAME=value\0": with a prefix its name is in capitals. A
 * value that is no string is its JSON text, and null is nothing.
 */
int body_put_variable(struct buf *out, const char *prefix, const struct scan_text *key,
                      const struct scan_text *value, struct err *err);

/* A member that must be a string without NUL; what out had before is gone. */
int body_take_string(const char *name, const struct scan_text *value, struct buf *out,
                     struct err *err);

/* A whole number of at most 18 digits; nothing is not one. */
bool body_digits(const char *at, size_t n, uint64_t *out);
