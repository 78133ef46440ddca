#pragma once

/*
 * A module with a smaller memory: an engine that knows how far a memory can grow reserves no more
 * than that, and refuses growth beyond it by itself. Used in the compiling process only, on a
 * module that features_check has passed.
 */

#include "base/buf.h"
#include "wow/engine.h"

#define CAP_ADDS 3u /* bytes more than the module has, at most: a maximum where there was none */

/*
 * Add to out the module with its memory's maximum at most max_bytes. Not below what the memory
 * begins with: an instance that begins too big is refused when it is made. All else is as it was,
 * byte for byte; a module without a memory of its own, or with a small one, is just copied.
 */
int cap_memory(struct wow_bytes wasm, uint64_t max_bytes, struct buf *out, struct err *err);
