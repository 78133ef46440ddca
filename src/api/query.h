#pragma once

/* A request's query: "a=1&b=x%20y", as forms are encoded. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define QUERY_MAX 256 /* parameters */

struct query {
    char *text; /* names and values, unescaped, NUL-terminated */
    struct query_pair {
        const char *name, *value;
        size_t size; /* of the value, which may have NULs in it */
    } *pairs;
    size_t n;
};

void query_init(struct query *q, const char *encoded);
void query_done(struct query *q);

/* The value; of several the last. NULL: there is none. */
const char *query_get(const struct query *q, const char *name);

/* Replace %41 by A, and with plus also + by a blank. In place; the new length. */
size_t query_unescape(char *s, size_t n, bool plus);

/*
 * Typed ones. *out stays as it is when there is none; ERR_INVALID has OpenWhisk's text.
 */
int query_bool(const struct query *q, const char *name, bool *out, struct err *err);

/* limit and skip of a list; collection is for the text. */
struct query_page {
    int64_t limit, skip;
    bool count;
};
int query_page(const struct query *q, const char *collection, struct query_page *out,
               struct err *err);
/* A number that is not negative; false: it is none. */
bool query_number(const char *text, int64_t *out);
