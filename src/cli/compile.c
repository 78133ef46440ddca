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
#include "engine/tier.h"
#include "wire/message.h"
#include "wire/slot.h"

struct plan {
    const char *file, *engine, *tier, *memory, *out;
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

/* One argument, or two; *i moves on. */
static int read_argument(struct plan *p, int argc, char **argv, int *i, struct err *err)
{
    const struct {
        const char *name, **to;
    } options[] = {
        {"--engine", &p->engine}, {"--tier", &p->tier}, {"--memory", &p->memory}, {"-o", &p->out}};
    const char *arg = argv[*i];

    for (size_t o = 0; o < sizeof options / sizeof *options; o++)
        if (strcmp(arg, options[o].name) == 0 && *i + 1 < argc) {
            *options[o].to = argv[++*i];
            return 0;
        }
    if (arg[0] == '-')
        return err_set(err, ERR_INVALID, "compile: unknown option '%s', or nothing behind it", arg);
    if (p->file)
        return err_set(err, ERR_INVALID, "compile: one file, not also '%s'", arg);
    p->file = arg;
    return 0;
}

static int read_plan(int argc, char **argv, struct plan *p, struct err *err)
{
    enum wow_tier tier;
    int r = 0;

    for (int i = 1; i < argc && r == 0; i++)
        r = read_argument(p, argc, argv, &i, err);
    if (r < 0)
        return r;
    if (!p->file)
        return err_set(err, ERR_INVALID, "compile: which file? wow compile FILE.wasm");
    if (tier_of(p->tier, &tier) < 0)
        return err_set(err, ERR_INVALID, "compile: the tiers are optimised and baseline");
    if (p->memory[strspn(p->memory, "0123456789")] || strlen(p->memory) > 4 || p->memory[0] == '0')
        return err_set(err, ERR_INVALID, "compile: '%s' is no number of MB", p->memory);
    if (strchr(p->engine, '/'))
        return err_set(err, ERR_INVALID, "compile: '%s' is no engine's name", p->engine);
    if (!p->out)
        p->out = p->named = name_output(p->file);
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
    char *argv[] = {(char *)p->program, (char *)"nobody", (char *)p->tier, (char *)p->memory, NULL};
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

int compile_file(int argc, char **argv, int *status, struct err *err)
{
    AUTO(plan)
    struct plan p = {
        .engine = "wasmtime", .tier = "optimised", .memory = "512", .code = -1, .machine = -1};
    char version[64], family[ARTIFACT_FAMILY_MAX];
    struct artifact artifact;
    struct stat st = {0};
    int pair[2], exited = 0;
    pid_t pid;

    *status = 0;
    int r = read_plan(argc, argv, &p, err);
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
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_errno(err, ERR_INTERNAL, "socketpair");
    uint64_t from = clock_mono_us();
    r = spawn(&p, pair[1], &pid, err);
    close(pair[1]);
    if (r < 0)
        return r;
    r = give_order(&p, pair[0], err);
    if (r == 0 || r == -ERR_REFUSED) /* one that has died may have said why */
        r = listen_to(&p, pair[0], err);
    waitpid(pid, &exited, 0);
    if (r < 0 || fstat(p.machine, &st) < 0)
        return r;
    artifact_family(p.engine, version, (unsigned)strtoul(p.memory, NULL, 10), family);
    if (strcmp(p.tier, "optimised") != 0) /* to look at: a wowd takes optimised code only */
        snprintf(family + strlen(family), sizeof family - strlen(family), "-%s", p.tier);
    artifact_init(&artifact, family, p.key, (uint64_t)st.st_size);
    r = write_file(&p, &artifact, err);
    if (r == 0)
        printf("%s: %llu bytes for %s, %s, %.1f ms\n", p.out, (unsigned long long)artifact.size,
               family, p.tier, (double)(clock_mono_us() - from) / 1e3);
    return r;
}
