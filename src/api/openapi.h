#pragma once

/* The description of this interface, for /api/v1/api-docs. Not for other rooms. */

#include "base/buf.h"

void openapi_write(struct buf *out);
