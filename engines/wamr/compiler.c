/*
 * WAMR, the half that makes machine code. The baseline is the fast interpreter: its code is the
 * module itself, once it has been found valid. What is optimised is LLVM's, which is loaded when
 * it is needed only (llvm.h), as it takes longer than all of the baseline.
 */
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <wasm_export.h>

#include "base/file.h"
#include "common.h"
#include "llvm.h"

struct wow_runtime {
    const struct wamr_llvm *llvm; /* NULL: the baseline */
};

/* Beside this program, wherever that is. Not unloaded: the process ends with its one module. */
static int load_llvm(const struct wamr_llvm **out, struct err *err)
{
    char dir[PATH_MAX], path[PATH_MAX + sizeof WAMR_LLVM_FILE];

    int r = file_program_dir(dir, err);
    if (r < 0)
        return r;
    snprintf(path, sizeof path, "%s/" WAMR_LLVM_FILE, dir);
    void *file = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const struct wamr_llvm *llvm = file ? dlsym(file, "wamr_llvm") : NULL;

    if (!llvm)
        return err_set(err, ERR_INTERNAL, "WAMR's compiler does not load: %s", dlerror());
    *out = llvm;
    return llvm->start(err);
}

static int wr_open_compiler(enum wow_tier tier, struct wow_runtime **out, struct err *err)
{
    struct wow_runtime *rt = calloc(1, sizeof *rt);

    if (!rt)
        return err_set(err, ERR_INTERNAL, "out of memory");
    int r = tier == WOW_OPTIMISED ? load_llvm(&rt->llvm, err) : common_start(err);
    if (r < 0) {
        free(rt);
        return r;
    }
    *out = rt;
    return 0;
}

static int interpret(struct wow_bytes wasm, int out_fd, struct err *err)
{
    struct common_module m;
    int r = common_load(wasm, &m, err);

    if (r < 0)
        return r;
    common_unload(&m);
    return file_write(out_fd, wasm.data, wasm.size, "machine code", err);
}

static int optimise(const struct wamr_llvm *llvm, struct wow_bytes wasm, int out_fd,
                    struct err *err)
{
    uint8_t *code;
    uint32_t size;

    int r = llvm->compile(wasm, &code, &size, err);
    if (r < 0)
        return r;
    r = file_write(out_fd, code, size, "machine code", err);
    free(code);
    return r;
}

static int wr_compile(struct wow_runtime *rt, struct wow_bytes wasm, int out_fd, struct err *err)
{
    return rt->llvm ? optimise(rt->llvm, wasm, out_fd, err) : interpret(wasm, out_fd, err);
}

const struct wow_engine wow_engine = {
    .name = "wamr",
    .version = WAMR_VERSION,
    .has_baseline = true,
    .open_compiler = wr_open_compiler,
    .compile = wr_compile,
};
