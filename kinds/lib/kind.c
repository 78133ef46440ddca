/* The ABI between an interpreter and wow, for any of them. */
#include "kind.h"

#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

#define EXPORT(name) __attribute__((export_name(name)))
#define IMPORT(name) __attribute__((import_module("wow"), import_name(name)))

IMPORT("data_size") uint32_t wow_data_size(void);
IMPORT("data_read") uint32_t wow_data_read(void *to, uint32_t at, uint32_t n);

struct kind_buffer kind_buffer;

EXPORT("wasm_memory_buffer_allocate_space") void kind_allocate(int32_t n);
EXPORT("get_wasm_memory_buffer_pointer") char *kind_pointer(void);
EXPORT("get_wasm_memory_buffer_len") int32_t kind_length(void);
EXPORT("wow_initialize") void kind_export_initialize(void);
EXPORT("wow_prepare") int32_t kind_export_prepare(void);
EXPORT("wow_run") void kind_export_run(void);
void __wasm_call_ctors(void);

void kind_allocate(int32_t n)
{
    kind_buffer.data = malloc((size_t)n + 1);
    if (!kind_buffer.data)
        abort();
    kind_buffer.data[n] = '\0';
    kind_buffer.size = (size_t)n;
}

char *kind_pointer(void) { return kind_buffer.data; }

int32_t kind_length(void) { return (int32_t)kind_buffer.size; }

void kind_answer(char *data, size_t size) { kind_buffer = (struct kind_buffer){data, size}; }

size_t kind_data_size(void) { return wow_data_size(); }

size_t kind_data_read(void *to, size_t at, size_t n) { return wow_data_read(to, at, n); }

const char *kind_argument(unsigned i)
{
    static uint8_t **argv;
    static size_t argc;
    size_t size;

    if (!argv && __wasi_args_sizes_get(&argc, &size) == 0) {
        uint8_t *text = malloc(size + 1);
        argv = calloc(argc + 1, sizeof *argv);
        if (!text || !argv || __wasi_args_get(argv, text) != 0)
            abort();
    }
    return i < argc ? (const char *)argv[i] : "";
}

/* Called once, when the module is built. */
void kind_export_initialize(void)
{
    __wasm_call_ctors();
    kind_initialize();
}

int32_t kind_export_prepare(void) { return kind_prepare(); }

void kind_export_run(void) { kind_run(); }
