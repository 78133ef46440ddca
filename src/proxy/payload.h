#pragma once

/*
 * What the two doors that speak OpenWhisk's action protocol share: reading the bodies of init and
 * run, and the life of a request between its arrival and its answer.
 * Source: Apache OpenWhisk, docs/actions-new.md, and the invoker's requests as they are on the
 * wire.
 */

#include "http/server.h"
#include "pool/pool.h"

/* The statuses with which an invoker understands what went wrong; docs/api.md has the table. */
#define STATUS_BAD_REQUEST 400
#define STATUS_FORBIDDEN 403
#define STATUS_NOT_FOUND 404
#define STATUS_METHOD 405
#define STATUS_CONFLICT 409
#define STATUS_DEVELOPER 502
#define STATUS_INTERNAL 500
#define STATUS_BUSY 503

/* Initialise the container with the request's body; answers it, an empty 200 on success. */
void payload_init(struct request *r, struct container *c);

/*
 * Run the request's body on the container. answer turns the finished activation into the reply:
 * it appends the body and returns the HTTP status. Errors before an activation are answered here.
 *
 * until_late is for an invoker, which counts the time itself. An answer shortly before its time
 * limit would be taken for a failure of another kind; if none has begun at the limit it drops the
 * connection, and waits ten seconds for news of the container. So the answer begins at the
 * deadline, and ends a little after it.
 */
typedef unsigned payload_answer(const struct activation *a, struct buf *body);
void payload_run(struct request *r, struct container *c, payload_answer *answer, bool until_late);

/* The HTTP status of an error of ours. */
unsigned payload_status(enum err_kind kind);
