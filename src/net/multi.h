#pragma once

/*
 * Transfers of libcurl's on our loop, and the connections that are kept for the next ones. A
 * worker has one of its own, so no connection, no resolved name and no TLS session is ever shared
 * by two namespaces; it goes with the worker. One that has no transfer and no connection any more,
 * or has had no transfer for a while, says that it is idle.
 */

#include <curl/curl.h>

#include "http/loop.h"

struct multi;

/* idle may free it. */
struct multi *multi_new(struct loop *l, void (*idle)(void *ctx), void *ctx);
/* No transfer may be under way. Closes the connections. NULL is fine. */
void multi_free(struct multi *m);

/*
 * Start a transfer, made ready but for what concerns sockets. ended is called from the loop, once,
 * unless it is removed before; then the transfer is out already.
 */
int multi_add(struct multi *m, CURL *easy, void (*ended)(void *ctx, CURLcode code), void *ctx);
void multi_remove(struct multi *m, CURL *easy);

/* For a transfer's open-socket callback: a socket that counts as the multi's; -1. */
curl_socket_t multi_socket(struct multi *m, const struct curl_sockaddr *at);
