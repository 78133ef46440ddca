#include "pool/process.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

struct processes {
    struct loop *loop;
    const struct pool_settings *settings;
    struct process_events events;
    void *ctx;
    pid_t zygote;
    int control;
    struct watch *watch;
    struct worker *first;
    uint32_t ids;
    bool up;           /* this zygote has forked a worker */
    unsigned failures; /* zygotes in a row that ended before they had */
};

static void control_ready(void *ctx);

#define WORKER_ENV_MAX 16
#define FAILURES_MAX 5

/* Of our environment a worker sees only what is meant for it. */
static void worker_environment(char *out[WORKER_ENV_MAX])
{
    size_t n = 0;

    for (char **e = environ; *e && n < WORKER_ENV_MAX - 1; e++)
        if (strncmp(*e, "WOW_WORKER_", 11) == 0)
            out[n++] = *e;
    out[n] = NULL;
}

/* Start the zygote's program with its end of the control socket as descriptor 3. */
static int start_zygote(struct processes *p, struct err *err)
{
    char path[4096];
    char *argv[] = {path, (char *)p->settings->user, NULL};
    char *env[WORKER_ENV_MAX];
    posix_spawn_file_actions_t actions;
    int pair[2];

    snprintf(path, sizeof path, "%s/wow-worker-%s", p->settings->programs, p->settings->engine);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_errno(err, ERR_INTERNAL, "socketpair");
    worker_environment(env);
    posix_spawn_file_actions_init(&actions);
    /* Through a high number, as pair[1] may itself be 3. */
    int high = fcntl(pair[1], F_DUPFD_CLOEXEC, 100);
    posix_spawn_file_actions_adddup2(&actions, high, WIRE_CONTROL_FD);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    int r = posix_spawn(&p->zygote, path, &actions, NULL, argv, env);
    posix_spawn_file_actions_destroy(&actions);
    close(high);
    close(pair[1]);
    if (r != 0) {
        close(pair[0]);
        errno = r;
        return err_errno(err, ERR_INTERNAL, "starting '%s'", path);
    }
    p->control = pair[0];
    p->up = false;
    p->watch = watch_new(p->loop, p->control, control_ready, p);
    return 0;
}

int processes_new(struct loop *l, const struct pool_settings *settings,
                  const struct process_events *events, void *ctx, struct processes **out,
                  struct err *err)
{
    struct processes *p = NEW(struct processes);

    p->loop = l;
    p->settings = settings;
    p->events = *events;
    p->ctx = ctx;
    int r = start_zygote(p, err);
    if (r < 0) {
        free(p);
        return r;
    }
    *out = p;
    return 0;
}

struct worker *processes_first(const struct processes *p) { return p->first; }

static void worker_free(struct worker *w)
{
    watch_free(w->watch);
    fd_close(w->sock);
    fd_close(w->bell);
    fd_close(w->pidfd);
    wire_map_close(&w->map);
    free(w->ns);
    free(w);
}

static void bell_ready(void *ctx)
{
    struct worker *w = ctx;
    uint64_t count;
    ssize_t n = read(w->bell, &count, sizeof count);

    (void)n;
    if (worker_bell(w))
        w->owner->events.news(w, w->owner->ctx);
}

/* Have the zygote fork, for a worker whose descriptors are made. */
static int ask(struct processes *p, struct worker *w, int far_sock, int map, struct err *err)
{
    struct wire_message m = {.type = WIRE_SPAWN, .id = w->id};
    int fds[3] = {far_sock, map, w->bell};

    return wire_send(p->control, &m, fds, 3, MSG_DONTWAIT, err);
}

int worker_spawn(struct processes *p, struct worker **out, struct err *err)
{
    struct worker *w = NEW(struct worker);
    AUTO(fd) int map = -1;
    int pair[2] = {-1, -1};

    w->owner = p;
    w->id = ++p->ids;
    w->pidfd = w->sock = -1;
    w->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int r = wire_map_create(&map, &w->map, err);
    if (r == 0 && (w->bell < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0))
        r = err_errno(err, ERR_INTERNAL, "descriptors for a worker");
    w->sock = pair[0];
    if (r == 0)
        r = p->control < 0 ? err_set(err, ERR_INTERNAL, "there is no zygote")
                           : ask(p, w, pair[1], map, err);
    fd_close(pair[1]);
    if (r < 0) {
        worker_free(w);
        return r;
    }
    w->watch = watch_new(p->loop, w->bell, bell_ready, w);
    w->next = p->first;
    if (p->first)
        p->first->prev = w;
    p->first = w;
    *out = w;
    return 0;
}

void worker_kill(struct worker *w)
{
    w->doomed = true;
    if (w->pidfd >= 0)
        syscall(SYS_pidfd_send_signal, w->pidfd, SIGKILL, NULL, 0);
}

/* It is out of the list: tell, and forget it. */
static void worker_gone(struct worker *w, int status)
{
    struct processes *p = w->owner;

    p->events.exited(w, status, p->ctx);
    worker_free(w);
}

static void worker_exited(struct worker *w, int status)
{
    if (w->prev)
        w->prev->next = w->next;
    else
        w->owner->first = w->next;
    if (w->next)
        w->next->prev = w->prev;
    worker_gone(w, status);
}

static struct worker *find(struct processes *p, uint32_t id, pid_t pid)
{
    struct worker *w = p->first;

    while (w && !(id ? w->id == id : w->pid == pid))
        w = w->next;
    return w;
}

/* Kill them all and tell that they are gone; what is asked for meanwhile is a new one's. */
static void drop_workers(struct processes *p)
{
    struct worker *w = p->first, *next;

    p->first = NULL;
    for (; w; w = next) {
        next = w->next;
        worker_kill(w);
        worker_gone(w, SIGKILL);
    }
}

/* The zygote is gone, and with it, by their own wish, its workers. */
static void zygote_gone(struct processes *p)
{
    struct err err;
    int status = 0;

    watch_free(p->watch);
    p->watch = NULL;
    close(p->control);
    p->control = -1;
    kill(p->zygote, SIGKILL);
    waitpid(p->zygote, &status, 0);
    log_event("zygote.exit", "pid=%d status=%d", (int)p->zygote, status);
    p->failures = p->up ? 0 : p->failures + 1;
    if (p->failures == FAILURES_MAX)
        p->events.failed("the worker program ends before it has forked a worker", p->ctx);
    else if (start_zygote(p, &err) < 0)
        p->events.failed(err.msg, p->ctx);
    drop_workers(p);
}

static void spawned(struct processes *p, const struct wire_message *m, int pidfd)
{
    struct worker *w = find(p, m->id, 0);

    if (!w) {
        fd_close(pidfd);
        return;
    }
    w->pid = m->pid;
    w->pidfd = pidfd;
    if (w->doomed)
        worker_kill(w);
    if (!p->up) {
        p->up = true;
        p->events.ready(p->ctx);
    }
}

static void control_ready(void *ctx)
{
    struct processes *p = ctx;
    struct wire_message m;
    int fds[WIRE_FDS_MAX];
    struct err err;

    int r = wire_receive(p->control, &m, fds, MSG_DONTWAIT, &err);
    if (r == -ERR_BUSY)
        return;
    if (r <= 0) {
        zygote_gone(p);
        return;
    }
    if (m.type == WIRE_SPAWNED) {
        spawned(p, &m, fds[0]);
        return;
    }
    struct worker *w = find(p, m.type == WIRE_FAILED ? m.id : 0, m.pid);
    if (m.type == WIRE_FAILED)
        log_event("worker.fault", "error=\"%.*s\"", (int)m.names_size, m.names);
    if (w)
        worker_exited(w, m.status);
}

void processes_free(struct processes *p)
{
    if (!p)
        return;
    drop_workers(p);
    watch_free(p->watch);
    fd_close(p->control); /* the zygote's sign to reap its workers and end */
    if (p->zygote > 0)
        waitpid(p->zygote, NULL, 0);
    free(p);
}

bool worker_has(const struct worker *w, const struct module *m)
{
    for (int i = 0; i < WIRE_PLACES; i++)
        if (w->places[i].module == m)
            return true;
    return false;
}

/* Where to put another module: a place that is free, or the one longest unused. */
static int choose_place(const struct worker *w)
{
    int best = -1;

    for (int i = 0; i < WIRE_PLACES; i++) {
        const struct worker_place *p = &w->places[i];
        if (!p->module)
            return i;
        if (p->held == 0 && (best < 0 || p->used < w->places[best].used))
            best = i;
    }
    return best;
}

/* fds: the code, then the granted directories. */
static int send_load(struct worker *w, int place, const struct module *m, const int *fds,
                     struct err *err)
{
    const struct grant *g = &m->grant;
    struct stat st = {0};

    fstat(fds[0], &st);
    struct wire_message msg = {.type = WIRE_LOAD,
                               .place = (uint32_t)place,
                               .code_size = (uint64_t)st.st_size,
                               .dirs = g->dirc,
                               .writable = g->writable,
                               .names_size = g->names_size};

    if (g->names_size)
        memcpy(msg.names, g->names, g->names_size);
    return wire_send(w->sock, &msg, fds, 1 + g->dirc, MSG_DONTWAIT, err);
}

static int load(struct worker *w, int place, const struct module *m, int code, struct err *err)
{
    int fds[1 + WIRE_DIRS_MAX] = {code};

    int r = grant_open(&m->grant, w->owner->settings->grant_dirs, fds + 1, err);
    if (r < 0) /* it was there at init */
        return err_set(err, ERR_NOT_FOUND, "a directory that the action was granted is gone");
    r = send_load(w, place, m, fds, err);
    for (uint32_t i = 0; i < m->grant.dirc; i++)
        close(fds[1 + i]);
    return r;
}

int worker_place(struct worker *w, struct module *m, int (*open_code)(void *ctx, struct module *m),
                 void *ctx, struct err *err)
{
    int at = 0;

    while (at < WIRE_PLACES && w->places[at].module != m)
        at++;
    if (at == WIRE_PLACES) {
        at = choose_place(w);
        if (at < 0)
            return err_set(err, ERR_BUSY, "all places of the worker are in use");
        AUTO(fd) int code = open_code(ctx, m);
        if (code < 0)
            return err_set(err, ERR_INTERNAL, "the module's code is gone from the cache");
        int r = load(w, at, m, code, err);
        if (r < 0)
            return r;
        w->loads++;
        w->places[at].module = m;
    }
    w->places[at].used = ++w->uses;
    return at;
}

void worker_submit(struct worker *w, unsigned slot)
{
    struct wire_message wake = {.type = WIRE_WAKE};
    struct err err;

    atomic_store(&w->map.head->slots[slot].state, WIRE_QUEUED);
    /* Pairs with worker_run's, in worker/worker.c. */
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_exchange(&w->map.head->worker_sleeps, 0))
        wire_send(w->sock, &wake, NULL, 0, MSG_DONTWAIT, &err); /* full: it has wakes enough */
}

bool worker_retract(struct worker *w, unsigned slot)
{
    uint32_t queued = WIRE_QUEUED;

    return atomic_compare_exchange_strong(&w->map.head->slots[slot].state, &queued, WIRE_FREE);
}

bool worker_bell(struct worker *w)
{
    return atomic_load_explicit(&w->map.head->bell, memory_order_relaxed) &&
           atomic_exchange(&w->map.head->bell, 0);
}

void worker_listen(struct worker *w) { atomic_store(&w->map.head->wowd_sleeps, 1); }
