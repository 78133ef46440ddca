#include "llvm.h"

#include <stdlib.h>

#include <aot_export.h>
#include <wasm_export.h>

#include "common.h"

/* Of LLVM's C interface, which has no more to do here. */
char *LLVMGetHostCPUName(void);
char *LLVMGetHostCPUFeatures(void);

static int llvm_error(struct err *err, const char *what)
{
    const char *text = aot_get_last_error();

    return err_set(err, ERR_INVALID, "%s: %s", what, text && *text ? text : "no reason given");
}

/* From a loaded module to a file that the AOT loader takes, by the allocator of common_start. */
static int emit(wasm_module_t module, uint8_t **out, uint32_t *size, struct err *err)
{
    AOTCompOption option = {.target_arch = (char *)"x86_64",
                            .target_cpu = LLVMGetHostCPUName(),
                            .cpu_features = LLVMGetHostCPUFeatures(),
                            .enable_bulk_memory = true,
                            .enable_bulk_memory_opt = true,
                            .enable_simd = true,
                            .enable_ref_types = true,
                            .enable_call_indirect_overlong = true,
                            /* With it, endless recursion would become an endless loop. */
                            .disable_llvm_lto = true,
                            .opt_level = 3,
                            .size_level = 1, /* the small code model: what LLVM does best */
                            .output_format = AOT_FORMAT_FILE,
                            .bounds_checks = 2, /* by page protection, on this platform */
                            .stack_bounds_checks = 2};
    int r = 0;

    aot_comp_data_t data = aot_create_comp_data(module, "x86_64", false);
    if (!data)
        return llvm_error(err, "WAMR cannot compile the module");
    aot_comp_context_t context = aot_create_comp_context(data, &option);
    if (!context || !aot_compile_wasm(context)) {
        r = llvm_error(err, "WAMR cannot compile the module");
    } else {
        *out = aot_emit_aot_file_buf(context, data, size);
        r = *out ? 0 : llvm_error(err, "WAMR's code");
    }
    if (context)
        aot_destroy_comp_context(context);
    aot_destroy_comp_data(data);
    return r;
}

static int start(struct err *err)
{
    int r = common_start(err);

    if (r == 0 && !aot_compiler_init())
        r = err_set(err, ERR_INTERNAL, "WAMR's compiler does not start");
    return r;
}

static int compile(struct wow_bytes wasm, uint8_t **out, uint32_t *size, struct err *err)
{
    struct common_module m;
    int r = common_load(wasm, &m, err);

    if (r < 0)
        return r;
    r = emit(m.module, out, size, err);
    common_unload(&m);
    return r;
}

const struct wamr_llvm wamr_llvm = {.start = start, .compile = compile};
