#pragma once

/*
 * A module with its memory as an instance left it: what was done there need not be done again by
 * every instance. Used when an interpreter is built (tools/build-kind), on a module of our own.
 * All of an instance's state must be in its memory: of mutable globals, a C program has only the
 * stack pointer, which is back where it was once the call has returned.
 */

#include "base/buf.h"
#include "wow/engine.h"

/* memory is all of it: size is a multiple of 64 KiB. */
int image_write(struct wow_bytes wasm, struct wow_bytes memory, struct buf *out, struct err *err);
