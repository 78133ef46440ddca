#include "common.h"

#include <stdarg.h>
#include <stdlib.h>

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
