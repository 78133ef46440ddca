/* Wasmtime, the half that makes machine code: Cranelift. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "common.h"

static int wt_open_compiler(enum wow_tier tier, struct wow_runtime **out, struct err *err)
{
    (void)tier;
    wasm_config_t *c = common_config();
    struct wow_runtime *rt = calloc(1, sizeof *rt);

    wasmtime_config_strategy_set(c, WASMTIME_STRATEGY_CRANELIFT);
    wasmtime_config_cranelift_opt_level_set(c, WASMTIME_OPT_LEVEL_SPEED);
    if (!rt || !(rt->engine = wasm_engine_new_with_config(c))) {
        free(rt);
        return err_set(err, ERR_INTERNAL, "Wasmtime does not start");
    }
    *out = rt;
    return 0;
}

static int write_all(int fd, const char *data, size_t n, struct err *err)
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

static int wt_compile(struct wow_runtime *rt, struct wow_bytes wasm, int out_fd, struct err *err)
{
    wasmtime_module_t *module = NULL;
    wasm_byte_vec_t code;

    wasmtime_error_t *error = wasmtime_module_new(rt->engine, wasm.data, wasm.size, &module);
    if (error)
        return common_fail(err, ERR_INVALID, error);
    error = wasmtime_module_serialize(module, &code);
    wasmtime_module_delete(module);
    if (error)
        return common_fail(err, ERR_INTERNAL, error);
    int r = write_all(out_fd, code.data, code.size, err);
    wasm_byte_vec_delete(&code);
    return r;
}

const struct wow_engine wow_engine = {
    .name = "wasmtime",
    .version = WASMTIME_VERSION,
    .open_compiler = wt_open_compiler,
    .compile = wt_compile,
};
