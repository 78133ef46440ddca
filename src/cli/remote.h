#pragma once

/* A container behind wowd's executor door, from the client's side: start, init, run, destroy. */

#include "base/buf.h"
#include "cli/client.h"

#define REMOTE_CODE_MAX (48u << 20) /* a module's bytes, as OpenWhisk limits them */
#define REMOTE_REPLY_MAX (64u << 20)

struct remote {
    struct client *client;
    char id[128];
};

/* What init says besides the code: members of its "value", such as `,"name":"add"`. */
int remote_init_body(const char *file, const char *members, struct buf *out, struct err *err);

/* Code as a JSON string of its base64. */
int remote_put_base64(const struct buf *code, struct buf *out, struct err *err);

/* A new container; r->client is set. The others act on that one. */
int remote_start(struct remote *r, struct err *err);
int remote_init(struct remote *r, const struct buf *body, struct err *err);
/* The activation's record to *reply; an answer other than 200 is an error with its text. */
int remote_run(struct remote *r, const struct buf *body, struct buf *reply, struct err *err);
int remote_destroy(struct remote *r, struct err *err);
