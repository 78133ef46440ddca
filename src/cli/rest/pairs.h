#pragma once

/*
 * Parameters and annotations: keys with values, as JSON text, each key once. On the command line
 * they are pairs and files of objects, in a request an object or an array of {"key", "value"}.
 */

#include <stdbool.h>

#include "base/scan.h"
#include "cli/verb.h"

struct pairs {
    struct pair {
        char *key, *value; /* JSON text, the key with its quotes */
    } *items;
    size_t n;
};

void pairs_done(struct pairs *p);
static inline void pairs_auto(struct pairs *p) { pairs_done(p); }

/* What options gave: files first, so that what is typed counts more. */
int pairs_read(const struct verb_list *options, const struct verb_list *files, struct pairs *out,
               struct err *err);

/* key is text, value is JSON. A key that is there gets the value. */
void pairs_set(struct pairs *p, const char *key, const char *value);
void pairs_set_text(struct pairs *p, const char *key, const char *text);
void pairs_remove(struct pairs *p, const char *key);
const char *pairs_get(const struct pairs *p, const char *key); /* NULL: not there */

/* From an array of {"key", "value"}, what is not there yet. */
void pairs_take(struct pairs *p, const struct scan_text *array);

int pairs_put_object(const struct pairs *p, struct buf *out, struct err *err);
/* Both: what options gave, as a request's object. */
int pairs_read_object(const struct verb_list *options, const struct verb_list *files,
                      struct buf *out, struct err *err);
int pairs_put_array(const struct pairs *p, struct buf *out, struct err *err);
