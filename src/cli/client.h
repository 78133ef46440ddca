#pragma once

/* An HTTP client for wowd's executor door: one connection, one request at a time. */

#include <stdbool.h>

#include "base/buf.h"
#include "wow/err.h"

struct client;

/* where is ADDR:PORT, or the path of a Unix socket. */
int client_new(const char *where, struct client **out, struct err *err);
void client_free(struct client *c);

/* Have requests end with an error when stops says so; it is asked often, and after a signal. */
void client_stop_when(struct client *c, bool (*stops)(void));

/* POST a JSON body. The answer's body goes to *reply, its status to *status. */
int client_post(struct client *c, const char *path, const struct buf *body, long *status,
                struct buf *reply, struct err *err);
