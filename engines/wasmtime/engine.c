/*
 * Wasmtime, the half that runs guests. One store and one instance of the pool serve an activation;
 * the pool keeps the pages of the last one, so that a fresh instance costs resets instead of page
 * faults. Nothing here stops a guest: whoever runs too long is killed with its process.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common.h"

#define KEEP_RESIDENT (1u << 20) /* memory kept and cleared, instead of unmapped, between uses */
#define MEMORIES 127u            /* docs/decisions/rotating.md */
#define TABLES 16u
#define TABLE_ELEMENTS 262144u
#define INSTANCE_SIZE (4u << 20)  /* of the engine's own data about one instance */
#define PAGE 65536u

struct wow_runtime {
    wasm_engine_t *engine;
    wasmtime_linker_t *linker;
};

/* An exported function that call can call: at most one i32 in, at most one i32 out. */
struct exported {
    char *name;
    uint8_t params, results;
};

struct wow_module {
    struct wow_runtime *rt;
    wasmtime_module_t *module;
    wasmtime_instance_pre_t *pre;
    struct exported *exports;
    size_t exportc;
    uint64_t memory_min; /* pages; of the exported memory */
};

struct wow_instance {
    struct wow_module *m;
    void *guest;
    wasmtime_store_t *store;
    wasmtime_context_t *ctx;
    wasmtime_instance_t instance;
    wasmtime_memory_t memory;
    bool has_memory, is_up;
    bool stopped;              /* a host function said WOW_STOP */
    wasmtime_caller_t *caller; /* the host call under way; the only road to memory before is_up */
};

static bool find_memory(struct wow_instance *in)
{
    wasmtime_extern_t item;
    bool found = in->is_up
                     ? wasmtime_instance_export_get(in->ctx, &in->instance, "memory", 6, &item)
                 : in->caller ? wasmtime_caller_export_get(in->caller, "memory", 6, &item)
                              : false;

    if (found && item.kind == WASMTIME_EXTERN_MEMORY) {
        in->memory = item.of.memory;
        in->has_memory = true;
    }
    return in->has_memory;
}

static uint8_t *wt_span(struct wow_instance *in, uint32_t at, uint32_t n)
{
    if (!in->has_memory && !find_memory(in))
        return NULL;
    size_t size = wasmtime_memory_data_size(in->ctx, &in->memory);
    if (n > size || at > size - n)
        return NULL;
    return wasmtime_memory_data(in->ctx, &in->memory) + at;
}

/* From the engine's call to the table's: values narrow or widen to 64 bits each. */
static wasm_trap_t *host_call(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *raw,
                              size_t rawc)
{
    const struct wow_import *import = env;
    wasmtime_context_t *ctx = wasmtime_caller_context(caller);
    struct wow_instance *in = wasmtime_context_get_data(ctx);
    uint64_t v[WOW_HOST_PARAMS_MAX] = {0};
    const char *type = import->type;

    for (size_t i = 0; type[i] != ':'; i++)
        v[i] = type[i] == 'I' || type[i] == 'F' ? (uint64_t)raw[i].i64 : (uint32_t)raw[i].i32;
    in->caller = caller;
    int r = import->fn(in->guest, in, v);
    in->caller = NULL;
    if (r == WOW_STOP) {
        in->stopped = true;
        return wasmtime_trap_new("stop", 4); /* reaches the caller as an error or as a trap */
    }
    if (rawc > 0) {
        raw[0].i64 = 0;
        const char *result = strchr(type, ':') + 1;
        if (*result == 'I' || *result == 'F')
            raw[0].i64 = (int64_t)v[0];
        else if (*result)
            raw[0].i32 = (int32_t)v[0];
    }
    return NULL;
}

static wasm_valkind_t kind_of(char letter)
{
    return letter == 'i'   ? WASM_I32
           : letter == 'I' ? WASM_I64
           : letter == 'f' ? WASM_F32
                           : WASM_F64;
}

static wasm_functype_t *type_of(const char *text)
{
    wasm_valtype_t *params[WOW_HOST_PARAMS_MAX], *results[1];
    wasm_valtype_vec_t p, r;
    size_t paramc = 0, resultc = 0;

    for (; *text != ':'; text++)
        params[paramc++] = wasm_valtype_new(kind_of(*text));
    if (text[1])
        results[resultc++] = wasm_valtype_new(kind_of(text[1]));
    wasm_valtype_vec_new(&p, paramc, params);
    wasm_valtype_vec_new(&r, resultc, results);
    return wasm_functype_new(&p, &r);
}

static int define_host(struct wow_runtime *rt, const struct wow_imports *host, struct err *err)
{
    for (const struct wow_import *i = host->table; i->name; i++) {
        wasm_functype_t *type = type_of(i->type);
        wasmtime_error_t *error = wasmtime_linker_define_func_unchecked(
            rt->linker, i->module, strlen(i->module), i->name, strlen(i->name), type, host_call,
            (void *)i, NULL);
        wasm_functype_delete(type);
        if (error)
            return common_fail(err, ERR_INTERNAL, error);
    }
    return 0;
}

static wasm_engine_t *new_engine(void)
{
    wasm_config_t *c = common_config();
    wasmtime_pooling_allocation_config_t *pool = wasmtime_pooling_allocation_config_new();

    /* One activation at a time. The defaults would reserve a thousand of each. */
    wasmtime_pooling_allocation_config_total_core_instances_set(pool, 1);
    wasmtime_pooling_allocation_config_total_component_instances_set(pool, 1);
    wasmtime_pooling_allocation_config_total_memories_set(pool, MEMORIES);
    wasmtime_pooling_allocation_config_max_unused_warm_slots_set(pool, MEMORIES);
    wasmtime_pooling_allocation_config_total_tables_set(pool, TABLES);
    wasmtime_pooling_allocation_config_total_gc_heaps_set(pool, 1);
    wasmtime_pooling_allocation_config_max_tables_per_module_set(pool, TABLES);
    wasmtime_pooling_allocation_config_table_elements_set(pool, TABLE_ELEMENTS);
    wasmtime_pooling_allocation_config_max_core_instance_size_set(pool, INSTANCE_SIZE);
    wasmtime_pooling_allocation_config_max_memory_size_set(pool, (size_t)4 << 30);
    wasmtime_pooling_allocation_config_linear_memory_keep_resident_set(pool, KEEP_RESIDENT);
    wasmtime_pooling_allocation_config_table_keep_resident_set(pool, 65536);
    wasmtime_pooling_allocation_config_decommit_batch_size_set(pool, 1);
    wasmtime_pooling_allocation_strategy_set(c, pool);
    wasmtime_pooling_allocation_config_delete(pool);
    return wasm_engine_new_with_config(c);
}

/*
 * When it first loads code, the library asks the processor what it can do; that leaves a virtual
 * machine each time, 40 µs in all. Here it does so once for all workers: it is given machine code
 * with nothing in it, just enough of ELF to be read to its end, and refuses it.
 */
static void ask_processor(const struct wow_runtime *rt)
{
    struct {
        Elf64_Ehdr head;
        Elf64_Shdr sections[2];
        char names[8];
    } file = {
        .head = {.e_ident = ELFMAG,
                 .e_version = EV_CURRENT,
                 .e_flags = 1, /* Wasmtime's sign for a module */
                 .e_shoff = sizeof file.head,
                 .e_ehsize = sizeof file.head,
                 .e_shentsize = sizeof file.sections[0],
                 .e_shnum = 2,
                 .e_shstrndx = 1},
        .sections[1] = {.sh_name = 1,
                        .sh_type = SHT_STRTAB,
                        .sh_offset = sizeof file.head + sizeof file.sections,
                        .sh_size = sizeof file.names},
        .names = "\0names",
    };
    wasmtime_module_t *none;

    file.head.e_ident[EI_CLASS] = ELFCLASS64;
    file.head.e_ident[EI_DATA] = ELFDATA2LSB;
    file.head.e_ident[EI_VERSION] = EV_CURRENT;
    wasmtime_error_t *refused =
        wasmtime_module_deserialize(rt->engine, (const uint8_t *)&file, sizeof file, &none);
    if (refused)
        wasmtime_error_delete(refused);
    else
        wasmtime_module_delete(none);
}

static int wt_open(const struct wow_imports *host, struct wow_runtime **out, struct err *err)
{
    struct wow_runtime *rt = calloc(1, sizeof *rt);

    if (!rt || !(rt->engine = new_engine())) {
        free(rt);
        return err_set(err, ERR_INTERNAL, "Wasmtime does not start");
    }
    ask_processor(rt);
    rt->linker = wasmtime_linker_new(rt->engine);
    int r = define_host(rt, host, err);
    if (r < 0)
        return r; /* the process ends */
    *out = rt;
    return 0;
}

/*
 * Wasmtime maps code from a path only, and a worker has no paths: "fd:5" stands for its
 * descriptor 5. The linker's --wrap=open64 brings every open64 of the library here.
 */
int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
    va_list ap;

    if (strncmp(path, "fd:", 3) == 0)
        return fcntl((int)strtol(path + 3, NULL, 10), F_DUPFD_CLOEXEC, 0);
    va_start(ap, flags);
    int mode = va_arg(ap, int);
    va_end(ap);
    return __real_open64(path, flags, mode);
}

/* Compared, as asking for the kind of a v128 or of a newer reference type ends the process. */
static bool is_i32s(const wasm_valtype_vec_t *types, const wasm_valtype_t *i32)
{
    return types->size == 0 ||
           (types->size == 1 && wasmtime_wasm_valtype_equal(types->data[0], i32));
}

static void add_export(struct wow_module *m, const wasm_exporttype_t *e, const wasm_valtype_t *i32)
{
    const wasm_name_t *name = wasm_exporttype_name(e);
    const wasm_externtype_t *type = wasm_exporttype_type(e);
    const wasm_functype_t *f = wasm_externtype_as_functype_const(type);
    const wasm_memorytype_t *memory = wasm_externtype_as_memorytype_const(type);

    if (memory)
        m->memory_min = wasmtime_memorytype_minimum(memory);
    if (!f || !is_i32s(wasm_functype_params(f), i32) || !is_i32s(wasm_functype_results(f), i32))
        return;
    struct exported *x = &m->exports[m->exportc];
    x->name = strndup(name->data, name->size);
    x->params = (uint8_t)wasm_functype_params(f)->size;
    x->results = (uint8_t)wasm_functype_results(f)->size;
    m->exportc += x->name != NULL;
}

static int read_exports(struct wow_module *m, struct err *err)
{
    wasm_valtype_t *i32 = wasm_valtype_new(WASM_I32);
    wasm_exporttype_vec_t all;

    wasmtime_module_exports(m->module, &all);
    m->exports = calloc(all.size + 1, sizeof *m->exports);
    for (size_t i = 0; m->exports && i < all.size; i++)
        add_export(m, all.data[i], i32);
    wasm_exporttype_vec_delete(&all);
    wasm_valtype_delete(i32);
    return m->exports ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

static void wt_unload(struct wow_module *m)
{
    for (size_t i = 0; i < m->exportc; i++)
        free(m->exports[i].name);
    free(m->exports);
    if (m->pre)
        wasmtime_instance_pre_delete(m->pre);
    if (m->module)
        wasmtime_module_delete(m->module);
    free(m);
}

static int wt_load(struct wow_runtime *rt, const struct wow_code *code, struct wow_module **out,
                   struct err *err)
{
    struct wow_module *m = calloc(1, sizeof *m);
    char path[32];

    if (!m)
        return err_set(err, ERR_INTERNAL, "out of memory");
    m->rt = rt;
    snprintf(path, sizeof path, "fd:%d", code->fd);
    wasmtime_error_t *error = wasmtime_module_deserialize_file(rt->engine, path, &m->module);
    if (!error)
        error = wasmtime_linker_instantiate_pre(rt->linker, m->module, &m->pre);
    int r = error ? common_fail(err, ERR_INTERNAL, error) : read_exports(m, err);
    if (r < 0) {
        wt_unload(m);
        return r;
    }
    *out = m;
    return 0;
}

static const struct exported *find_export(const struct wow_module *m, const char *func)
{
    for (size_t i = 0; i < m->exportc; i++)
        if (strcmp(m->exports[i].name, func) == 0)
            return &m->exports[i];
    return NULL;
}

static bool wt_exports(const struct wow_module *m, const char *func)
{
    return find_export(m, func) != NULL;
}

static void describe_trap(struct wow_end *end, const wasm_trap_t *trap)
{
    static const char *const texts[] = {
        [WASMTIME_TRAP_CODE_STACK_OVERFLOW] = "call stack exhausted",
        [WASMTIME_TRAP_CODE_MEMORY_OUT_OF_BOUNDS] = "out of bounds memory access",
        [WASMTIME_TRAP_CODE_TABLE_OUT_OF_BOUNDS] = "out of bounds table access",
        [WASMTIME_TRAP_CODE_INDIRECT_CALL_TO_NULL] = "uninitialized element",
        [WASMTIME_TRAP_CODE_BAD_SIGNATURE] = "indirect call type mismatch",
        [WASMTIME_TRAP_CODE_INTEGER_OVERFLOW] = "integer overflow",
        [WASMTIME_TRAP_CODE_INTEGER_DIVISION_BY_ZERO] = "integer divide by zero",
        [WASMTIME_TRAP_CODE_BAD_CONVERSION_TO_INTEGER] = "invalid conversion to integer",
        [WASMTIME_TRAP_CODE_UNREACHABLE_CODE_REACHED] = "unreachable",
    };
    wasmtime_trap_code_t code = 0;

    if (!wasmtime_trap_code(trap, &code))
        snprintf(end->text, sizeof end->text, "trap without a code");
    else if (code < sizeof texts / sizeof *texts && texts[code])
        snprintf(end->text, sizeof end->text, "%s", texts[code]);
    else
        snprintf(end->text, sizeof end->text, "trap number %u", (unsigned)code);
}

/* "divide (#12+0x8)": its name, if the module has names, its index, how far into it. */
static size_t put_frame(char *to, size_t room, const wasm_frame_t *frame)
{
    const wasm_name_t *name = wasmtime_frame_func_name(frame);
    int n = snprintf(to, room, "%.*s (#%u+0x%zx)\n", name ? (int)name->size : 1,
                     name ? name->data : "?", wasm_frame_func_index(frame),
                     wasm_frame_func_offset(frame));

    return n > 0 && (size_t)n < room ? (size_t)n : 0; /* whole lines only */
}

static void describe_frames(struct wow_end *end, const wasm_trap_t *trap)
{
    static char text[2048];
    wasm_frame_vec_t frames;
    size_t n = 0, named = 0;

    wasm_trap_trace(trap, &frames);
    for (size_t i = 0; i < frames.size; i++) {
        named += wasmtime_frame_func_name(frames.data[i]) != NULL;
        n += put_frame(text + n, sizeof text - n, frames.data[i]);
    }
    text[n] = '\0';
    end->trace = named > 0 ? text : NULL;
    wasm_frame_vec_delete(&frames);
}

/*
 * What became of a call: 0 and *end filled, or an error of ours. Takes error and trap over.
 */
static int settle(struct wow_instance *in, wasmtime_error_t *error, wasm_trap_t *trap,
                  struct wow_end *end, struct err *err)
{
    int r = 0;

    if (in->stopped)
        end->kind = WOW_END_STOP;
    else if (trap) {
        end->kind = WOW_END_TRAP;
        describe_trap(end, trap);
        describe_frames(end, trap);
    } else if (error) {
        r = common_fail(err, ERR_INTERNAL, error);
        error = NULL;
    } else {
        end->kind = WOW_END_RETURN;
    }
    if (error)
        wasmtime_error_delete(error);
    if (trap)
        wasm_trap_delete(trap);
    return r;
}

static void wt_drop(struct wow_instance *in)
{
    wasmtime_store_delete(in->store);
    free(in);
}

static int wt_spawn(struct wow_module *m, const struct wow_limits *lim, void *guest,
                    struct wow_instance **out, struct wow_end *end, struct err *err)
{
    wasm_trap_t *trap = NULL;

    *out = NULL;
    if (m->memory_min * PAGE > lim->memory) {
        end->kind = WOW_END_MEMORY;
        return 0;
    }
    struct wow_instance *in = calloc(1, sizeof *in);
    if (!in)
        return err_set(err, ERR_INTERNAL, "out of memory");
    in->m = m;
    in->guest = guest;
    in->store = wasmtime_store_new(m->rt->engine, in, NULL);
    in->ctx = wasmtime_store_context(in->store);
    wasmtime_store_limiter(in->store, (int64_t)lim->memory, TABLE_ELEMENTS, 1, TABLES, 1);
    wasmtime_error_t *error =
        wasmtime_instance_pre_instantiate(m->pre, in->ctx, &in->instance, &trap);
    if (error || trap) {
        int r = settle(in, error, trap, end, err);
        wt_drop(in);
        return r;
    }
    in->is_up = true;
    *out = in;
    return 0;
}

static int wt_call(struct wow_instance *in, const char *func, const int32_t *arg,
                   struct wow_end *end, struct err *err)
{
    const struct exported *x = find_export(in->m, func);
    wasmtime_val_raw_t raw[1] = {0};
    wasmtime_extern_t item;
    wasm_trap_t *trap = NULL;

    if (!x || x->params != (arg != NULL))
        return err_set(err, ERR_INVALID, "it exports no function '%s' with %s", func,
                       arg ? "one i32 parameter" : "no parameters");
    if (!wasmtime_instance_export_get(in->ctx, &in->instance, func, strlen(func), &item))
        return err_set(err, ERR_INTERNAL, "export '%s' is gone", func);
    if (arg)
        raw[0].i32 = *arg;
    wasmtime_error_t *error = wasmtime_func_call_unchecked(in->ctx, &item.of.func, raw, 1, &trap);
    end->value = x->results ? raw[0].i32 : 0;
    return settle(in, error, trap, end, err);
}

const struct wow_engine wow_engine = {
    .name = "wasmtime",
    .version = WASMTIME_VERSION,
    .load_maps_code = true,
    .has_baseline = true,
    .open = wt_open,
    .load = wt_load,
    .unload = wt_unload,
    .exports = wt_exports,
    .spawn = wt_spawn,
    .drop = wt_drop,
    .call = wt_call,
    .span = wt_span,
};
