/*
 * An engine that its guests have broken out of: what the arguments say, {"attack": TEXT}, is done
 * by the worker process itself, when the guest is called (attack.h), and what the module carries
 * in its custom section "attack.compile" by the compiling process. The answer is
 * {"Ok": {"results": […]}}; a compiler's is the error that it fails with. For tests of all that
 * stands around an engine.
 */
#include "wow/engine.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"
#include "base/scan.h"
#include "engine/reader.h"
#include "engine/sections.h"
#include "host/wasi_priv.h"
#include "wire/slot.h"

#define MEMORY (16u << 20)
#define HEAD_SIZE 8192u /* of the shared memory, before the first slot's arguments */
#define SLOT_SIZE ((size_t)WIRE_INPUT_MAX + WIRE_OUTPUT_MAX + WIRE_LOG_MAX)
#define MAP_SIZE (HEAD_SIZE + WIRE_SLOTS * SLOT_SIZE)

struct wow_runtime {
    int unused;
};

struct wow_module {
    uint8_t *bytes;
    size_t size;
    struct sections *sections;
};

struct wow_instance {
    struct wow_module *m;
    const struct wasi *wasi;
    uint8_t *memory;
    uint32_t size; /* of the buffer, at 0 */
};

/* The content of a custom section; NULL when there is none of that name. */
static const char *custom(struct wow_bytes wasm, const char *name, size_t *n)
{
    struct reader r;
    struct reader_section s;
    struct err err;

    if (reader_begin(wasm, &r, &err) < 0)
        return NULL;
    while (reader_next(&r, &s)) {
        uint32_t size = s.id == SECTION_CUSTOM ? reader_u32(&s.body) : 0;
        const uint8_t *at = size ? reader_skip(&s.body, size) : NULL;
        if (at && size == strlen(name) && memcmp(at, name, size) == 0) {
            *n = (size_t)(s.body.end - s.body.at);
            return (const char *)s.body.at;
        }
    }
    return NULL;
}

static int hostile_open_compiler(enum wow_tier tier, struct wow_runtime **out, struct err *err)
{
    (void)tier;
    *out = calloc(1, sizeof **out);
    return *out ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

static int hostile_compile(struct wow_runtime *rt, struct wow_bytes wasm, int out, struct err *err)
{
    const struct attack_target nothing = {0};
    size_t n;
    const char *attack = custom(wasm, "attack.compile", &n);
    AUTO(buf) struct buf results;

    (void)rt;
    buf_init(&results, 1u << 20);
    if (attack) {
        attack_run(attack, n, &nothing, &results);
        return err_set(err, ERR_INVALID, "%s", results.data);
    }
    if (write(out, wasm.data, wasm.size) != (ssize_t)wasm.size)
        return err_errno(err, ERR_INTERNAL, "writing code");
    return 0;
}

static int hostile_open(const struct wow_imports *host, struct wow_runtime **out, struct err *err)
{
    (void)host;
    return hostile_open_compiler(WOW_OPTIMISED, out, err);
}

static void hostile_unload(struct wow_module *m)
{
    sections_free(m->sections);
    free(m->bytes);
    free(m);
}

static int hostile_load(struct wow_runtime *rt, const struct wow_code *code,
                        struct wow_module **out, struct err *err)
{
    struct wow_module *m = calloc(1, sizeof *m);

    (void)rt;
    if (!m || !(m->bytes = malloc(code->size)) ||
        pread(code->fd, m->bytes, code->size, 0) != (ssize_t)code->size)
        return err_set(err, ERR_INTERNAL, "reading code");
    m->size = code->size;
    int r = sections_read((struct wow_bytes){m->bytes, m->size}, &m->sections, err);
    if (r < 0) {
        hostile_unload(m);
        return r;
    }
    *out = m;
    return 0;
}

static bool hostile_exports(const struct wow_module *m, const char *func)
{
    return sections_exports_func(m->sections, func);
}

static int hostile_spawn(struct wow_module *m, const struct wow_limits *lim, void *guest,
                         struct wow_instance **out, struct wow_end *end, struct err *err)
{
    struct wow_instance *in = calloc(1, sizeof *in);

    (void)lim;
    (void)end;
    if (!in || !(in->memory = calloc(1, MEMORY)))
        return err_set(err, ERR_INTERNAL, "out of memory");
    in->m = m;
    in->wasi = guest;
    *out = in;
    return 0;
}

static void hostile_drop(struct wow_instance *in)
{
    free(in->memory);
    free(in);
}

/* The first slot's arguments are where the shared memory begins, but for its head. */
static void attack(struct wow_instance *in)
{
    const struct attack_target target = {.map = (uint8_t *)in->wasi->setup.in.data - HEAD_SIZE,
                                         .map_size = MAP_SIZE};
    const struct wow_bytes args = in->wasi->setup.in;
    struct scan_text all, key, value;
    AUTO(buf) struct buf text, out;
    struct err err;

    buf_init(&text, MEMORY);
    buf_init(&out, MEMORY);
    if (scan_whole((const char *)args.data, args.size, &all, &err) == 0 &&
        all.type == SCAN_OBJECT) {
        struct scan_walk w = scan_members(&all);
        while (scan_next(&w, &key, &value))
            if (scan_equals(&key, "attack") && value.type == SCAN_STRING)
                scan_unescape(&value, &text, &err);
    }
    buf_text(&out, "{\"Ok\":{\"results\":");
    attack_run(text.data ? text.data : "", text.size, &target, &out);
    buf_text(&out, "}}");
    memcpy(in->memory, out.data, out.size);
    in->size = (uint32_t)out.size;
}

static int hostile_call(struct wow_instance *in, const char *func, const int32_t *arg,
                        struct wow_end *end, struct err *err)
{
    (void)err;
    end->kind = WOW_END_RETURN;
    if (strstr(func, "buffer_len"))
        end->value = (int32_t)in->size;
    else if (!arg && !strstr(func, "buffer_pointer"))
        attack(in);
    return 0;
}

static uint8_t *hostile_span(struct wow_instance *in, uint32_t at, uint32_t n)
{
    return n <= MEMORY && at <= MEMORY - n ? in->memory + at : NULL;
}

const struct wow_engine wow_engine = {
    .name = "hostile",
    .version = "1",
    .load_maps_code = true, /* as the real ones */
    .open_compiler = hostile_open_compiler,
    .compile = hostile_compile,
    .open = hostile_open,
    .load = hostile_load,
    .unload = hostile_unload,
    .exports = hostile_exports,
    .spawn = hostile_spawn,
    .drop = hostile_drop,
    .call = hostile_call,
    .span = hostile_span,
};
