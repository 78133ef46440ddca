#pragma once

/*
 * What a module may use: WebAssembly 2.0, which is the MVP, mutable globals, sign extension,
 * saturating conversions, multi-value, bulk memory, reference types and SIMD. All engines have
 * these; of what came later each has something else, so that a module which uses any of it is
 * refused here, in the same words whatever the engine.
 *
 * This is no validation: it reads far enough to see every section, type and instruction, and the
 * engine still has to check that they fit together. It takes time in proportion to the module's
 * size, and no memory. Used in the compiling process only, as the bytes are hostile.
 */

#include "wow/engine.h"

/* Fails with ERR_INVALID; the text names the feature, and the instruction or type that is one. */
int features_check(struct wow_bytes wasm, struct err *err);

/* The same, and each is told where every memory.grow is, in their order. */
int features_grows(struct wow_bytes wasm, void (*each)(void *ctx, const uint8_t *at), void *ctx,
                   struct err *err);
