/* Wasmer, the half that makes machine code: Cranelift. */
#include <stdlib.h>

#include <wow_wasmer.h>

#include "base/file.h"

struct wow_runtime {
    enum wow_tier tier;
};

/*
 * Both tiers are Cranelift's. Wasmer's own baseline, Singlepass, knows no SIMD, and a module that
 * one tier takes and the other refuses would be worse than a slow start.
 */
static int wr_open_compiler(enum wow_tier tier, struct wow_runtime **out, struct err *err)
{
    static struct wow_runtime only;

    (void)err;
    only.tier = tier;
    *out = &only;
    return 0;
}

static int wr_compile(struct wow_runtime *rt, struct wow_bytes wasm, int out_fd, struct err *err)
{
    const uint8_t *code;
    size_t size;
    char text[200];

    (void)rt;
    int r = wow_wasmer_compile(wasm.data, wasm.size, &code, &size, text, sizeof text);
    if (r < 0)
        return err_set(err, r == -1 ? ERR_INVALID : ERR_INTERNAL, "%s", text);
    return file_write(out_fd, code, size, "machine code", err);
}

const struct wow_engine wow_engine = {
    .name = "wasmer",
    .version = WOW_WASMER_VERSION,
    .compile_maps_code = true,
    .open_compiler = wr_open_compiler,
    .compile = wr_compile,
};
