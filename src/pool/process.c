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
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

struct zygote {
    struct processes *owner;
    struct engine *engine;
    pid_t pid; /* 0: not started */
    int control;
    struct watch *watch;
    bool up;           /* this one has forked a worker */
    unsigned failures; /* in a row, that ended before they had */
};

struct processes {
    struct loop *loop;
    const struct pool_settings *settings;
    struct process_events events;
    void *ctx;
    struct zygote zygotes[ENGINES_MAX]; /* by the engine's index */
    struct worker *first;
    uint32_t ids;
    uint32_t uids;   /* how many were given out; they come round again */
    bool own_mounts; /* granted directories are handed over as mounts of their own */
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

/* The zygote's program: its end of the control socket becomes 3, what its workers print to 4. */
static int spawn_zygote(struct zygote *z, int far)
{
    const struct pool_settings *s = z->owner->settings;
    char path[4096], data[16], file[16];
    char *argv[] = {path, (char *)s->user, (char *)s->grant_dirs, data, file, NULL};
    char *env[WORKER_ENV_MAX];
    posix_spawn_file_actions_t actions;

    if (z->owner->own_mounts)
        argv[2] = (char *)"-";
    else if (s->policy[0]) /* which may grant others tomorrow */
        argv[2] = (char *)"*";
    snprintf(path, sizeof path, "%s/wow-worker-%s", s->programs, z->engine->name);
    snprintf(data, sizeof data, "%u", s->memory_max_mb + POOL_WORKER_MB);
    snprintf(file, sizeof file, "%u", s->file_mb);
    worker_environment(env);
    posix_spawn_file_actions_init(&actions);
    /* Through high numbers, as what there is may itself be 3 or 4. */
    int high = fcntl(far, F_DUPFD_CLOEXEC, 100), prints = fcntl(s->prints, F_DUPFD_CLOEXEC, 100);
    posix_spawn_file_actions_adddup2(&actions, high, WIRE_CONTROL_FD);
    posix_spawn_file_actions_adddup2(&actions, prints, WIRE_PRINTS_FD);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    /* Not every library marks its descriptors as not to be inherited. */
    posix_spawn_file_actions_addclosefrom_np(&actions, WIRE_PRINTS_FD + 1);
    int r = posix_spawn(&z->pid, path, &actions, NULL, argv, env);
    posix_spawn_file_actions_destroy(&actions);
    close(high);
    close(prints);
    return r;
}

static int start_zygote(struct zygote *z, struct err *err)
{
    struct processes *p = z->owner;
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_errno(err, ERR_INTERNAL, "socketpair");
    int r = spawn_zygote(z, pair[1]);
    close(pair[1]);
    if (r != 0) {
        close(pair[0]);
        z->pid = 0;
        errno = r;
        return err_errno(err, ERR_INTERNAL, "starting 'wow-worker-%s'", z->engine->name);
    }
    z->control = pair[0];
    z->up = false;
    z->watch = watch_new(p->loop, z->control, control_ready, z);
    return 0;
}

int processes_new(struct loop *l, const struct pool_settings *settings, struct engines *engines,
                  const struct process_events *events, void *ctx, struct processes **out,
                  struct err *err)
{
    struct processes *p = NEW(struct processes);

    p->loop = l;
    p->settings = settings;
    p->events = *events;
    p->ctx = ctx;
    p->own_mounts = (settings->grant_dirs[0] || settings->policy[0]) && dirs_can_mount();
    for (unsigned i = 0; i < engines->n; i++)
        p->zygotes[i] = (struct zygote){.owner = p, .engine = &engines->all[i], .control = -1};
    int r = start_zygote(&p->zygotes[engines->preferred->index], err);
    if (r < 0) {
        free(p);
        return r;
    }
    *out = p;
    return 0;
}

bool processes_own_mounts(const struct processes *p) { return p->own_mounts; }

struct worker *processes_first(const struct processes *p) { return p->first; }

static void worker_free(struct worker *w)
{
    for (int i = 0; i < WIRE_PLACES; i++)
        code_unref(w->places[i].code);
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
    worker_bell(w);
    w->owner->events.news(w, w->owner->ctx); /* also when there is none: such rings are counted */
}

/* Have the zygote fork, for a worker whose descriptors are made. */
static int ask(struct zygote *z, struct worker *w, int far_sock, int map, struct err *err)
{
    struct wire_message m = {.type = WIRE_SPAWN, .id = w->id, .user = w->uid};
    int fds[3] = {far_sock, map, w->bell};

    return wire_send(z->control, &m, fds, 3, MSG_DONTWAIT, err);
}

/* A user id that no living worker has; 0 when workers have none of their own. */
static uint32_t choose_uid(struct processes *p)
{
    const struct pool_settings *s = p->settings;
    const struct worker *w = NULL;
    uint32_t uid = 0;

    if (!s->uid_first)
        return 0;
    do {
        uid = s->uid_first + p->uids++ % s->uid_count;
        for (w = p->first; w && w->uid != uid; w = w->next)
            ;
    } while (w); /* there are more ids than workers: pool_new has looked */
    return uid;
}

int worker_spawn(struct processes *p, struct engine *e, struct worker **out, struct err *err)
{
    struct zygote *z = &p->zygotes[e->index];
    struct worker *w = NEW(struct worker);
    AUTO(fd) int map = -1;
    int pair[2] = {-1, -1};

    w->owner = p;
    w->engine = e;
    w->id = ++p->ids;
    w->uid = choose_uid(p);
    w->pidfd = w->sock = -1;
    w->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int r = wire_map_create(&map, &w->map, err);
    if (r == 0 && (w->bell < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0))
        r = err_errno(err, ERR_INTERNAL, "descriptors for a worker");
    w->sock = pair[0];
    if (r == 0 && z->control < 0)
        r = start_zygote(z, err);
    if (r == 0)
        r = ask(z, w, pair[1], map, err);
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

static void worker_signal(struct worker *w, int signal)
{
    if (w->pidfd >= 0) /* else it is sent when the zygote has told */
        syscall(SYS_pidfd_send_signal, w->pidfd, signal, NULL, 0);
}

void worker_kill(struct worker *w)
{
    w->doomed = true;
    worker_signal(w, SIGKILL);
}

void worker_stop(struct worker *w, bool stop)
{
    w->stopped = stop;
    worker_signal(w, stop ? SIGSTOP : SIGCONT);
}

/* It is out of the list: tell, and forget it. */
static void worker_gone(struct worker *w, int status)
{
    struct processes *p = w->owner;

    p->events.exited(w, status, p->ctx);
    worker_free(w);
}

static void unlink_worker(struct worker *w)
{
    if (w->prev)
        w->prev->next = w->next;
    else
        w->owner->first = w->next;
    if (w->next)
        w->next->prev = w->prev;
}

static struct worker *find(struct processes *p, const struct engine *e, uint32_t id, pid_t pid)
{
    struct worker *w = p->first;

    while (w && !(w->engine == e && (id ? w->id == id : w->pid == pid)))
        w = w->next;
    return w;
}

/*
 * Kill the workers of an engine, or all, and tell that they are gone; what is asked for meanwhile
 * is a new one's.
 */
static void drop_workers(struct processes *p, const struct engine *e)
{
    struct worker *w = p->first, *gone = NULL, *next;

    for (; w; w = next) {
        next = w->next;
        if (e && w->engine != e)
            continue;
        unlink_worker(w);
        w->next = gone;
        gone = w;
    }
    for (w = gone; w; w = next) {
        next = w->next;
        worker_kill(w);
        worker_gone(w, SIGKILL);
    }
}

/* The zygote is gone, and with it, by their own wish, its workers. */
static void zygote_gone(struct zygote *z)
{
    struct processes *p = z->owner;
    struct err err;
    int status = 0;

    watch_free(z->watch);
    z->watch = NULL;
    close(z->control);
    z->control = -1;
    kill(z->pid, SIGKILL);
    waitpid(z->pid, &status, 0);
    log_event("zygote.exit", "engine=%s pid=%d status=%d", z->engine->name, (int)z->pid, status);
    z->pid = 0;
    z->failures = z->up ? 0 : z->failures + 1;
    if (z->failures == FAILURES_MAX)
        p->events.failed(z->engine, "the worker program ends before it has forked a worker",
                         p->ctx);
    else if (start_zygote(z, &err) < 0)
        p->events.failed(z->engine, err.msg, p->ctx);
    drop_workers(p, z->engine);
    p->events.restarted(p->ctx);
}

static void spawned(struct zygote *z, const struct wire_message *m, int pidfd)
{
    struct processes *p = z->owner;
    struct worker *w = find(p, z->engine, m->id, 0);

    if (!w) {
        fd_close(pidfd);
        return;
    }
    w->pid = m->pid;
    w->pidfd = pidfd;
    if (w->doomed)
        worker_kill(w);
    else if (w->stopped)
        worker_stop(w, true);
    if (!z->up) {
        z->up = true;
        p->events.ready(z->engine, p->ctx);
    }
}

static void control_ready(void *ctx)
{
    struct zygote *z = ctx;
    struct wire_message m;
    int fds[WIRE_FDS_MAX];
    struct err err;

    int r = wire_receive(z->control, &m, fds, MSG_DONTWAIT, &err);
    if (r == -ERR_BUSY)
        return;
    if (r <= 0) {
        zygote_gone(z);
        return;
    }
    if (m.type == WIRE_SPAWNED) {
        spawned(z, &m, fds[0]);
        return;
    }
    struct worker *w = find(z->owner, z->engine, m.type == WIRE_FAILED ? m.id : 0, m.pid);
    if (m.type == WIRE_FAILED)
        log_event("worker.fault", "error=\"%.*s\"", (int)m.names_size, m.names);
    if (w) {
        unlink_worker(w);
        worker_gone(w, m.status);
    }
}

void processes_free(struct processes *p)
{
    if (!p)
        return;
    drop_workers(p, NULL);
    for (unsigned i = 0; i < ENGINES_MAX; i++) {
        watch_free(p->zygotes[i].watch);
        if (p->zygotes[i].pid > 0)
            close(p->zygotes[i].control); /* its sign to reap its workers and end */
    }
    for (unsigned i = 0; i < ENGINES_MAX; i++)
        if (p->zygotes[i].pid > 0)
            waitpid(p->zygotes[i].pid, NULL, 0);
    free(p);
}

void worker_wake(struct worker *w)
{
    struct wire_message wake = {.type = WIRE_WAKE};
    struct err err;

    /* Pairs with those of worker/worker.c. */
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_exchange(&w->map.head->worker_sleeps, 0))
        wire_send(w->sock, &wake, NULL, 0, MSG_DONTWAIT, &err); /* full: it has wakes enough */
}

void worker_submit(struct worker *w, unsigned slot)
{
    atomic_store(&w->map.head->slots[slot].state, WIRE_QUEUED);
    worker_wake(w);
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
