#include "compile/compiler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/sha256.h"
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

/* Tell wowd the module's name; false when it has it already. */
static bool is_wanted(const struct buf *wasm)
{
    char key[SHA256_HEX], answer;

    sha256_hex(wasm->data, wasm->size, key);
    say('K', key);
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
    if (r == -ERR_INVALID && order->tier == WOW_BASELINE)
        say('N', err->msg);
    return r < 0 ? unusable(err) : 0;
}

static int work(const struct compiler_order *order, struct err *err)
{
    AUTO(buf) struct buf raw, wasm;
    const char *code = NULL;
    size_t n = 0;

    buf_init(&raw, COMPILER_CODE_MAX);
    buf_init(&wasm, COMPILER_WASM_MAX);
    int r = read_upload(&code, &n, err);
    if (r == 0)
        r = base64_decode(code, n, &raw, err);
    if (r < 0)
        return err_wrap(err, "the code");
    r = unpack(&raw, &wasm, err);
    if (r < 0)
        return unusable(err);
    struct wow_bytes bytes = {(const uint8_t *)wasm.data, wasm.size};
    if (inspect(bytes, order->entry, err) < 0)
        return unusable(err);
    if (!is_wanted(&wasm))
        return 0;
    r = make(order, bytes, err);
    if (r == 0)
        say('D', "");
    return r;
}

int compiler_read_order(int argc, char **argv, struct compiler_order *out)
{
    char *end = NULL;

    if (argc != 5 || tier_of(argv[3], &out->tier) < 0)
        return -1;
    out->user = argv[1];
    out->entry = argv[2];
    out->memory = strtoull(argv[4], &end, 10) << 20;
    return *end == '\0' && out->memory > 0 ? 0 : -1;
}

int compiler_run(const struct compiler_order *order)
{
    struct sandbox_limits limits = {
        .cpu_s = COMPILER_CPU_S, .memory = COMPILER_MEMORY, .file_size = COMPILER_OUT_MAX};
    struct err err;

    int r = sandbox_compiler(order->user, &limits, &err);
    if (r < 0) {
        say('F', err.msg);
        return 2;
    }
    r = work(order, &err);
    if (r < 0)
        say(err.kind == ERR_INTERNAL ? 'F' : err.kind == ERR_UNUSABLE ? 'E' : 'B', err.msg);
    return r < 0 ? 1 : 0;
}
