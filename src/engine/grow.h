#pragma once

/*
 * A module that knows whether it was refused memory. To a guest a growth beyond its limit is a
 * memory.grow that answers -1, and most then trap; to whoever asks why, that trap is an exhausted
 * memory, and no engine tells. So every memory.grow is made a call of one function more, which
 * grows and remembers in one global more if that failed; another exported function answers it.
 * Nothing else in the module changes, and a guest cannot tell the difference. Used in the
 * compiling process only, on a module that features_check has passed.
 */

#include "base/buf.h"
#include "wow/engine.h"

/* What out must have room for. */
#define GROW_ADDS(size) (2 * (size) + 256)

/*
 * Add to out the module with a function `name`, of no parameter and one i32: not 0 if a growth was
 * refused. A module that never grows its memory, or has an export of that name, is just copied.
 */
int grow_watch(struct wow_bytes wasm, const char *name, struct buf *out, struct err *err);
