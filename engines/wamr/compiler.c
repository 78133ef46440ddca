/*
 * WAMR, the half that makes machine code: LLVM, ahead of time. The baseline is the fast
 * interpreter: its code is the module itself, once it has been found valid.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <aot_export.h>
#include <wasm_export.h>

#include "common.h"

/* Of LLVM's C interface, which has no more to do here. */
char *LLVMGetHostCPUName(void);
char *LLVMGetHostCPUFeatures(void);

struct wow_runtime {
    enum wow_tier tier;
};

static int wr_open_compiler(enum wow_tier tier, struct wow_runtime **out, struct err *err)
{
    struct wow_runtime *rt = calloc(1, sizeof *rt);

    if (!rt)
        return err_set(err, ERR_INTERNAL, "out of memory");
    int r = common_start(err);
    if (r == 0 && tier == WOW_OPTIMISED && !aot_compiler_init())
        r = err_set(err, ERR_INTERNAL, "WAMR's compiler does not start");
    if (r < 0) {
        free(rt);
        return r;
    }
    rt->tier = tier;
    *out = rt;
    return 0;
}

static int write_all(int fd, const uint8_t *data, size_t n, struct err *err)
{
    while (n > 0) {
        ssize_t done = write(fd, data, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return err_errno(err, errno == EFBIG ? ERR_TOO_LARGE : ERR_INTERNAL,
                             "writing machine code");
        data += done;
        n -= (size_t)done;
    }
    return 0;
}

static int llvm_error(struct err *err, const char *what)
{
    const char *text = aot_get_last_error();

    return err_set(err, ERR_INVALID, "%s: %s", what, text && *text ? text : "no reason given");
}

/* From a loaded module to a file that the AOT loader takes. */
static int emit(wasm_module_t module, int out_fd, struct err *err)
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
    uint32_t size = 0;
    int r = 0;

    aot_comp_data_t data = aot_create_comp_data(module, "x86_64", false);
    if (!data)
        return llvm_error(err, "WAMR cannot compile the module");
    aot_comp_context_t context = aot_create_comp_context(data, &option);
    if (!context || !aot_compile_wasm(context)) {
        r = llvm_error(err, "WAMR cannot compile the module");
    } else {
        uint8_t *file = aot_emit_aot_file_buf(context, data, &size);
        r = file ? write_all(out_fd, file, size, err) : llvm_error(err, "WAMR's code");
        wasm_runtime_free(file);
    }
    if (context)
        aot_destroy_comp_context(context);
    aot_destroy_comp_data(data);
    return r;
}

static int wr_compile(struct wow_runtime *rt, struct wow_bytes wasm, int out_fd, struct err *err)
{
    char text[WAMR_ERROR_MAX] = "";
    uint8_t *copy = malloc(wasm.size); /* it writes into it, and keeps pointing there */

    if (!copy)
        return err_set(err, ERR_INTERNAL, "out of memory");
    memcpy(copy, wasm.data, wasm.size);
    wasm_module_t module = wasm_runtime_load(copy, (uint32_t)wasm.size, text, sizeof text);
    int r = !module                    ? err_set(err, ERR_INVALID, "%s", text)
            : rt->tier == WOW_BASELINE ? write_all(out_fd, wasm.data, wasm.size, err)
                                       : emit(module, out_fd, err);
    if (module)
        wasm_runtime_unload(module);
    free(copy);
    return r;
}

const struct wow_engine wow_engine = {
    .name = "wamr",
    .version = WAMR_VERSION,
    .has_baseline = true,
    .open_compiler = wr_open_compiler,
    .compile = wr_compile,
};
