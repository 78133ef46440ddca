#include "common.h"

#include <stdbool.h>

#define WASM_STACK (1u << 20) /* of the 8 MiB a process has */

int common_fail(struct err *err, enum err_kind kind, wasmtime_error_t *error)
{
    wasm_byte_vec_t text;

    wasmtime_error_message(error, &text);
    int r = err_set(err, kind, "%.*s", (int)text.size, text.data);
    for (char *p = err->msg; *p; p++)
        if (*p == '\n')
            *p = ' ';
    wasm_byte_vec_delete(&text);
    wasmtime_error_delete(error);
    return r;
}

wasm_config_t *common_config(void)
{
    wasm_config_t *c = wasm_config_new();

    wasmtime_config_wasm_simd_set(c, true);
    wasmtime_config_wasm_bulk_memory_set(c, true);
    wasmtime_config_wasm_multi_value_set(c, true);
    wasmtime_config_wasm_relaxed_simd_set(c, false);
    wasmtime_config_wasm_tail_call_set(c, false);
    wasmtime_config_wasm_multi_memory_set(c, false);
    wasmtime_config_wasm_memory64_set(c, false);
    wasmtime_config_wasm_reference_types_set(c, true);
    wasmtime_config_wasm_function_references_set(c, false);
    wasmtime_config_wasm_gc_set(c, false);
    wasmtime_config_wasm_exceptions_set(c, false);
    wasmtime_config_gc_support_set(c, true); /* externref is one of the reference types */
    wasmtime_config_max_wasm_stack_set(c, WASM_STACK);
    wasmtime_config_native_unwind_info_set(c, false);
    wasmtime_config_memory_init_cow_set(c, true);
    return c;
}
