#pragma once

/*
 * WAMR's compiler with LLVM, a shared object of its own beside the programs. To load it relocates a
 * hundred megabytes of LLVM, 11 ms; the baseline, which is in more of a hurry, does without.
 */

#include "wow/engine.h"

#define WAMR_LLVM_FILE "wow-llvm-wamr.so"

struct wamr_llvm {
    /* Once per process, before it is locked in. */
    int (*start)(struct err *err);
    /* As wow_engine.compile, but for where the code goes: it is the caller's, to be freed. */
    int (*compile)(struct wow_bytes wasm, uint8_t **out, uint32_t *size, struct err *err);
};

/* What the object exports; found by its name. */
extern const struct wamr_llvm wamr_llvm;
