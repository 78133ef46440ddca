#pragma once

/*
 * Walking over JSON text without copying it. An action's arguments and result pass through wow
 * byte for byte, with numbers of any size, so they are checked and cut out of their envelope, not
 * parsed into a tree and written again. What wow reads for its meaning (configuration,
 * annotations) is read with jansson.
 *
 * Strict RFC 8259, UTF-8 only, at most SCAN_DEPTH levels deep. The text is borrowed.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define SCAN_DEPTH 512

enum scan_type { SCAN_NULL, SCAN_BOOL, SCAN_NUMBER, SCAN_STRING, SCAN_ARRAY, SCAN_OBJECT };

struct scan_text {
    const char *at; /* the value's own bytes; a string with its quotes */
    size_t n;
    enum scan_type type;
};

/* One whole JSON value, with nothing but white space around it; *out without that space. */
int scan_whole(const char *text, size_t n, struct scan_text *out, struct err *err);

/*
 * The members of an object that scan_whole or scan_next gave, in order:
 *
 *     struct scan_walk w = scan_members(&object);
 *     while (scan_next(&w, &key, &value)) …
 */
struct scan_walk {
    const char *at, *end;
};
struct scan_walk scan_members(const struct scan_text *object);
bool scan_next(struct scan_walk *w, struct scan_text *key, struct scan_text *value);

/* The same with an array's elements. */
struct scan_walk scan_elements(const struct scan_text *array);
bool scan_next_element(struct scan_walk *w, struct scan_text *value);

/* Is this string equal to s, escapes resolved? */
bool scan_equals(const struct scan_text *string, const char *s);

/* Append a string's text, escapes resolved; fails when it is larger than the buffer's limit. */
int scan_unescape(const struct scan_text *string, struct buf *out, struct err *err);

/* Take a string whose text needs no unescaping; false when it has a backslash. */
bool scan_plain(const struct scan_text *string, const char **at, size_t *n);

/* "an object", "a string" … for messages. */
const char *scan_type_text(enum scan_type type);
