#pragma once

/*
 * Names as wsk has them: "a", "pkg/a", "/ns/a", "/ns/pkg/a", "ns/pkg/a"; "/ns" alone, for lists.
 * Without a namespace it is "_", the key's own.
 */

#include <stdbool.h>

#include "base/buf.h"
#include "wow/err.h"

struct name {
    char *space;
    char *package; /* NULL: none */
    char *entity;  /* NULL: only a namespace */
    char *path;    /* "pkg/a", "a", or "" */
};

int name_parse(const char *text, struct name *out, struct err *err);
/* One that must not be a namespace alone. */
int name_parse_entity(const char *text, struct name *out, struct err *err);
void name_done(struct name *n);
static inline void name_auto(struct name *n) { name_done(n); }

/* "/ns/pkg/a"; the caller's. */
char *name_full(const struct name *n);

/* "/namespaces/ns/actions/pkg/a", percent-encoded; the caller's. */
char *name_url(const struct name *n, const char *collection);

/* text as part of a path or a query. */
void name_encode(struct buf *out, const char *text);
