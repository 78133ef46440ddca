#pragma once

/* Lists of entities. Not for other rooms. */

#include "api/call.h"

/* Answer with the page of a list that the query asks for, or with how many there are. */
void list_answer(struct call *c, const struct entity_query *q, const char *collection);
/* The same of all of a type, which only the namespace's owner may see. */
void list_own(struct call *c, enum entity_type type, const char *collection);
/* A JSON array of entities' items, or of what each makes of them. */
struct list_writer {
    struct buf out;
    struct err err;
    int r;
    unsigned n;
    int (*put)(const struct entity *e, struct buf *out, struct err *err);
};
void list_begin(struct list_writer *w,
                int (*put)(const struct entity *e, struct buf *out, struct err *err));
void list_add(void *writer, const struct entity *e);
/* {"collection": n} */
void list_reply_count(struct call *c, const char *collection, int64_t n);
