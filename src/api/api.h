#pragma once

/* The REST door: OpenWhisk's /api/v1, for the clients that people have. docs/rest.md. */

#include "http/server.h"
#include "invoke/invoke.h"

struct waits;

struct api {
    struct invoke *invoke;
    struct server *server; /* that it answers through */
    const char *host;      /* "http://127.0.0.1:3233" */
    uint64_t began_ms;     /* when wowd started */
    bool draining;         /* new requests are turned away */
    bool is_ready;
    struct waits *waits;
};

server_handler api_handle; /* ctx is a struct api */

/* The body of an answer that the server gives before a handler has seen the request. */
void api_refuse(struct request *r, const char *text, struct buf *body);

/* When all calls are answered. */
void waits_free(struct waits *all);
