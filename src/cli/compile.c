#include "cli/compile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "compile/artifact.h"
#include "compile/compiler.h"
#include "wire/message.h"
#include "wire/slot.h"

struct settings {
    const char *file, *engine, *tier, *out;
    unsigned memory_mb;
};

static const struct verb_option options[] = {
    {VERB_OPERAND(file, "FILE.wasm"), "a wasm module, or a gzip or zip of one"},
    {"engine", 'e', VERB_TEXT(engine, "ENGINE", "wasmtime"), "whose machine code"},
    {"tier", 't', VERB_TEXT(tier, "optimised|baseline", "optimised"),
     "a wowd takes optimised code only"},
    {"memory", 'm', VERB_NUMBER(memory_mb, "MB", 1, 4096, "512"),
     "the most memory it may ever use: wowd's --memory-max"},
    {"output", 'o', VERB_TEXT(out, "FILE", NULL), "where it goes; else beside the module, as .wow"},
    {VERB_END},
};

struct plan {
    const char *file, *engine, *tier, *out;
    char memory[16];
    char *named; /* out, when we made it up */
    char program[PATH_MAX + 64];
    int code, machine; /* what is sent, as a file; what comes out */
    char key[SHA256_HEX];
};

static void plan_done(struct plan p)
{
    free(p.named);
    fd_close(p.code);
    fd_close(p.machine);
}
DEFINE_AUTO(plan, struct plan, plan_done)

/* add.wasm becomes add.wow. */
static char *name_output(const char *file)
{
    const char *dot = strrchr(file, '.'), *slash = strrchr(file, '/');
    int n = dot && (!slash || dot > slash) ? (int)(dot - file) : (int)strlen(file);

    return mem_print("%.*s.wow", n, file);
}

static int read_plan(const struct settings *s, struct plan *p, struct err *err)
{
    p->file = s->file;
    p->engine = s->engine;
    p->tier = s->tier;
    snprintf(p->memory, sizeof p->memory, "%u", s->memory_mb);
    if (strchr(p->engine, '/'))
        return err_set(err, ERR_INVALID, "compile: '%s' is no engine's name", p->engine);
    if (!s->out)
        p->named = name_output(p->file);
    p->out = s->out ? s->out : p->named;
    return 0;
}

/* The compiler takes base64, as clients send it. */
static int read_code(struct plan *p, struct err *err)
{
    AUTO(buf) struct buf code;

    buf_init(&code, COMPILER_CODE_MAX / 4 * 3);
    int r = file_read(p->file, &code, err);
    if (r < 0)
        return err_wrap(err, "'%s'", p->file);
    AUTO(mem) char *text = mem_zero(code.size / 3 * 4 + 8);
    int n = EVP_EncodeBlock((unsigned char *)text, (unsigned char *)code.data, (int)code.size);
    p->code = memfd_create("code", MFD_CLOEXEC);
    p->machine = memfd_create("machine", MFD_CLOEXEC);
    if (p->code < 0 || p->machine < 0 || write(p->code, text, (size_t)n) != n)
        return err_errno(err, ERR_INTERNAL, "keeping the code");
    return 0;
}

static int spawn(const struct plan *p, int talk, pid_t *pid, struct err *err)
{
    char *argv[] = {(char *)p->program, (char *)"nobody", (char *)p->tier,
                    (char *)p->memory,  (char *)"60",     NULL};
    posix_spawn_file_actions_t actions;

    posix_spawn_file_actions_init(&actions);
    int high = fcntl(talk, F_DUPFD_CLOEXEC, 100); /* talk may itself be 3 */
    posix_spawn_file_actions_adddup2(&actions, high, COMPILER_TALK);
    int r = posix_spawn(pid, p->program, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(high);
    errno = r;
    return r == 0 ? 0 : err_errno(err, ERR_NOT_FOUND, "engine '%s': '%s'", p->engine, p->program);
}

static int give_order(const struct plan *p, int talk, struct err *err)
{
    const struct wire_message order = {
        .type = WIRE_COMPILE, .names_size = sizeof WIRE_ENTRY, .names = WIRE_ENTRY};
    const int fds[2] = {p->code, p->machine};

    return wire_send(talk, &order, fds, 2, 0, err);
}

/* Follow what the compiler says to its end. */
static int listen_to(struct plan *p, int talk, struct err *err)
{
    char line[1024], last = '\0';
    ssize_t n;

    err_set(err, ERR_INTERNAL, "the compiler ended and said nothing: it crashed, or took too much");
    while ((n = recv(talk, line, sizeof line - 1, 0)) > 0) {
        line[n] = '\0';
        if (line[0] == 'R')
            continue;
        if (line[0] == 'K') {
            snprintf(p->key, sizeof p->key, "%.64s", line + 1);
            if (send(talk, "c", 1, MSG_NOSIGNAL) != 1)
                break;
        } else if (last != 'N') { /* that one says it best */
            err_set(err, ERR_UNUSABLE, "%s", line + 1);
        }
        last = line[0];
    }
    return last == 'D' ? 0 : -(int)err->kind;
}

static int write_file(const struct plan *p, const struct artifact *a, struct err *err)
{
    void *code = mmap(NULL, a->size, PROT_READ, MAP_PRIVATE, p->machine, 0);
    AUTO(fd) int out = open(p->out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    if (code == MAP_FAILED || out < 0)
        return err_errno(err, ERR_INTERNAL, "'%s'", p->out);
    bool ok = write(out, code, a->size) == (ssize_t)a->size &&
              write(out, a, sizeof *a) == (ssize_t)sizeof *a;
    munmap(code, a->size);
    return ok ? 0 : err_errno(err, ERR_INTERNAL, "writing '%s'", p->out);
}

/* The engine's version: what its compiler says first of itself. */
static int ask_version(const struct plan *p, char version[64], struct err *err)
{
    AUTO(mem) char *command = mem_print("'%s' --about", p->program);
    FILE *f = access(p->program, X_OK) == 0 ? popen(command, "re") : NULL;
    bool ok = f && fscanf(f, "%63s", version) == 1;

    if (f)
        pclose(f);
    return ok ? 0
              : err_set(err, ERR_NOT_FOUND, "engine '%s' is not here: '%s'", p->engine, p->program);
}

/* Have it made, into p->machine. */
static int make(struct plan *p, struct err *err)
{
    int pair[2], exited = 0;
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_errno(err, ERR_INTERNAL, "socketpair");
    AUTO(fd) int talk = pair[0];
    int r = spawn(p, pair[1], &pid, err);
    close(pair[1]);
    if (r < 0)
        return r;
    r = give_order(p, talk, err);
    if (r == 0 || r == -ERR_REFUSED) /* one that has died may have said why */
        r = listen_to(p, talk, err);
    waitpid(pid, &exited, 0);
    return r;
}

static void show(const struct plan *p, const char *family, uint64_t size, uint64_t us)
{
    printf("%s: %llu bytes for %s, %s, %.1f ms\n", p->out, (unsigned long long)size, family,
           p->tier, (double)us / 1e3);
}

static void show_json(const struct plan *p, const char *family, uint64_t size, uint64_t us)
{
    AUTO(buf) struct buf line;

    buf_init(&line, 2 * PATH_MAX * 6);
    buf_text(&line, "{\"file\":");
    buf_json_string(&line, p->out, strlen(p->out));
    buf_print(&line, ",\"bytes\":%llu,\"family\":\"%s\",\"tier\":\"%s\",\"ms\":%.1f}",
              (unsigned long long)size, family, p->tier, (double)us / 1e3);
    puts(line.data);
}

static int compile(struct verb_call *call, const void *settings, struct err *err)
{
    AUTO(plan) struct plan p = {.code = -1, .machine = -1};
    char version[64], family[ARTIFACT_FAMILY_MAX];
    struct artifact artifact;
    struct stat st;

    int r = read_plan(settings, &p, err);
    if (r == 0)
        r = file_program_dir(p.program, err);
    if (r < 0)
        return r;
    snprintf(p.program + strlen(p.program), 64, "/wow-compile-%.40s", p.engine);
    r = ask_version(&p, version, err);
    if (r == 0)
        r = read_code(&p, err);
    if (r < 0)
        return r;
    uint64_t from = clock_mono_us();
    r = make(&p, err);
    if (r < 0)
        return r;
    if (fstat(p.machine, &st) < 0)
        return err_errno(err, ERR_INTERNAL, "machine code");
    artifact_family(p.engine, version, (unsigned)strtoul(p.memory, NULL, 10), family);
    if (strcmp(p.tier, "optimised") != 0) /* to look at: a wowd takes optimised code only */
        snprintf(family + strlen(family), sizeof family - strlen(family), "-%s", p.tier);
    artifact_init(&artifact, family, p.key, (uint64_t)st.st_size);
    r = write_file(&p, &artifact, err);
    if (r == 0)
        (call->json ? show_json : show)(&p, family, artifact.size, clock_mono_us() - from);
    return r;
}

const struct verb verb_compile = {
    .name = "compile",
    .about = "make machine code of a module, for a wowd that trusts it",
    .options = options,
    .size = sizeof(struct settings),
    .run = compile,
};
