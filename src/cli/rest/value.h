#pragma once

/*
 * JSON of servers, as text (base/scan.h): what is asked for is cut out, all else passes through
 * untouched, with numbers of any size.
 */

#include <stdbool.h>
#include <stdio.h>

#include "base/scan.h"

/* A member of an object; false when it has none of that name, or is none. */
bool value_get(const struct scan_text *object, const char *name, struct scan_text *out);

/* The same, whatever letters of the name are capitals. */
bool value_get_nocase(const struct scan_text *object, const char *name, struct scan_text *out);

/* A member that is a string; the caller's, with control characters as "?". NULL: there is none. */
char *value_text(const struct scan_text *object, const char *name);

/* A member that is a whole number, of no more than 53 bits; otherwise, otherwise. */
long long value_number(const struct scan_text *object, const char *name, long long otherwise);

/* What the array of {"key", "value"} that is a member says of a key. */
bool value_pair(const struct scan_text *object, const char *name, const char *key,
                struct scan_text *out);

/* "true", in JSON. */
bool value_is_true(const struct scan_text *v);

/* A string's text, or any other value as it stands; the caller's. */
char *value_plain(const struct scan_text *v);

/* With lines and indents, or in one line; and an end of line. */
void value_print(FILE *out, const struct scan_text *v, bool pretty);
