#include "pool/compile.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "compile/compiler.h"

#define COMPILE_WALL_MS 120000u

struct waiter {
    compile_done *done;
    void *ctx;
    struct waiter *next;
};

struct job {
    struct compiles *owner;
    struct job *next;
    char upload[SHA256_HEX]; /* hash of what was sent, and of the entry point */
    char key[SHA256_HEX];    /* hash of the wasm, once the child has said it */
    char *entry;
    const char *code; /* the first waiter's */
    size_t size;
    struct waiter *waiters;
    /* While it runs. */
    pid_t pid;
    int pidfd, talk, out;
    struct watch *talk_watch, *exit_watch;
    struct timer *timer;
    bool known, complete; /* the cache has it; the child has written all */
    struct err err;       /* what the child said */
};

struct compiles {
    struct loop *loop;
    const struct pool_settings *settings;
    const struct cache *cache;
    struct job *jobs; /* running ones and, behind them, those that wait */
    unsigned running;
    bool closing;
};

static void start_jobs(struct compiles *c);

struct compiles *compiles_new(struct loop *l, const struct pool_settings *settings,
                              const struct cache *cache)
{
    struct compiles *c = NEW(struct compiles);

    c->loop = l;
    c->settings = settings;
    c->cache = cache;
    return c;
}

static void job_free(struct job *j)
{
    watch_free(j->talk_watch);
    watch_free(j->exit_watch);
    timer_free(j->timer);
    fd_close(j->pidfd);
    fd_close(j->talk);
    fd_close(j->out);
    free(j->entry);
    free(j);
}

static void unlink_job(struct job *j)
{
    struct job **at = &j->owner->jobs;

    while (*at != j)
        at = &(*at)->next;
    *at = j->next;
}

/* Tell everyone who waits, and forget the job. */
static void finish(struct job *j, const struct err *err)
{
    struct waiter *w = j->waiters;

    unlink_job(j);
    if (!err)
        cache_set_alias(j->owner->cache, j->upload, j->key);
    else
        log_event("compile.fail", "upload=%.16s kind=\"%s\" error=\"%s\"", j->upload,
                  err_kind_text(err->kind), err->msg);
    while (w) {
        struct waiter *next = w->next;
        w->done(w->ctx, j->key, err);
        free(w);
        w = next;
    }
    job_free(j);
}

/* How the child's exit looks to who asked for the code. */
static int judge(struct job *j, int status, struct err *err)
{
    if (j->err.kind != ERR_NONE) {
        *err = j->err;
        return -(int)err->kind;
    }
    if (WIFSIGNALED(status))
        return err_set(err, ERR_UNUSABLE,
                       "the compiler was stopped (signal %d): the module takes more than its %u s, "
                       "%lu MiB or %lu MiB of machine code, or crashes it",
                       WTERMSIG(status), COMPILER_CPU_S, COMPILER_MEMORY >> 20,
                       COMPILER_OUT_MAX >> 20);
    if (j->known)
        return 0;
    if (!j->complete || WEXITSTATUS(status) != 0)
        return err_set(err, ERR_INTERNAL, "the compiler ended with status %d and said nothing",
                       WEXITSTATUS(status));
    return cache_commit(j->owner->cache, j->out, j->key, err);
}

static void say(struct job *j, const char *text)
{
    ssize_t n = send(j->talk, text, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)n; /* a dead child shows at its exit */
}

static void hear_key(struct job *j, const char *key, size_t n)
{
    if (n != SHA256_HEX - 1 || strspn(key, "0123456789abcdef") != n)
        return;
    memcpy(j->key, key, n);
    j->key[n] = '\0';
    AUTO(fd) int have = cache_find(j->owner->cache, j->key);
    j->known = have >= 0;
    if (j->known)
        shutdown(j->talk, SHUT_WR);
    else
        say(j, "c");
}

/* One message of the child; false when there is none. */
static bool hear(struct job *j)
{
    char line[1024];
    ssize_t n = recv(j->talk, line, sizeof line - 1, MSG_DONTWAIT);

    if (n <= 0)
        return false;
    line[n] = '\0';
    if (line[0] == 'K')
        hear_key(j, line + 1, (size_t)n - 1);
    else if (line[0] == 'D')
        j->complete = true;
    else if (line[0] == 'B')
        err_set(&j->err, ERR_INVALID, "%s", line + 1);
    else if (line[0] == 'E')
        err_set(&j->err, ERR_UNUSABLE, "%s", line + 1);
    else
        err_set(&j->err, ERR_INTERNAL, "%s", line + 1);
    return true;
}

static void talk_ready(void *ctx)
{
    struct job *j = ctx;

    if (!hear(j)) { /* closed: the exit follows */
        watch_free(j->talk_watch);
        j->talk_watch = NULL;
    }
}

static void exit_ready(void *ctx)
{
    struct job *j = ctx;
    struct compiles *c = j->owner;
    int status = 0;
    struct err err;

    while (hear(j))
        ;
    waitpid(j->pid, &status, 0);
    c->running--;
    int r = judge(j, status, &err);
    finish(j, r < 0 ? &err : NULL);
    start_jobs(c);
}

static void too_long(void *ctx)
{
    struct job *j = ctx;

    kill(j->pid, SIGKILL);
}

/* The upload as a file of memory, which the child maps. */
static int code_file(const struct job *j, struct err *err)
{
    AUTO(fd) int fd = memfd_create("upload", MFD_CLOEXEC);
    size_t at = 0;

    while (fd >= 0 && at < j->size) {
        ssize_t n = write(fd, j->code + at, j->size - at);
        if (n <= 0)
            return err_errno(err, ERR_INTERNAL, "keeping an upload");
        at += (size_t)n;
    }
    return fd < 0 ? err_errno(err, ERR_INTERNAL, "memfd") : TAKE_FD(fd);
}

static int spawn_child(struct job *j, int code, int talk, struct err *err)
{
    const struct pool_settings *s = j->owner->settings;
    char path[4096];
    char memory[16];
    char *argv[] = {path, (char *)s->user, j->entry, (char *)"optimised", memory, NULL};
    char *env[] = {NULL};
    int from[3] = {code, j->out, talk};
    static const int to[3] = {COMPILER_CODE, COMPILER_OUT, COMPILER_TALK};
    posix_spawn_file_actions_t actions;

    snprintf(memory, sizeof memory, "%u", s->memory_mb);
    snprintf(path, sizeof path, "%s/wow-compile-%s", s->programs, s->engine);
    posix_spawn_file_actions_init(&actions);
    for (int i = 0; i < 3; i++) {
        from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 100); /* out of the way of 3, 4 and 5 */
        posix_spawn_file_actions_adddup2(&actions, from[i], to[i]);
    }
    int r = posix_spawn(&j->pid, path, &actions, NULL, argv, env);
    posix_spawn_file_actions_destroy(&actions);
    for (int i = 0; i < 3; i++)
        close(from[i]);
    errno = r;
    return r == 0 ? 0 : err_errno(err, ERR_INTERNAL, "starting '%s'", path);
}

static int start(struct job *j, struct err *err)
{
    int pair[2];

    AUTO(fd) int code = code_file(j, err);
    if (code < 0)
        return code;
    int r = cache_temporary(j->owner->cache, &j->out, err);
    if (r < 0)
        return r;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_errno(err, ERR_INTERNAL, "socketpair");
    j->talk = pair[0];
    AUTO(fd) int far = pair[1];
    r = spawn_child(j, code, far, err);
    if (r < 0)
        return r;
    j->pidfd = (int)syscall(SYS_pidfd_open, j->pid, 0);
    j->talk_watch = watch_new(j->owner->loop, j->talk, talk_ready, j);
    j->exit_watch = watch_new(j->owner->loop, j->pidfd, exit_ready, j);
    j->timer = timer_new(j->owner->loop, too_long, j);
    timer_set(j->timer, COMPILE_WALL_MS);
    return 0;
}

static void start_jobs(struct compiles *c)
{
    struct job *j = c->jobs;
    struct err err;

    while (j && c->running < c->settings->workers && !c->closing) {
        struct job *next = j->next;
        if (j->pid == 0) {
            if (start(j, &err) < 0)
                finish(j, &err);
            else
                c->running++;
        }
        j = next;
    }
}

static void name_upload(const char *code, size_t n, const char *entry, char upload[SHA256_HEX])
{
    AUTO(mem) char *both = NULL;

    sha256_hex(code, n, upload);
    if (strcmp(entry, "main") != 0) { /* the entry point decides whether a reactor is accepted */
        both = mem_print("%s %s", upload, entry);
        sha256_hex(both, strlen(both), upload);
    }
}

static void add_waiter(struct job *j, compile_done *done, void *ctx)
{
    struct waiter *w = NEW(struct waiter);
    struct waiter **at = &j->waiters;

    w->done = done;
    w->ctx = ctx;
    while (*at)
        at = &(*at)->next;
    *at = w;
}

int compile(struct compiles *c, const char *code, size_t n, const char *entry, char key[SHA256_HEX],
            compile_done *done, void *ctx, struct err *err)
{
    char upload[SHA256_HEX];
    struct job **at = &c->jobs;

    name_upload(code, n, entry, upload);
    if (cache_alias(c->cache, upload, key)) {
        AUTO(fd) int have = cache_find(c->cache, key);
        if (have >= 0)
            return 1;
    }
    while (*at && strcmp((*at)->upload, upload) != 0)
        at = &(*at)->next;
    if (*at) {
        add_waiter(*at, done, ctx);
        return 0;
    }
    struct job *j = NEW(struct job);
    j->owner = c;
    memcpy(j->upload, upload, sizeof upload);
    j->entry = mem_dup(entry);
    j->code = code;
    j->size = n;
    j->pidfd = j->talk = j->out = -1;
    if (c->running < c->settings->workers) {
        int r = start(j, err);
        if (r < 0) {
            job_free(j);
            return r;
        }
        c->running++;
    }
    *at = j;
    add_waiter(j, done, ctx);
    return 0;
}

void compiles_free(struct compiles *c)
{
    const struct err stopping = {.kind = ERR_INTERNAL, .msg = "wowd is stopping"};

    if (!c)
        return;
    c->closing = true;
    for (struct job *j; (j = c->jobs);) {
        if (j->pid > 0) {
            kill(j->pid, SIGKILL);
            waitpid(j->pid, NULL, 0);
        }
        finish(j, &stopping);
    }
    free(c);
}
