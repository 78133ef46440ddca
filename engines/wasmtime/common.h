#pragma once

/*
 * What Wasmtime's two programs have in common. Both must agree on every setting in common_config,
 * or the code of the one does not load in the other.
 */

#include <wasm.h>
#include <wasmtime.h>

#include "wow/engine.h"

/* What guests may use, and how code and memory are laid out. The caller's. */
wasm_config_t *common_config(void);

/* Fill err with the text of Wasmtime's error, and delete that. */
int common_fail(struct err *err, enum err_kind kind, wasmtime_error_t *error);
