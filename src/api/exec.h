#pragma once

/* What an action consists of, as a PUT's body says it. Not for other rooms. */

#include "api/call.h"

/*
 * Take body.exec over into the entity, its code into code. Without one the entity must have been
 * there. ERR_INVALID is the detail of a malformed body, anything else the whole text.
 */
int exec_read(struct call *c, const struct scan_text *body, struct entity *e, struct buf *code,
              struct err *err);
