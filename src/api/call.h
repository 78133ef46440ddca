#pragma once

/*
 * One request on its way through a handler: what it asks for, who asks, and the answer. A handler
 * answers each call once, now or later, by one of the call_ functions below, and does not touch it
 * afterwards. Not for other rooms.
 */

#include <stdbool.h>
#include <stdint.h>

#include "api/api.h"
#include "api/query.h"
#include "base/scan.h"
#include "invoke/identity.h"
#include "store/entity.h"

#define CALL_SEGMENTS 8 /* of a path that a route names */
#define CALL_TID_MAX 128

struct call {
    struct api *api;
    struct invoke *invoke;
    struct request *request;
    struct identity *who; /* who asks; NULL: nobody in particular */
    char tid[CALL_TID_MAX + 1];
    uint64_t received_ns;
    /* The path's, unescaped: what stood in the places that the route calls :ns, :package, :name. */
    char *ns, *package, *name;
    const char *rest; /* what stands behind a route that ends in '*', as sent */
    struct query query;
    int64_t ns_id; /* of ns, once it is found */
};

typedef void call_handler(struct call *c);

void call_free(struct call *c);

/* The answer is JSON; the buffer moves to it. NULL: none. */
void call_reply(struct call *c, unsigned status, struct buf *body);
/* {"error", "code"} */
void call_fail(struct call *c, unsigned status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same of an error, with the status that its kind has. */
void call_error(struct call *c, const struct err *err);
/* 400 The request content was malformed: … */
void call_malformed(struct call *c, const char *detail);
/* 404, and the usual words. */
void call_not_found(struct call *c);
void call_unavailable(struct call *c); /* 503 */

/* The body, which must be a JSON object, or nothing where that will do: then *out is {}. False: it
   has been answered. */
bool call_body(struct call *c, bool may_be_empty, struct scan_text *out);

/* A header that says which activation was started. */
void call_set_activation(struct call *c, const struct record_id *id);

/*
 * The id of the namespace in the path; "_" is the caller's. False: answered, 403, since nobody is
 * to learn which namespaces there are.
 */
bool call_namespace(struct call *c);
bool call_is_own(const struct call *c); /* after call_namespace */
/* 403 with the path's namespace, or with what stands behind it. */
void call_refuse(struct call *c, const char *package, const char *name);

/*
 * The entity that the path names, of a type. False: answered; with 404, or 409 if something else
 * has the name. *out is the caller's.
 */
bool call_entity(struct call *c, enum entity_type type, const char *package, const char *name,
                 struct entity **out);
