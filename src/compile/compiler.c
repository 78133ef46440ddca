#include "compile/compiler.h"

#include <errno.h>
#include <link.h>
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
#include "engine/cap.h"
#include "engine/features.h"
#include "engine/grow.h"
#include "engine/sections.h"
#include "engine/tier.h"
#include "host/guest.h"
#include "host/imports.h"
#include "wire/message.h"
#include "worker/rules.h"
#include "worker/sandbox.h"

static void say(char what, const char *text)
{
    char line[COMPILER_LINE_MAX];
    int n = snprintf(line, sizeof line - 1, "%c%s", what, text);
    if (n >= (int)sizeof line - 1)
        n = sizeof line - 2;
    ssize_t sent = write(COMPILER_TALK, line, (size_t)n);
    (void)sent; /* if wowd is gone, so are we */
}

/* Can wow run this module at all? What the engine says of its code comes later. */
static int inspect(struct wow_bytes wasm, const char *entry, struct err *err)
{
    AUTO(sections) struct sections *s = NULL;

    /* First, as the others know no type or import that came later. */
    int r = features_check(wasm, err);
    if (r == 0)
        r = sections_read(wasm, &s, err);
    if (r == 0)
        r = sections_check_imports(s, host_imports, err);
    if (r < 0)
        return r;
    if (guest_shape(sections_exports_func, s, entry, err) == GUEST_NONE)
        return -(int)err->kind;
    if (!sections_exports_memory(s, "memory"))
        return err_set(err, ERR_INVALID, "the module exports no memory named 'memory'");
    return 0;
}

static int read_upload(int fd, const char **code, size_t *n, struct err *err)
{
    struct stat st;

    if (fstat(fd, &st) < 0 || st.st_size > (off_t)COMPILER_CODE_MAX)
        return err_set(err, ERR_TOO_LARGE, "the code has more than %u bytes", COMPILER_CODE_MAX);
    *n = (size_t)st.st_size;
    void *at = *n ? mmap(NULL, *n, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    if (at == MAP_FAILED)
        return err_set(err, ERR_INVALID, "there is no code");
    *code = at;
    return 0;
}

/* Tell wowd the name of what was sent; false when it does not want it made. */
static bool is_wanted(const struct buf *sent, const struct manifest *m)
{
    char line[SHA256_HEX + sizeof *m], key[SHA256_HEX], answer;

    sha256_hex(sent->data, sent->size, key);
    snprintf(line, sizeof line, "%s %s %s", key, m->engine[0] ? m->engine : "-", m->ask);
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

/* One order, and what is needed to follow it. */
struct order {
    const struct compiler_role *role;
    const char *family; /* what machine code must have been made for */
    struct wow_runtime *rt;
    struct wire_message message;
    int upload, out;
};

/* Make machine code of a module that wow can run, for no more memory than it will ever get. */
static int make(const struct order *o, struct wow_bytes wasm, struct err *err)
{
    AUTO(buf) struct buf watched, capped;
    bool baseline = o->role->tier == WOW_BASELINE;

    buf_init(&watched, wasm.size + GROW_ADDS(wasm.size));
    buf_init(&capped, watched.limit + CAP_ADDS);
    int r = grow_watch(wasm, GUEST_REFUSED, &watched, err);
    const struct wow_bytes grows = {(const uint8_t *)watched.data, watched.size};
    if (r == 0)
        r = cap_memory(grows, (uint64_t)o->role->memory_mb << 20, &capped, err);
    const struct wow_bytes bytes = {(const uint8_t *)capped.data, capped.size};
    if (r == 0)
        r = wow_engine.compile(o->rt, bytes, o->out, err);
    if (r == 0 && !baseline && fsync(o->out) < 0 && errno != EINVAL)
        r = err_errno(err, ERR_INTERNAL, "keeping machine code");
    if (r == -ERR_INVALID && baseline)
        say('N', err->msg);
    return r < 0 ? unusable(err) : 0;
}

/* What was sent is machine code: take it as it is, if it fits here. */
static int take_made(const struct order *o, const struct buf *sent, const struct artifact *a,
                     struct err *err)
{
    if (!o->role->trusts)
        return err_set(err, ERR_UNUSABLE,
                       "precompiled code is not accepted here: send the wasm module");
    if (o->role->tier == WOW_BASELINE) { /* it may be for another engine than the baseline's */
        say('N', "");
        return err_set(err, ERR_UNUSABLE, "machine code has no baseline");
    }
    if (!artifact_fits(a, o->family, NULL))
        return err_set(err, ERR_UNUSABLE,
                       "the precompiled code was made for something else than %s", o->family);
    struct manifest own = {0};
    snprintf(own.engine, sizeof own.engine, "%s", wow_engine.name);
    if (!is_wanted(sent, &own))
        return 0;
    if (write(o->out, sent->data, a->size) != (ssize_t)a->size)
        return err_errno(err, ERR_INTERNAL, "writing machine code");
    say('D', "");
    return 0;
}

static int compile_sent(const struct order *o, const struct buf *sent, struct err *err)
{
    AUTO(buf) struct buf wasm;
    struct manifest manifest;

    buf_init(&wasm, COMPILER_WASM_MAX);
    int r = unpack(sent, &wasm, &manifest, err);
    if (r < 0)
        return unusable(err);
    struct wow_bytes bytes = {(const uint8_t *)wasm.data, wasm.size};
    if (inspect(bytes, o->message.names, err) < 0)
        return unusable(err);
    if (!is_wanted(&wasm, &manifest))
        return 0;
    r = make(o, bytes, err);
    if (r == 0)
        say('D', "");
    return r;
}

static int follow(const struct order *o, struct err *err)
{
    AUTO(buf) struct buf sent;
    const char *code = NULL;
    struct artifact a;
    size_t n = 0;

    buf_init(&sent, COMPILER_CODE_MAX);
    int r = read_upload(o->upload, &code, &n, err);
    if (r == 0)
        r = base64_decode(code, n, &sent, err);
    if (r < 0)
        return err_wrap(err, "the code");
    return artifact_read(sent.data, sent.size, &a) ? take_made(o, &sent, &a, err)
                                                   : compile_sent(o, &sent, err);
}

/* Let go of a program's pages that are as its file has them: they are back when they are needed. */
static int rest(struct dl_phdr_info *info, size_t size, void *ctx)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

    (void)size;
    (void)ctx;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        uintptr_t from = info->dlpi_addr + p->p_vaddr, end = from + p->p_memsz;
        from = (from + page - 1) & -page;
        if (p->p_type == PT_LOAD && !(p->p_flags & PF_W) && (end & -page) > from)
            madvise((void *)from, (end & -page) - from, MADV_DONTNEED);
    }
    return 0;
}

/* Wait for the order; 0 when wowd needs none after all. */
static int receive(struct order *o, struct err *err)
{
    char key[SHA256_HEX];
    int fds[WIRE_FDS_MAX];

    sha256_hex("", 0, key);      /* OpenSSL gets itself ready at first use */
    dl_iterate_phdr(rest, NULL); /* the wait may be long */
    int r = wire_receive(COMPILER_TALK, &o->message, fds, 0, err);
    if (r <= 0)
        return r;
    size_t n = o->message.names_size;
    if (o->message.type != WIRE_COMPILE || n == 0 || o->message.names[n - 1] != '\0' || fds[1] < 0)
        return err_set(err, ERR_INTERNAL, "the order makes no sense");
    o->upload = fds[0];
    o->out = fds[1];
    return 1;
}

int compiler_read_role(int argc, char **argv, struct compiler_role *out)
{
    char *end = NULL;

    if (argc < 5 || argc > 6 || tier_of(argv[2], &out->tier) < 0)
        return -1;
    out->user = argv[1];
    out->memory_mb = (unsigned)strtoul(argv[3], &end, 10);
    out->cpu_s = (unsigned)strtoul(argv[4], NULL, 10);
    out->trusts = argc == 6;
    return *end == '\0' && out->memory_mb > 0 && out->cpu_s > 0 ? 0 : -1;
}

int compiler_run(const struct compiler_role *role)
{
    const struct sandbox_plan plan = {
        .user = role->user,
        .who = RULE_COMPILER | (wow_engine.compile_maps_code ? RULE_CODE : 0),
        .dirs = SANDBOX_NO_DIRS,
        .file = COMPILER_OUT_MAX,
        .memory = COMPILER_MEMORY,
        .cpu_s = role->cpu_s,
    };
    char family[ARTIFACT_FAMILY_MAX] = "";
    struct order o = {.role = role, .family = family};
    struct err err;

    if (role->trusts)
        artifact_family(wow_engine.name, wow_engine.version, role->memory_mb, family);
    /* An engine may want to see the machine before it works; it has seen no client's bytes yet. */
    int r = wow_engine.open_compiler(role->tier, &o.rt, &err);
    if (r == 0)
        r = sandbox_compiler(&plan, &err);
    if (r == 0)
        say('R', "");
    if (r == 0)
        r = receive(&o, &err);
    if (r > 0)
        r = follow(&o, &err);
    if (r < 0)
        say(err.kind == ERR_INTERNAL ? 'F' : err.kind == ERR_UNUSABLE ? 'E' : 'B', err.msg);
    return r < 0 ? 1 : 0;
}
