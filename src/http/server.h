#pragma once

/*
 * An HTTP/1.1 server on a listening socket, with TLS if it is given a certificate, on GNU
 * libmicrohttpd, in the loop's thread. A handler gets a request when its body is complete and
 * answers it with request_reply, at once or later; every request is answered exactly once. Every
 * answer has a Content-Length.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "http/loop.h"
#include "wow/err.h"

struct server;

struct request {
    const char *method, *path; /* the path as sent, without a query; valid until the reply */
    const char *query;         /* what stands behind the '?', as sent; "" when nothing does */
    struct buf body;
    struct in_addr local; /* the address the client connected to; 0 on a Unix socket */
    const char *type;     /* of the answer; JSON unless the handler says otherwise; NULL: none */
    /* The server's. */
    struct server *server;
    struct MHD_Connection *connection; /* NULL once the client is gone */
    struct MHD_Response *response;
    struct buf headers; /* of the answer: "Name\0value\0" … */
    unsigned status;
    bool begun, suspended, discard;
    bool handed, held; /* given to the handler; and not answered yet */
    size_t discarded;
    struct held_back *late; /* the body of an answer that has begun */
    char target[];          /* path, NUL, query */
};

typedef void server_handler(struct request *r, void *ctx);

struct server_settings {
    server_handler *handler;
    void *ctx;
    size_t body_max;    /* larger bodies are answered with 413 */
    unsigned timeout_s; /* a connection on which nothing moves for so long is closed */
    /* Writes the body of an answer that the server gives itself; NULL: {"error": text}. */
    void (*refuse)(struct request *r, const char *text, struct buf *body);
    size_t head_max;               /* bytes of a request's line and headers; 0: 16 KiB */
    const char *certificate, *key; /* PEM, for TLS; NULL: none */
};

/*
 * Serve on a listening socket, which becomes the server's. A request that the handler holds when
 * server_free is called must still be answered; the answer is dropped.
 */
int server_new(struct loop *l, int listener, const struct server_settings *settings,
               struct server **out, struct err *err);
void server_free(struct server *s);

/* Accept no further connections. Those there are go on. */
void server_quiesce(struct server *s);
/* Requests of which something has arrived, and whose answer is not yet sent. */
unsigned server_active(const struct server *s);
/* Answers given so far, by the first digit of their status, 1 to 5. */
uint64_t server_answers(const struct server *s, unsigned digit);

/* A header of the request, or NULL; valid until the handler returns. */
const char *request_header(const struct request *r, const char *name);
/* All of them, in the order they came, from within the handler. */
void request_each_header(const struct request *r,
                         void (*each)(void *ctx, const char *name, const char *value), void *ctx);

/* A header of the answer, before it is given. False, and nothing changed, when HTTP forbids it. */
bool request_set_header(struct request *r, const char *name, const char *value);

/*
 * Answer with JSON, or with what the request's type says, or with an empty body. The buffer's
 * memory moves to the server and *body is empty afterwards; body may be NULL.
 */
void request_reply(struct request *r, unsigned status, struct buf *body);

/*
 * The same in two steps, for a client that would else give up: the head of the answer is sent at
 * once, and the body is held back until so many milliseconds after request_reply_end.
 */
void request_reply_begin(struct request *r, unsigned status, struct buf *body);
void request_reply_end(struct request *r, unsigned ms);

/* {"error": "…"} */
void request_reply_error(struct request *r, unsigned status, const char *text);

/* Listen on a TCP port; port 0 picks one. *port is the one it became. */
int server_listen(struct in_addr address, const char *device, unsigned *port, int *fd,
                  struct err *err);
/* The same on a Unix socket, which only its owner and root may connect to. */
int server_listen_unix(const char *path, int *fd, struct err *err);
/* Does the client on a Unix socket run as root or as we do? */
bool request_is_trusted(const struct request *r);
