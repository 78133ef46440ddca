#pragma once

/* A request's headers as an action sees them. Not for other rooms. */

#include "http/server.h"

/* A JSON object, names in lower case. */
int headers_json(const struct request *r, struct buf *out, struct err *err);
