/* Wasmtime, the half that makes machine code: Cranelift, and Winch for the baseline. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "common.h"

struct wow_runtime {
    wasm_engine_t *engine;
    wasm_byte_vec_t served; /* baseline: an empty module with the settings of the worker's */
};

static wasm_engine_t *new_engine(wasmtime_strategy_t strategy)
{
    wasm_config_t *c = common_config();

    wasmtime_config_strategy_set(c, strategy);
    wasmtime_config_cranelift_opt_level_set(c, WASMTIME_OPT_LEVEL_SPEED);
    if (strategy == WASMTIME_STRATEGY_WINCH)
        wasmtime_config_gc_support_set(c, false); /* which it has not got: no externref */
    return wasm_engine_new_with_config(c);
}

/* The header of a serialised module's section; a module is an ELF file. */
static Elf64_Shdr *section_of(const wasm_byte_vec_t *code, const char *name)
{
    const Elf64_Ehdr *head = (const void *)code->data;
    Elf64_Shdr *sections = (void *)(code->data + head->e_shoff);
    const char *names = code->data + sections[head->e_shstrndx].sh_offset;

    for (unsigned i = 0; i < head->e_shnum; i++)
        if (strcmp(names + sections[i].sh_name, name) == 0)
            return &sections[i];
    return NULL;
}

static int serialize(wasm_engine_t *engine, struct wow_bytes wasm, wasm_byte_vec_t *code,
                     struct err *err)
{
    wasmtime_module_t *module = NULL;

    wasmtime_error_t *error = wasmtime_module_new(engine, wasm.data, wasm.size, &module);
    if (error)
        return common_fail(err, ERR_INVALID, error);
    error = wasmtime_module_serialize(module, code);
    wasmtime_module_delete(module);
    return error ? common_fail(err, ERR_INTERNAL, error) : 0;
}

static int wt_open_compiler(enum wow_tier tier, struct wow_runtime **out, struct err *err)
{
    static const uint8_t empty[8] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    struct wow_runtime *rt = calloc(1, sizeof *rt);
    wasm_engine_t *cranelift = new_engine(WASMTIME_STRATEGY_CRANELIFT);
    int r = 0;

    if (!rt || !cranelift) {
        free(rt);
        return err_set(err, ERR_INTERNAL, "Wasmtime does not start");
    }
    rt->engine = cranelift;
    if (tier == WOW_BASELINE) {
        r = serialize(cranelift, (struct wow_bytes){empty, sizeof empty}, &rt->served, err);
        wasm_engine_delete(cranelift);
        rt->engine = new_engine(WASMTIME_STRATEGY_WINCH);
    }
    *out = rt;
    return r;
}

/*
 * Winch's code says that it calls wasm functions in its own way, and an engine set up for
 * Cranelift's way refuses it: modules of the two could not call each other. Ours never do; they
 * call host functions only, through trampolines that each brings along. So that one engine in the
 * worker serves both, the baseline says it has the settings that an empty module of Cranelift's
 * has: they are written behind it, and its section header is pointed there.
 */
static int write_adopted(struct wow_runtime *rt, wasm_byte_vec_t *code, int out_fd, struct err *err)
{
    static const char settings[] = ".wasmtime.engine";
    Elf64_Shdr *ours = section_of(code, settings), *served = section_of(&rt->served, settings);

    if (!ours || !served)
        return err_set(err, ERR_INTERNAL, "a module of Wasmtime's does not tell its settings");
    ours->sh_offset = code->size;
    ours->sh_size = served->sh_size;
    int r = file_write(out_fd, code->data, code->size, "machine code", err);
    return r < 0 ? r
                 : file_write(out_fd, rt->served.data + served->sh_offset, served->sh_size,
                              "machine code", err);
}

static int wt_compile(struct wow_runtime *rt, struct wow_bytes wasm, int out_fd, struct err *err)
{
    wasm_byte_vec_t code;

    int r = serialize(rt->engine, wasm, &code, err);
    if (r < 0)
        return r;
    r = rt->served.size > 0 ? write_adopted(rt, &code, out_fd, err)
                            : file_write(out_fd, code.data, code.size, "machine code", err);
    wasm_byte_vec_delete(&code);
    return r;
}

const struct wow_engine wow_engine = {
    .name = "wasmtime",
    .version = WASMTIME_VERSION,
    .compile_maps_code = true,
    .has_baseline = true,
    .open_compiler = wt_open_compiler,
    .compile = wt_compile,
};
