/*
 * An engine that runs no wasm: what its guests do follows from the names they export. For tests
 * of everything that is not an engine, and of error paths: WOW_WORKER_FAKE_FAIL=spawn:3
 * in the environment makes the third call of spawn fail (or of open, load, call).
 *
 * A module that exports "fake.trap" traps when called, "fake.loop" never ends, "fake.crash" kills
 * its worker, "fake.wild" answers with an offset outside its memory, "fake.exit" ends itself by
 * proc_exit; any other answers {"Ok": its arguments}.
 */
#include "wow/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/sections.h"

#define MEMORY (16u << 20)
#define PREFIX "{\"Ok\":"

struct wow_runtime {
    const struct wow_import *imports;
    int calls; /* of the function that FAKE_FAIL names */
};

struct wow_module {
    struct wow_runtime *rt;
    uint8_t *bytes;
    struct sections *sections;
};

struct wow_instance {
    struct wow_module *m;
    void *guest;
    uint8_t *memory;
    uint32_t at, size; /* the buffer */
};

/* Does the environment ask this call to fail? */
static bool fails(struct wow_runtime *rt, const char *what)
{
    const char *plan = getenv("WOW_WORKER_FAKE_FAIL");
    size_t n = strlen(what);

    return plan && strncmp(plan, what, n) == 0 && plan[n] == ':' &&
           ++rt->calls == (int)strtol(plan + n + 1, NULL, 10);
}

static int fake_open_compiler(enum wow_tier tier, struct wow_runtime **out, struct err *err)
{
    (void)tier;
    *out = calloc(1, sizeof **out);
    return *out ? 0 : err_set(err, ERR_INTERNAL, "out of memory");
}

static int fake_compile(struct wow_runtime *rt, struct wow_bytes wasm, int out_fd, struct err *err)
{
    (void)rt;
    if (write(out_fd, wasm.data, wasm.size) != (ssize_t)wasm.size)
        return err_errno(err, ERR_INTERNAL, "writing code");
    return 0;
}

static int fake_open(const struct wow_imports *host, struct wow_runtime **out, struct err *err)
{
    int r = fake_open_compiler(WOW_OPTIMISED, out, err);

    if (r == 0 && fails(*out, "open"))
        return err_set(err, ERR_INTERNAL, "failing as told");
    if (r == 0)
        (*out)->imports = host->table;
    return r;
}

static void fake_unload(struct wow_module *m)
{
    sections_free(m->sections);
    free(m->bytes);
    free(m);
}

static int fake_load(struct wow_runtime *rt, const struct wow_code *code, struct wow_module **out,
                     struct err *err)
{
    struct wow_module *m = calloc(1, sizeof *m);

    if (fails(rt, "load") || !m || !(m->bytes = malloc(code->size)))
        return err_set(err, ERR_INTERNAL, "failing as told");
    m->rt = rt;
    struct wow_bytes wasm = {m->bytes, code->size};
    if (pread(code->fd, m->bytes, wasm.size, 0) != (ssize_t)code->size)
        return err_errno(err, ERR_INTERNAL, "reading code");
    int r = sections_read(wasm, &m->sections, err);
    if (r < 0) {
        fake_unload(m);
        return r;
    }
    *out = m;
    return 0;
}

static bool fake_exports(const struct wow_module *m, const char *func)
{
    return sections_exports_func(m->sections, func);
}

static int fake_spawn(struct wow_module *m, const struct wow_limits *lim, void *guest,
                      struct wow_instance **out, struct wow_end *end, struct err *err)
{
    *out = NULL;
    if (fails(m->rt, "spawn"))
        return err_set(err, ERR_INTERNAL, "failing as told");
    if (lim->memory < MEMORY) {
        end->kind = WOW_END_MEMORY;
        return 0;
    }
    struct wow_instance *in = calloc(1, sizeof *in);
    if (!in || !(in->memory = calloc(1, MEMORY)))
        abort();
    in->m = m;
    in->guest = guest;
    *out = in;
    return 0;
}

static void fake_drop(struct wow_instance *in)
{
    free(in->memory);
    free(in);
}

static int exit_guest(struct wow_instance *in, struct wow_end *end)
{
    uint64_t v[WOW_HOST_PARAMS_MAX] = {3};
    const struct wow_import *i = in->m->rt->imports;

    while (strcmp(i->name, "proc_exit") != 0)
        i++;
    end->kind = i->fn(in->guest, in, v) == WOW_STOP ? WOW_END_STOP : WOW_END_RETURN;
    return 0;
}

static int fake_start(struct wow_instance *in, struct wow_end *end)
{
    const struct wow_module *m = in->m;
    size_t prefix = strlen(PREFIX);

    if (fake_exports(m, "fake.trap")) {
        end->kind = WOW_END_TRAP;
        snprintf(end->text, sizeof end->text, "unreachable");
        return 0;
    }
    while (fake_exports(m, "fake.loop"))
        ;
    if (fake_exports(m, "fake.crash"))
        abort();
    if (fake_exports(m, "fake.exit"))
        return exit_guest(in, end);
    if (fake_exports(m, "fake.wild"))
        in->at = MEMORY - 1;
    else if (in->size + prefix + 1 <= MEMORY) {
        memmove(in->memory + prefix, in->memory, in->size);
        memcpy(in->memory, PREFIX, prefix);
        in->size += (uint32_t)prefix;
        in->memory[in->size++] = '}';
    }
    return 0;
}

static int fake_call(struct wow_instance *in, const char *func, const int32_t *arg,
                     struct wow_end *end, struct err *err)
{
    end->kind = WOW_END_RETURN;
    if (fails(in->m->rt, "call"))
        return err_set(err, ERR_INTERNAL, "failing as told");
    if (arg)
        in->size = (uint32_t)*arg;
    else if (strstr(func, "buffer_pointer"))
        end->value = (int32_t)in->at;
    else if (strstr(func, "buffer_len"))
        end->value = (int32_t)in->size;
    else
        return fake_start(in, end);
    return 0;
}

static uint8_t *fake_span(struct wow_instance *in, uint32_t at, uint32_t n)
{
    return n <= MEMORY && at <= MEMORY - n ? in->memory + at : NULL;
}

const struct wow_engine wow_engine = {
    .name = "fake",
    .version = "1",
    .has_baseline = true,
    .open_compiler = fake_open_compiler,
    .compile = fake_compile,
    .open = fake_open,
    .load = fake_load,
    .unload = fake_unload,
    .exports = fake_exports,
    .spawn = fake_spawn,
    .drop = fake_drop,
    .call = fake_call,
    .span = fake_span,
};
