#pragma once

/*
 * One command's conversation with an OpenWhisk: where it is and who asks, requests, what answers
 * mean, and how a verb says that it is done, or why not, in wsk's words.
 */

#include "base/scan.h"
#include "cli/http.h"
#include "cli/rest/name.h"
#include "cli/rest/options.h"
#include "cli/rest/trace.h"

/* Exit statuses besides cli/verb.h's; an answer of HTTP status n gives n - 256, modulo 256. */
enum { EXIT_UNFINISHED = 202, EXIT_NO_ANSWER = 3 };

struct rest {
    struct verb_call *call;
    struct http *http;
    struct trace trace;
    char *said; /* what says where: "127.0.0.1:3233"; NULL: nothing */
    char *version;
    char *host; /* "http://127.0.0.1:3233" */
    char *api;  /* "http://127.0.0.1:3233/api/v1" */
    char *auth; /* NULL: none */
    char *cert, *key;
    const char *progress; /* what the next requests send, for a terminal; or NULL */
    /* Of the last answer: */
    long status;
    char *warning; /* what its Warning header says; NULL: nothing */
    struct buf body;
    struct scan_text value; /* it as JSON; n is 0 when it is none */
};

/* out must stay where it is. Where the API is and the key may be missing: that fails a request. */
int rest_open(struct rest *out, struct verb_call *call, const struct rest_options *o,
              struct err *err);
/* The same for a verb about one entity, whose name was given. */
int rest_open_named(struct rest *out, struct verb_call *call, const struct rest_options *o,
                    const char *given, struct name *name, struct err *err);
void rest_done(struct rest *r);
static inline void rest_auto(struct rest *r) { rest_done(r); }

/* "http://HOST", or what is wrong with it. The caller's. */
int rest_host(const char *said, char **out, struct err *err);

/* A request and its answer, whatever it is; path is what stands behind /api/v1. */
int rest_ask(struct rest *r, const char *method, const char *path, const struct buf *body,
             struct err *err);
/* The same without the key. */
int rest_ask_openly(struct rest *r, const char *path, struct err *err);

/* Fails when the last answer was no success, with what the server says. */
int rest_judge(struct rest *r, struct err *err);

/* Both; what is answered must be such JSON. SCAN_NULL: or anything. */
int rest_send(struct rest *r, const char *method, const char *path, const struct buf *body,
              enum scan_type answer, struct err *err);

/* The same about an entity: /namespaces/ns/COLLECTION/pkg/name and then query, "" or "?…". */
int rest_send_named(struct rest *r, const char *method, const char *collection,
                    const struct name *n, const char *query, const struct buf *body,
                    struct err *err);

/* The exit status that tells of the last answer's HTTP status. */
int rest_exit(const struct rest *r);

/* The last failure has a context: "Unable to get action 'a'" stands before it. */
int rest_wrap(struct rest *r, struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The last failure was none. */
void rest_forgive(struct rest *r);

/* "ok: …", or the last answer as a line of JSON. */
void rest_ok(const struct rest *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The last answer's JSON, as was asked for. */
void rest_print(const struct rest *r);
