/*
 * Wasmer, the half that runs guests. What it takes of Wasmer is in capi: the memory of the last
 * instance is kept and cleared for the next, and so are the host functions of each module. Nothing
 * here stops a guest: whoever runs too long is killed with its process.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <wow_wasmer.h>

#define TEXT_SIZE 200 /* of what Wasmer says */

struct wow_runtime {
    const struct wow_imports *host;
};

struct wow_module {
    struct wow_wasmer_module *module;
    void *code; /* the mapped file, of which Wasmer reads the data sections for each instance */
    size_t size;
};

struct wow_instance {
    struct wow_module *m;
    void *guest;
    struct wow_wasmer_instance *instance;
    const struct wow_wasmer_memory *memory; /* NULL: it has none */
};

static uint8_t *wr_span(struct wow_instance *in, uint32_t at, uint32_t n)
{
    if (!in->memory || n > in->memory->size || at > in->memory->size - n)
        return NULL;
    return in->memory->base + at;
}

static bool is_wide(char letter) { return letter == 'I' || letter == 'F'; }

/* From the engine's call to the table's: values narrow or widen to 64 bits each. */
static int host_call(const struct wow_import *import, void *guest, struct wow_wasmer_value *value)
{
    struct wow_instance *in = guest;
    uint64_t v[WOW_HOST_PARAMS_MAX] = {0};
    const char *type = import->type;

    for (; *type != ':'; type++) {
        size_t i = (size_t)(type - import->type);
        v[i] = is_wide(*type) ? value[i].word[0] : (uint32_t)value[i].word[0];
    }
    if (import->fn(in->guest, in, v) == WOW_STOP)
        return 1;
    if (type[1])
        value[0].word[0] = is_wide(type[1]) ? v[0] : (uint32_t)v[0];
    return 0;
}

static int wr_open(const struct wow_imports *host, struct wow_runtime **out, struct err *err)
{
    struct wow_runtime *rt = calloc(1, sizeof *rt);

    if (!rt)
        return err_set(err, ERR_INTERNAL, "out of memory");
    rt->host = host;
    wow_wasmer_init();
    *out = rt;
    return 0;
}

static void wr_unload(struct wow_module *m)
{
    if (m->module)
        wow_wasmer_unload(m->module);
    if (m->code)
        munmap(m->code, m->size);
    free(m);
}

static int map_code(struct wow_module *m, const struct wow_code *code, struct err *err)
{
    void *at = mmap(NULL, code->size, PROT_READ, MAP_PRIVATE, code->fd, 0);

    if (at == MAP_FAILED)
        return err_errno(err, ERR_INTERNAL, "mapping machine code");
    m->code = at;
    m->size = code->size;
    return 0;
}

static int wr_load(struct wow_runtime *rt, const struct wow_code *code, struct wow_module **out,
                   struct err *err)
{
    struct wow_module *m = calloc(1, sizeof *m);
    char text[TEXT_SIZE];

    if (!m)
        return err_set(err, ERR_INTERNAL, "out of memory");
    int r = map_code(m, code, err);
    if (r == 0) {
        m->module =
            wow_wasmer_load(m->code, m->size, rt->host->table, host_call, text, sizeof text);
        r = m->module ? 0 : err_set(err, ERR_INTERNAL, "%s", text);
    }
    if (r < 0) {
        wr_unload(m);
        return r;
    }
    *out = m;
    return 0;
}

static bool wr_exports(const struct wow_module *m, const char *func)
{
    struct wow_wasmer_export e;

    return wow_wasmer_export(m->module, func, &e);
}

static void describe_trap(struct wow_end *end, int code)
{
    static const char *const texts[] = {
        "call stack exhausted",
        "out of bounds memory access",
        "misaligned memory access",
        "out of bounds table access",
        "uninitialized element",
        "indirect call type mismatch",
        "integer overflow",
        "integer divide by zero",
        "invalid conversion to integer",
        "unreachable",
    };

    end->kind = WOW_END_TRAP;
    if ((size_t)code < sizeof texts / sizeof *texts)
        snprintf(end->text, sizeof end->text, "%s", texts[code]);
    else
        snprintf(end->text, sizeof end->text, "trap number %d", code);
}

/* What became of a call: 0 and *end filled, or an error of ours. */
static int settle(int how, const char *text, struct wow_end *end, struct err *err)
{
    if (how == WOW_WASMER_FAILED)
        return err_set(err, ERR_INTERNAL, "%s", text);
    if (how >= 0)
        describe_trap(end, how);
    else
        end->kind = how == WOW_WASMER_STOPPED ? WOW_END_STOP : WOW_END_RETURN;
    return 0;
}

static void wr_drop(struct wow_instance *in)
{
    if (in->instance)
        wow_wasmer_drop(in->instance);
    free(in);
}

static int wr_spawn(struct wow_module *m, const struct wow_limits *lim, void *guest,
                    struct wow_instance **out, struct wow_end *end, struct err *err)
{
    char text[TEXT_SIZE];

    *out = NULL;
    if (wow_wasmer_memory_min(m->module) > lim->memory) {
        end->kind = WOW_END_MEMORY;
        return 0;
    }
    struct wow_instance *in = calloc(1, sizeof *in);
    if (!in)
        return err_set(err, ERR_INTERNAL, "out of memory");
    in->m = m;
    in->guest = guest;
    int how =
        wow_wasmer_spawn(m->module, lim->memory, in, &in->memory, &in->instance, text, sizeof text);
    if (how != WOW_WASMER_RETURNED) {
        wr_drop(in);
        return settle(how, text, end, err);
    }
    *out = in;
    return 0;
}

static int wr_call(struct wow_instance *in, const char *func, const int32_t *arg,
                   struct wow_end *end, struct err *err)
{
    struct wow_wasmer_value v = {0};
    struct wow_wasmer_export e;
    char text[TEXT_SIZE];

    if (!wow_wasmer_export(in->m->module, func, &e) || e.params != (arg != NULL))
        return err_set(err, ERR_INVALID, "it exports no function '%s' with %s", func,
                       arg ? "one i32 parameter" : "no parameters");
    if (arg)
        v.word[0] = (uint32_t)*arg;
    int how = wow_wasmer_call(in->instance, e.index, &v, text, sizeof text);
    end->value = e.results ? (int32_t)v.word[0] : 0;
    return settle(how, text, end, err);
}

const struct wow_engine wow_engine = {
    .name = "wasmer",
    .version = WOW_WASMER_VERSION,
    .load_maps_code = true,
    .open = wr_open,
    .load = wr_load,
    .unload = wr_unload,
    .exports = wr_exports,
    .spawn = wr_spawn,
    .drop = wr_drop,
    .call = wr_call,
    .span = wr_span,
};
