#pragma once

/*
 * One keep-alive connection of HTTP/1.1, one request at a time, as much of it as a load generator
 * needs: answers carry a Content-Length, nothing is chunked. Sockets do not block; whoever has many
 * waits with epoll and calls client_pump, whoever has one calls client_exchange.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "wow/err.h"

struct client {
    int fd;
    struct buf in; /* the answer, with its headers */
    size_t head;   /* bytes up to the body; 0 until they are there */
    size_t body;   /* bytes of the body */
    unsigned status;
    size_t sent;      /* bytes of the request */
    uint64_t sent_ns; /* when the request began */
};

int client_open(struct client *c, const struct sockaddr_in *to, struct err *err);
void client_close(struct client *c);

/* A whole request into *out, which is cleared before. */
void client_request(struct buf *out, const char *method, const char *path, const char *body,
                    size_t n);
/* The same with one more header, "Name: value"; or NULL. */
void client_request_with(struct buf *out, const char *method, const char *path, const char *header,
                         const char *body, size_t n);

/* Begin with a request, and send what the socket takes: 1 when all is sent, 0 when it is full. */
void client_begin(struct client *c);
int client_push(struct client *c, const struct buf *request, struct err *err);

/* Both, and wait while the socket is full. */
int client_send(struct client *c, const struct buf *request, struct err *err);

/* Read what is there: 1 when the answer is complete, 0 when it is not, negative when it is lost. */
int client_pump(struct client *c, struct err *err);

/* Send and wait for the answer; *ns is how long that took. */
int client_exchange(struct client *c, const struct buf *request, uint64_t *ns, struct err *err);

/* Is the answer 2xx, and does its body contain this text (NULL: any)? */
bool client_is_good(const struct client *c);
bool client_contains(const struct client *c, const char *text);
