#include "common.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <wasm_export.h>

/* Where the library's printf goes, as its build says: an engine does not print. */
int wow_wamr_print(const char *format, va_list ap);
int wow_wamr_print(const char *format, va_list ap)
{
    (void)format;
    (void)ap;
    return 0;
}

int common_start(struct err *err)
{
    RuntimeInitArgs args = {.mem_alloc_type = Alloc_With_Allocator,
                            .mem_alloc_option.allocator = {.malloc_func = (void *)malloc,
                                                           .realloc_func = (void *)realloc,
                                                           .free_func = (void *)free}};

    return wasm_runtime_full_init(&args) ? 0 : err_set(err, ERR_INTERNAL, "WAMR does not start");
}

int common_load(struct wow_bytes wasm, struct common_module *out, struct err *err)
{
    char text[WAMR_ERROR_MAX] = "";

    out->bytes = malloc(wasm.size + 1); /* there may be none */
    if (!out->bytes)
        return err_set(err, ERR_INTERNAL, "out of memory");
    if (wasm.size > 0)
        memcpy(out->bytes, wasm.data, wasm.size);
    out->module = wasm_runtime_load(out->bytes, (uint32_t)wasm.size, text, sizeof text);
    if (out->module)
        return 0;
    free(out->bytes);
    return err_set(err, ERR_INVALID, "%s", text);
}

void common_unload(struct common_module *m)
{
    wasm_runtime_unload(m->module);
    free(m->bytes);
}
