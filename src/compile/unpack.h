#pragma once

/*
 * From what a client sent as an action's code to the bytes of one wasm module: wasm itself, a gzip
 * of it, or a zip that has it as a member. Runs in the compiling process: whatever a
 * hostile archive does to zlib or libzip, it does there.
 */

#include "base/buf.h"

/* What a zip's wow.json says; empty for all else. */
struct manifest {
    char module[256]; /* "module": the member that is the module */
    char engine[32];  /* "engine": which one is to run it */
    char ask[2000];   /* what else it asks for, as a JSON object; whether it may, wowd decides */
};

/*
 * Of a zip, the member named by "module" in its wow.json, else its first *.wasm member. No more
 * than wasm's limit is ever unpacked.
 */
int unpack(const struct buf *code, struct buf *wasm, struct manifest *manifest, struct err *err);
