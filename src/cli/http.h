#pragma once

/*
 * Requests to any OpenWhisk, or to wowd, on libcurl: http and https, proxies as the environment has
 * them but none for this machine, no redirects. One connection, one request at a time.
 */

#include <stdbool.h>

#include "base/buf.h"
#include "wow/err.h"

#define HTTP_ANSWER_MAX (128u << 20)

struct http;

struct http_settings {
    const char *cert, *key;                                /* PEM files, or NULL */
    const char *socket;                                    /* a Unix socket's path, or NULL */
    bool insecure;                                         /* the server may be anyone */
    bool local;                                            /* it is on this machine: no proxy */
    void (*header)(void *ctx, const char *line, size_t n); /* each line of an answer's head */
    void *ctx;
};

struct http_request {
    const char *method, *url;
    const char *auth;       /* "user:password", or NULL */
    const struct buf *body; /* JSON, or NULL */
    const char *progress;   /* what is being sent, to be shown on a terminal; or NULL */
};

int http_new(const struct http_settings *s, struct http **out, struct err *err);
void http_free(struct http *h);

/* A request ends with an error when stops says so; it is asked often, and after a signal. */
void http_stop_when(struct http *h, bool (*stops)(void));

/* The answer, whatever it is; one larger than its buffer's limit is an error. */
int http_send(struct http *h, const struct http_request *q, long *status, struct buf *answer,
              struct err *err);
