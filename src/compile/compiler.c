#include "compile/compiler.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/sha256.h"
#include "compile/artifact.h"
#include "compile/unpack.h"
#include "engine/sections.h"
#include "engine/tier.h"
#include "host/guest.h"
#include "worker/sandbox.h"

DEFINE_AUTO(sections, struct sections *, sections_free)

static void say(char what, const char *text)
{
    char line[512];
    int n = snprintf(line, sizeof line, "%c%.500s", what, text);
    ssize_t sent = write(COMPILER_TALK, line, (size_t)n);
    (void)sent; /* if wowd is gone, so are we */
}

/* Can wow run this module at all? What the engine says of its code comes later. */
static int inspect(struct wow_bytes wasm, const char *entry, struct err *err)
{
    AUTO(sections) struct sections *s = NULL;

    int r = sections_read(wasm, &s, err);
    if (r == 0)
        r = sections_check_imports(s, wasi_imports, err);
    if (r < 0)
        return r;
    if (guest_shape(sections_exports_func, s, entry, err) == GUEST_NONE)
        return -(int)err->kind;
    if (!sections_exports_memory(s, "memory"))
        return err_set(err, ERR_INVALID, "the module exports no memory named 'memory'");
    return 0;
}

static int read_upload(const char **code, size_t *n, struct err *err)
{
    struct stat st;

    if (fstat(COMPILER_CODE, &st) < 0 || st.st_size > (off_t)COMPILER_CODE_MAX)
        return err_set(err, ERR_TOO_LARGE, "the code has more than %u bytes", COMPILER_CODE_MAX);
    *n = (size_t)st.st_size;
    void *at = *n ? mmap(NULL, *n, PROT_READ, MAP_PRIVATE, COMPILER_CODE, 0) : MAP_FAILED;
    if (at == MAP_FAILED)
        return err_set(err, ERR_INVALID, "there is no code");
    *code = at;
    return 0;
}

/* Tell wowd the name of what was sent; false when it does not want it made. */
static bool is_wanted(const struct buf *sent, const char *engine)
{
    char line[SHA256_HEX + sizeof((struct manifest *)0)->engine + 2], key[SHA256_HEX], answer;

    sha256_hex(sent->data, sent->size, key);
    snprintf(line, sizeof line, "%s %s", key, engine[0] ? engine : "-");
    say('K', line);
    return read(COMPILER_TALK, &answer, 1) == 1 && answer == 'c';
}

/* What is wrong is the module, unless it is us. */
static int unusable(struct err *err)
{
    if (err->kind != ERR_INTERNAL)
        err->kind = ERR_UNUSABLE;
    return -(int)err->kind;
}

/* Make machine code of a module that wow can run. */
static int make(const struct compiler_order *order, struct wow_bytes wasm, struct err *err)
{
    struct wow_runtime *rt;

    int r = wow_engine.open_compiler(order->tier, &rt, err);
    if (r == 0)
        r = wow_engine.compile(rt, wasm, COMPILER_OUT, err);
    if (r == 0 && order->tier == WOW_OPTIMISED && fsync(COMPILER_OUT) < 0 && errno != EINVAL)
        r = err_errno(err, ERR_INTERNAL, "keeping machine code");
    if (r == -ERR_INVALID && order->tier == WOW_BASELINE)
        say('N', err->msg);
    return r < 0 ? unusable(err) : 0;
}

/* What was sent is machine code: take it as it is, if it fits here. */
static int take_made(const struct compiler_order *order, const struct buf *sent,
                     const struct artifact *a, const char *family, struct err *err)
{
    if (!order->trusts)
        return err_set(err, ERR_UNUSABLE,
                       "precompiled code is not accepted here: send the wasm module");
    if (!artifact_fits(a, family, NULL))
        return err_set(err, ERR_UNUSABLE,
                       "the precompiled code was made for something else than %s", family);
    if (!is_wanted(sent, wow_engine.name))
        return 0;
    if (order->tier == WOW_BASELINE) {
        say('N', "machine code has no baseline");
        return err_set(err, ERR_UNUSABLE, "machine code has no baseline");
    }
    if (write(COMPILER_OUT, sent->data, a->size) != (ssize_t)a->size)
        return err_errno(err, ERR_INTERNAL, "writing machine code");
    say('D', "");
    return 0;
}

static int compile_sent(const struct compiler_order *order, const struct buf *sent, struct err *err)
{
    AUTO(buf) struct buf wasm;
    struct manifest manifest;

    buf_init(&wasm, COMPILER_WASM_MAX);
    int r = unpack(sent, &wasm, &manifest, err);
    if (r < 0)
        return unusable(err);
    struct wow_bytes bytes = {(const uint8_t *)wasm.data, wasm.size};
    if (inspect(bytes, order->entry, err) < 0)
        return unusable(err);
    if (!is_wanted(&wasm, manifest.engine))
        return 0;
    r = make(order, bytes, err);
    if (r == 0)
        say('D', "");
    return r;
}

static int work(const struct compiler_order *order, const char *family, struct err *err)
{
    AUTO(buf) struct buf sent;
    const char *code = NULL;
    struct artifact a;
    size_t n = 0;

    buf_init(&sent, COMPILER_CODE_MAX);
    int r = read_upload(&code, &n, err);
    if (r == 0)
        r = base64_decode(code, n, &sent, err);
    if (r < 0)
        return err_wrap(err, "the code");
    return artifact_read(sent.data, sent.size, &a) ? take_made(order, &sent, &a, family, err)
                                                   : compile_sent(order, &sent, err);
}

int compiler_read_order(int argc, char **argv, struct compiler_order *out)
{
    char *end = NULL;

    if (argc < 5 || argc > 6 || tier_of(argv[3], &out->tier) < 0)
        return -1;
    out->user = argv[1];
    out->entry = argv[2];
    out->memory_mb = (unsigned)strtoul(argv[4], &end, 10);
    out->trusts = argc == 6;
    return *end == '\0' && out->memory_mb > 0 ? 0 : -1;
}

int compiler_run(const struct compiler_order *order)
{
    struct sandbox_limits limits = {
        .cpu_s = COMPILER_CPU_S, .memory = COMPILER_MEMORY, .file_size = COMPILER_OUT_MAX};
    char family[ARTIFACT_FAMILY_MAX] = "";
    struct err err;

    if (order->trusts)
        artifact_family(wow_engine.name, wow_engine.version, order->memory_mb, family);
    int r = sandbox_compiler(order->user, &limits, &err);
    if (r < 0) {
        say('F', err.msg);
        return 2;
    }
    r = work(order, family, &err);
    if (r < 0)
        say(err.kind == ERR_INTERNAL ? 'F' : err.kind == ERR_UNUSABLE ? 'E' : 'B', err.msg);
    return r < 0 ? 1 : 0;
}
