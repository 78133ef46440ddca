#pragma once

/* What WAMR's two programs have in common. */

#include <stddef.h>
#include <stdint.h>

#include <wasm_export.h>

#include "wow/engine.h"

#define WAMR_VERSION "2.4.3"
#define WAMR_ERROR_MAX 192

/* Start the library; once per process. */
int common_start(struct err *err);
/* A module to be compiled; WAMR writes into its bytes, so that it has some of its own. */
struct common_module {
    wasm_module_t module;
    uint8_t *bytes;
};

/* ERR_INVALID says what is wrong with it. */
int common_load(struct wow_bytes wasm, struct common_module *out, struct err *err);
void common_unload(struct common_module *m);
