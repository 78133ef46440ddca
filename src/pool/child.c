#include "pool/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/log.h"
#include "base/mem.h"
#include "compile/compiler.h"
#include "engine/tier.h"
#include "wire/message.h"

/* How long it may take, for each second of processor time it may have. */
#define HURRY_MS 2000u    /* when somebody waits for the code */
#define PATIENT_MS 30000u /* in the background, on a busy machine */
#define PATIENT_NICE 15

struct child {
    struct loop *loop;
    const struct child_events *events;
    void *ctx;
    pid_t pid;
    int pidfd, talk;
    struct watch *talk_watch, *exit_watch;
    struct timer *timer;
    unsigned cpu_s;
    bool ready; /* it has locked itself in */
    bool paused;
    bool has_named; /* it has said what the module is: it may not say something else later */
    bool complete, refused; /* what it said */
    struct err err;
};

void child_free(struct child *c)
{
    if (!c)
        return;
    if (c->pid > 0) {
        kill(c->pid, SIGKILL);
        waitpid(c->pid, NULL, 0);
    }
    watch_free(c->talk_watch);
    watch_free(c->exit_watch);
    timer_free(c->timer);
    fd_close(c->pidfd);
    fd_close(c->talk);
    free(c);
}

/* What its exit means. */
static int judge(const struct child *c, int status, struct err *err)
{
    if (c->err.kind != ERR_NONE) {
        *err = c->err;
        return -(int)err->kind;
    }
    if (WIFSIGNALED(status))
        return err_set(err, ERR_UNUSABLE,
                       "the compiler was stopped (signal %d): the module takes more than its %u s, "
                       "%lu MiB or %lu MiB of machine code, or crashes it",
                       WTERMSIG(status), c->cpu_s, COMPILER_MEMORY >> 20, COMPILER_OUT_MAX >> 20);
    if (!c->complete || WEXITSTATUS(status) != 0)
        return err_set(err, ERR_INTERNAL, "the compiler ended with status %d and said nothing",
                       WEXITSTATUS(status));
    return 0;
}

/* "SHA256 ENGINE ASK" */
static bool read_name(const char *line, struct cache_alias *out)
{
    size_t key = strspn(line, "0123456789abcdef");
    const char *engine = line + key + 1;

    if (key != SHA256_HEX - 1 || line[key] != ' ')
        return false;
    size_t n = strcspn(engine, " /");
    if (n == 0 || n >= CACHE_ENGINE_MAX || engine[n] != ' ' ||
        strlen(engine + n + 1) >= CACHE_ASK_MAX)
        return false;
    snprintf(out->key, sizeof out->key, "%.*s", (int)key, line);
    snprintf(out->engine, sizeof out->engine, "%.*s", (int)n, engine);
    snprintf(out->ask, sizeof out->ask, "%s", engine + n + 1);
    return true;
}

static void hear_name(struct child *c, const char *line)
{
    struct cache_alias said;

    if (c->has_named || !read_name(line, &said)) {
        err_set(&c->err, ERR_INTERNAL, "the compiler does not name the module");
        kill(c->pid, SIGKILL);
        return;
    }
    c->has_named = true;
    c->events->named(c->ctx, &said);
}

/* One message; false when there is none. After K the child may be gone. */
static bool hear(struct child *c, bool *named)
{
    char line[COMPILER_LINE_MAX];
    ssize_t n = recv(c->talk, line, sizeof line - 1, MSG_DONTWAIT);

    if (n <= 0)
        return false;
    line[n] = '\0';
    *named = line[0] == 'K';
    switch (line[0]) {
    case 'R':
        c->ready = true;
        if (c->paused)
            kill(c->pid, SIGSTOP);
        break;
    case 'K':
        hear_name(c, line + 1);
        break;
    case 'D':
        c->complete = true;
        c->events->made(c->ctx);
        break;
    case 'N':
        c->refused = true;
        break;
    case 'B':
        err_set(&c->err, ERR_INVALID, "%s", line + 1);
        break;
    case 'E':
        err_set(&c->err, ERR_UNUSABLE, "%s", line + 1);
        break;
    default:
        err_set(&c->err, ERR_INTERNAL, "%s", line + 1);
        break;
    }
    return true;
}

static void talk_ready(void *ctx)
{
    struct child *c = ctx;
    bool named;

    if (!hear(c, &named)) { /* closed: the exit follows */
        watch_free(c->talk_watch);
        c->talk_watch = NULL;
    }
}

static void exit_ready(void *ctx)
{
    struct child *c = ctx;
    bool named = false;
    int status = 0;
    struct err err;

    while (!named && hear(c, &named))
        ;
    if (named)
        return; /* a name from a process that has ended: whoever was told will not get an answer */
    waitpid(c->pid, &status, 0);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        log_event("compile.violation", "what=call pid=%d", (int)c->pid);
    c->pid = 0;
    int r = judge(c, status, &err);
    c->events->ended(c->ctx, c->refused, r < 0 ? &err : NULL);
}

static void too_long(void *ctx)
{
    struct child *c = ctx;

    kill(c->pid, SIGKILL);
}

void child_go(struct child *c)
{
    ssize_t n = send(c->talk, "c", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)n; /* a dead child shows at its exit */
}

void child_pause(struct child *c, bool paused)
{
    /* Stopped before it has asked to die with us, it would never do so. */
    if (c->paused != paused && c->ready)
        kill(c->pid, paused ? SIGSTOP : SIGCONT);
    c->paused = paused;
}

static int spawn(struct child *c, const struct pool_settings *s, const struct engine *engine,
                 enum wow_tier tier, int talk, struct err *err)
{
    char path[4096], memory[16], cpu[16];
    char *argv[] = {path,
                    (char *)s->user,
                    (char *)tier_name(tier),
                    memory,
                    cpu,
                    s->trust_precompiled ? (char *)"trust" : NULL,
                    NULL};
    char *env[] = {NULL};
    posix_spawn_file_actions_t actions;

    snprintf(cpu, sizeof cpu, "%u", s->compile_s);
    snprintf(memory, sizeof memory, "%u", s->memory_max_mb);
    snprintf(path, sizeof path, "%s/wow-compile-%s", s->programs, engine->name);
    posix_spawn_file_actions_init(&actions);
    int high = fcntl(talk, F_DUPFD_CLOEXEC, 100); /* talk may itself be 3 */
    posix_spawn_file_actions_adddup2(&actions, high, COMPILER_TALK);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, s->prints, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions, COMPILER_TALK + 1);
    int r = posix_spawn(&c->pid, path, &actions, NULL, argv, env);
    posix_spawn_file_actions_destroy(&actions);
    close(high);
    errno = r;
    return r == 0 ? 0 : err_errno(err, ERR_INTERNAL, "starting '%s'", path);
}

int child_new(struct loop *l, const struct pool_settings *settings, const struct engine *engine,
              enum wow_tier tier, struct child **out, struct err *err)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_errno(err, ERR_INTERNAL, "socketpair");
    AUTO(fd) int far = pair[1];
    struct child *c = NEW(struct child);
    c->loop = l;
    c->talk = pair[0];
    c->pidfd = -1;
    c->cpu_s = settings->compile_s;
    int r = spawn(c, settings, engine, tier, far, err);
    if (r < 0) {
        c->pid = 0;
        child_free(c);
        return r;
    }
    *out = c;
    return 0;
}

bool child_is_alive(struct child *c)
{
    if (c->pid > 0 && waitpid(c->pid, NULL, WNOHANG) == c->pid)
        c->pid = 0;
    return c->pid > 0;
}

int child_start(struct child *c, const struct child_order *order, struct err *err)
{
    struct wire_message m = {.type = WIRE_COMPILE};
    const int fds[2] = {order->upload, order->out};
    size_t n = strlen(order->entry) + 1;

    if (n > sizeof m.names)
        return err_set(err, ERR_INVALID, "the entry point's name is too long");
    if (lseek(order->out, 0, SEEK_SET) < 0 || ftruncate(order->out, 0) < 0)
        return err_errno(err, ERR_INTERNAL, "a file for machine code");
    memcpy(m.names, order->entry, n);
    m.names_size = (uint32_t)n;
    int r = wire_send(c->talk, &m, fds, 2, MSG_DONTWAIT, err);
    if (r < 0 && err->kind != ERR_REFUSED) /* else it has ended, which its status explains */
        return r;
    if (!order->hurry)
        setpriority(PRIO_PROCESS, (id_t)c->pid, PATIENT_NICE);
    c->events = order->events;
    c->ctx = order->ctx;
    c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
    c->talk_watch = watch_new(c->loop, c->talk, talk_ready, c);
    c->exit_watch = watch_new(c->loop, c->pidfd, exit_ready, c);
    c->timer = timer_new(c->loop, too_long, c);
    timer_set(c->timer, (uint64_t)c->cpu_s * (order->hurry ? HURRY_MS : PATIENT_MS));
    return 0;
}
