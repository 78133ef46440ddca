/*
 * WAMR, the half that runs guests: machine code of LLVM's, or the fast interpreter on the wasm
 * itself. Their memory comes from reserve.c. Nothing here stops a guest: whoever runs too long is
 * killed with its process.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <wasm_export.h>

#include "common.h"

#define PAGE 65536u
#define INTERPRETER_STACK (512u << 10) /* of operands and frames; machine code uses the process's */
#define MACHINE_STACK 4096u
#define HEAP_KEPT (64 << 20) /* freed memory that malloc keeps, instead of unmapping it */

struct wow_runtime {
    NativeSymbol *symbols; /* one for each import; the library keeps pointers to them */
    char (*signatures)[WOW_HOST_PARAMS_MAX + 4];
    struct InstantiationArgs2 *args;
};

/* An exported function that call can call: at most one i32 in, at most one i32 out. */
struct exported {
    char *name;
    uint8_t params, results;
};

struct wow_module {
    struct wow_runtime *rt;
    void *bytes; /* the library writes into them and points there */
    size_t size;
    wasm_module_t module;
    struct exported *exports;
    size_t exportc;
    uint64_t memory_min; /* bytes; of the exported memory */
    uint32_t stack;
};

struct wow_instance {
    struct wow_module *m;
    void *guest;
    wasm_module_inst_t inst; /* while spawn runs the start section: known from the first call */
    wasm_exec_env_t env;
    bool stopped; /* a host function said WOW_STOP */
};

static uint8_t *wr_span(struct wow_instance *in, uint32_t at, uint32_t n)
{
    wasm_memory_inst_t memory = in->inst ? wasm_runtime_get_default_memory(in->inst) : NULL;

    if (!memory)
        return NULL;
    uint64_t size = wasm_memory_get_cur_page_count(memory) * wasm_memory_get_bytes_per_page(memory);
    if (n > size || at > size - n)
        return NULL;
    return (uint8_t *)wasm_memory_get_base_address(memory) + at;
}

/* From the library's call to the table's: values narrow or widen to 64 bits each. */
static void host_call(wasm_exec_env_t env, uint64_t *args)
{
    const struct wow_import *import = wasm_runtime_get_function_attachment(env);
    wasm_module_inst_t inst = wasm_runtime_get_module_inst(env);
    struct wow_instance *in = wasm_runtime_get_custom_data(inst);
    uint64_t v[WOW_HOST_PARAMS_MAX] = {0};
    const char *type = import->type;

    for (size_t i = 0; type[i] != ':'; i++)
        v[i] = type[i] == 'I' || type[i] == 'F' ? args[i] : (uint32_t)args[i];
    in->inst = inst;
    if (import->fn(in->guest, in, v) == WOW_STOP) {
        in->stopped = true;
        wasm_runtime_set_exception(inst, "stop"); /* ends the call, as a trap does */
        return;
    }
    const char *result = strchr(type, ':') + 1;
    if (*result)
        args[0] = *result == 'I' || *result == 'F' ? v[0] : (uint32_t)v[0];
}

/* "iiI:i" is "(iiI)i" in the library's letters. */
static void sign(const char *type, char *out)
{
    static const char ours[] = "iIfF", theirs[] = "iIfF";

    *out++ = '(';
    for (; *type; type++) {
        const char *letter = strchr(ours, *type);
        *out++ = *type == ':' ? ')' : theirs[letter - ours];
    }
    *out = '\0';
}

static int define_host(struct wow_runtime *rt, const struct wow_imports *host, struct err *err)
{
    size_t n = 0;

    while (host->table[n].name)
        n++;
    rt->symbols = calloc(n + 1, sizeof *rt->symbols);
    rt->signatures = calloc(n + 1, sizeof *rt->signatures);
    if (!rt->symbols || !rt->signatures)
        return err_set(err, ERR_INTERNAL, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const struct wow_import *import = &host->table[i];
        sign(import->type, rt->signatures[i]);
        rt->symbols[i] = (NativeSymbol){.symbol = import->name,
                                        .func_ptr = (void *)host_call,
                                        .signature = rt->signatures[i],
                                        .attachment = (void *)import};
        if (!wasm_runtime_register_natives_raw(import->module, &rt->symbols[i], 1))
            return err_set(err, ERR_INTERNAL, "WAMR does not take '%s'", import->name);
    }
    return 0;
}

static int wr_open(const struct wow_imports *host, struct wow_runtime **out, struct err *err)
{
    struct wow_runtime *rt = calloc(1, sizeof *rt);

    if (!rt)
        return err_set(err, ERR_INTERNAL, "out of memory");
    mallopt(M_MMAP_THRESHOLD, HEAP_KEPT); /* instances are made and freed all the time */
    mallopt(M_TRIM_THRESHOLD, HEAP_KEPT);
    int r = common_start(err);
    if (r == 0 && !wasm_runtime_instantiation_args_create(&rt->args))
        r = err_set(err, ERR_INTERNAL, "out of memory");
    if (r == 0)
        r = define_host(rt, host, err);
    if (r < 0)
        return r; /* the process ends */
    wasm_runtime_set_log_level(WASM_LOG_LEVEL_FATAL);
    wasm_runtime_instantiation_args_set_host_managed_heap_size(rt->args, 0);
    *out = rt;
    return 0;
}

static bool is_i32s(wasm_func_type_t type, uint32_t n,
                    wasm_valkind_t (*kind)(const wasm_func_type_t type, uint32_t i))
{
    return n == 0 || (n == 1 && kind(type, 0) == WASM_I32);
}

/*
 * How much it has to begin with. A memory that cannot grow has one large page, whose size the
 * library does not tell: its struct WASMMemory, in core/iwasm/interpreter/wasm.h, begins like this.
 */
static uint64_t memory_size(wasm_memory_type_t type)
{
    const struct {
        uint32_t flags, page_size, pages;
    } *memory = (const void *)type;

    return (uint64_t)memory->page_size * memory->pages;
}

static void add_export(struct wow_module *m, const wasm_export_t *e)
{
    if (e->kind == WASM_IMPORT_EXPORT_KIND_MEMORY)
        m->memory_min = memory_size(e->u.memory_type);
    if (e->kind != WASM_IMPORT_EXPORT_KIND_FUNC)
        return;
    uint32_t params = wasm_func_type_get_param_count(e->u.func_type);
    uint32_t results = wasm_func_type_get_result_count(e->u.func_type);
    if (!is_i32s(e->u.func_type, params, wasm_func_type_get_param_valkind) ||
        !is_i32s(e->u.func_type, results, wasm_func_type_get_result_valkind))
        return;
    struct exported *x = &m->exports[m->exportc];
    x->name = strdup(e->name);
    x->params = (uint8_t)params;
    x->results = (uint8_t)results;
    m->exportc += x->name != NULL;
}

static int read_exports(struct wow_module *m, struct err *err)
{
    int32_t n = wasm_runtime_get_export_count(m->module);
    wasm_export_t e;

    m->exports = calloc((size_t)n + 1, sizeof *m->exports);
    if (!m->exports)
        return err_set(err, ERR_INTERNAL, "out of memory");
    for (int32_t i = 0; i < n; i++) {
        wasm_runtime_get_export_type(m->module, i, &e);
        add_export(m, &e);
    }
    return 0;
}

static void wr_unload(struct wow_module *m)
{
    for (size_t i = 0; i < m->exportc; i++)
        free(m->exports[i].name);
    free(m->exports);
    if (m->module)
        wasm_runtime_unload(m->module);
    if (m->bytes != MAP_FAILED)
        munmap(m->bytes, m->size);
    free(m);
}

static int wr_load(struct wow_runtime *rt, const struct wow_code *code, struct wow_module **out,
                   struct err *err)
{
    struct wow_module *m = calloc(1, sizeof *m);
    char text[WAMR_ERROR_MAX] = "";
    int r = 0;

    if (!m)
        return err_set(err, ERR_INTERNAL, "out of memory");
    m->rt = rt;
    m->size = code->size;
    m->stack = code->tier == WOW_BASELINE ? INTERPRETER_STACK : MACHINE_STACK;
    m->bytes = mmap(NULL, m->size, PROT_READ | PROT_WRITE, MAP_PRIVATE, code->fd, 0);
    if (m->bytes == MAP_FAILED)
        r = err_errno(err, ERR_INTERNAL, "mapping code");
    else if (wasm_runtime_get_file_package_type(m->bytes, (uint32_t)m->size) !=
             (code->tier == WOW_BASELINE ? Wasm_Module_Bytecode : Wasm_Module_AoT))
        r = err_set(err, ERR_INTERNAL, "not WAMR's code");
    else if (!(m->module = wasm_runtime_load(m->bytes, (uint32_t)m->size, text, sizeof text)))
        r = err_set(err, ERR_INTERNAL, "%s", text);
    else
        r = read_exports(m, err);
    if (r < 0) {
        wr_unload(m);
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

static bool wr_exports(const struct wow_module *m, const char *func)
{
    return find_export(m, func) != NULL;
}

/* The library's words for a trap, and everyone's. */
static void describe_trap(struct wow_end *end, const char *text)
{
    static const struct {
        const char *theirs, *ours;
    } texts[] = {
        {"native stack overflow", "call stack exhausted"},
        {"wasm operand stack overflow", "call stack exhausted"},
        {"undefined element", "out of bounds table access"},
    };
    static const char *const prefixes[] = {"instantiate failed: ", "Exception: "};

    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        const char *at = strstr(text, prefixes[i]);
        text = at ? at + strlen(prefixes[i]) : text;
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(text, texts[i].theirs) == 0)
            text = texts[i].ours;
    snprintf(end->text, sizeof end->text, "%s", text);
}

/* What became of a call that did not return, by the text it left. */
static void settle(const struct wow_instance *in, const char *text, struct wow_end *end)
{
    end->kind = in->stopped ? WOW_END_STOP : WOW_END_TRAP;
    if (!in->stopped)
        describe_trap(end, text ? text : "trap without a text");
}

static void wr_drop(struct wow_instance *in)
{
    if (in->env)
        wasm_runtime_destroy_exec_env(in->env);
    if (in->inst)
        wasm_runtime_deinstantiate(in->inst);
    free(in);
}

static int wr_spawn(struct wow_module *m, const struct wow_limits *lim, void *guest,
                    struct wow_instance **out, struct wow_end *end, struct err *err)
{
    struct InstantiationArgs2 *args = m->rt->args;
    char text[WAMR_ERROR_MAX] = "";

    *out = NULL;
    if (m->memory_min > lim->memory) {
        end->kind = WOW_END_MEMORY;
        return 0;
    }
    struct wow_instance *in = calloc(1, sizeof *in);
    if (!in)
        return err_set(err, ERR_INTERNAL, "out of memory");
    in->m = m;
    in->guest = guest;
    wasm_runtime_instantiation_args_set_default_stack_size(args, m->stack);
    wasm_runtime_instantiation_args_set_max_memory_pages(args, (uint32_t)(lim->memory / PAGE));
    wasm_runtime_instantiation_args_set_custom_data(args, in);
    wasm_module_inst_t inst = wasm_runtime_instantiate_ex2(m->module, args, text, sizeof text);
    if (!inst) {
        in->inst = NULL; /* a start section may have set it */
        settle(in, text, end);
        wr_drop(in);
        return 0;
    }
    in->inst = inst;
    in->env = wasm_runtime_create_exec_env(inst, m->stack);
    if (!in->env) {
        wr_drop(in);
        return err_set(err, ERR_INTERNAL, "out of memory");
    }
    *out = in;
    return 0;
}

static int wr_call(struct wow_instance *in, const char *func, const int32_t *arg,
                   struct wow_end *end, struct err *err)
{
    const struct exported *x = find_export(in->m, func);
    uint32_t argv[2] = {arg ? (uint32_t)*arg : 0};

    if (!x || x->params != (arg != NULL))
        return err_set(err, ERR_INVALID, "it exports no function '%s' with %s", func,
                       arg ? "one i32 parameter" : "no parameters");
    wasm_function_inst_t f = wasm_runtime_lookup_function(in->inst, func);
    if (!f)
        return err_set(err, ERR_INTERNAL, "export '%s' is gone", func);
    if (!wasm_runtime_call_wasm(in->env, f, x->params, argv)) {
        settle(in, wasm_runtime_get_exception(in->inst), end);
        wasm_runtime_clear_exception(in->inst);
        return 0;
    }
    end->kind = WOW_END_RETURN;
    end->value = x->results ? (int32_t)argv[0] : 0;
    return 0;
}

const struct wow_engine wow_engine = {
    .name = "wamr",
    .version = WAMR_VERSION,
    .load_maps_code = true,
    .has_baseline = true,
    .open = wr_open,
    .load = wr_load,
    .unload = wr_unload,
    .exports = wr_exports,
    .spawn = wr_spawn,
    .drop = wr_drop,
    .call = wr_call,
    .span = wr_span,
};
