/*
 * wowd: the daemon. Options, the doors, signals, the end. What it does is in the rooms it calls:
 * http (the loop and the server), proxy, docker and api (the doors) and pool (containers and
 * workers).
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/door.h"
#include "daemon/harden.h"
#include "daemon/options.h"
#include "daemon/rest.h"
#include "docker/docker.h"
#include "pool/pool.h"
#include "proxy/action_proxy.h"
#include "proxy/executor.h"
#include "worker/rules.h"

#define BODY_MAX (66u << 20) /* 48 MB of code, as OpenWhisk counts it, in base64 and JSON */
#define COMMAND_MAX (2u << 20) /* a command line: what the system lets a program have */

struct wowd {
    struct options options;
    struct loop *loop;
    struct pool *pool;
    struct docker *docker;
    struct executor executor;
    struct server *executor_server, *proxy_server, *control_server;
    struct rest *rest; /* NULL: --rest off */
    char executor_at[64];
    char *control, *containers; /* the control socket; the directory of containers' files */
    int executor_fd, proxy_fd, control_fd;
    int lock;
    bool failed, is_ready, draining;
};

static int usage_error(const struct err *err)
{
    fprintf(stderr, "wowd: %s\n", err->msg);
    return 64;
}

/* "fd:3": whoever started us made the socket, and keeps to himself who can reach it. */
static int inherit_listener(struct wowd *d, struct err *err)
{
    const char *text = d->options.executor;
    char *end;
    unsigned long fd = strtoul(text + 3, &end, 10);
    int listens = 0;
    socklen_t n = sizeof listens;

    if (end == text + 3 || *end != '\0' || fd < 3 || fd > INT_MAX ||
        getsockopt((int)fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) < 0 || !listens)
        return err_set(err, ERR_INVALID, "'%s' is not a socket that listens", text);
    fcntl((int)fd, F_SETFD, FD_CLOEXEC);
    fcntl((int)fd, F_SETFL, O_NONBLOCK);
    d->executor_fd = (int)fd;
    snprintf(d->executor_at, sizeof d->executor_at, "%s", text);
    return 0;
}

static int listen_executor(struct wowd *d, struct err *err)
{
    struct in_addr address;
    unsigned port;
    char text[INET_ADDRSTRLEN];

    if (strncmp(d->options.executor, "fd:", 3) == 0)
        return inherit_listener(d, err);
    int r = door_parse(d->options.executor, &address, &port, err);
    if (r == 0)
        r = server_listen(address, NULL, &port, &d->executor_fd, err);
    if (r < 0)
        return r;
    inet_ntop(AF_INET, &address, text, sizeof text);
    snprintf(d->executor_at, sizeof d->executor_at, "%s:%u", text, port);
    return 0;
}

static int listen_all(struct wowd *d, struct err *err)
{
    const struct in_addr any = {INADDR_ANY};

    int r = listen_executor(d, err);
    if (r < 0)
        return err_wrap(err, "executor");
    if (!d->options.proxy)
        return 0;
    /* All of 127.0.0.0/8, and nothing from outside: the loopback interface only. */
    d->executor.proxy_port = d->options.proxy_port;
    r = server_listen(any, "lo", &d->executor.proxy_port, &d->proxy_fd, err);
    if (r < 0)
        return err_wrap(err, "action proxy");
    const char *control = d->options.control;
    d->control = control[0] ? mem_dup(control) : mem_print("%s/control.sock", d->options.data);
    r = server_listen_unix(d->control, &d->control_fd, err);
    return r < 0 ? err_wrap(err, "control") : 0;
}

/* One daemon per data directory. */
static int take_lock(struct wowd *d, struct err *err)
{
    int r = file_make_dirs(d->options.data, err);
    if (r < 0)
        return r;
    AUTO(mem) char *path = mem_print("%s/wowd.lock", d->options.data);
    AUTO(fd) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(err, ERR_INTERNAL, "'%s'", path);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return err_set(err, ERR_CONFLICT, "another wowd uses the data directory '%s'",
                       d->options.data);
    d->lock = TAKE_FD(fd);
    return 0;
}

static void on_ready(void *ctx)
{
    struct wowd *d = ctx;

    if (d->is_ready)
        return;
    d->is_ready = true;
    if (d->rest)
        rest_ready(d->rest);
    printf("ready executor=%s proxy=%u rest=%s\n", d->executor_at, d->executor.proxy_port,
           d->rest ? rest_at(d->rest) : "off");
    fflush(stdout);
}

static void on_failed(const char *why, void *ctx)
{
    struct wowd *d = ctx;

    log_event("wowd.failed", "error=\"%s\"", why);
    d->failed = true;
    loop_stop(d->loop);
}

static void stop(void *ctx)
{
    struct wowd *d = ctx;

    loop_stop(d->loop);
}

/* In good order; a second signal means now. */
static void on_signal(void *ctx)
{
    struct wowd *d = ctx;

    if (!d->rest || d->draining) {
        stop(d);
        return;
    }
    d->draining = true;
    rest_drain(d->rest, stop, d);
}

/* "200000:1000" */
static int parse_ids(const char *text, unsigned *first, unsigned *count, struct err *err)
{
    int end = 0;

    *first = *count = 0;
    if (text[0] && (sscanf(text, "%9u:%9u%n", first, count, &end) != 2 || text[end] != '\0' ||
                    *first == 0 || *count == 0))
        return err_set(err, ERR_INVALID, "user ids '%s' are not FIRST:COUNT", text);
    return 0;
}

static void on_exhausted(const struct container *c, void *ctx)
{
    struct wowd *d = ctx;

    if (d->docker)
        docker_exhausted(d->docker, c);
}

static struct container *on_former(struct in_addr address, void *ctx)
{
    struct wowd *d = ctx;

    return d->docker ? docker_revive(d->docker, address) : NULL;
}

/* SIGHUP. What is broken changes nothing. */
static void on_reload(void *ctx)
{
    struct wowd *d = ctx;
    struct err err;

    if (!d->options.policy[0])
        log_event("policy.none", "there is no --policy to read again");
    else if (pool_load_policy(d->pool, &err) < 0)
        log_event("policy.broken", "error=\"%s\": the one before stays", err.msg);
}

static int start_pool(struct wowd *d, struct err *err)
{
    unsigned uid_first, uid_count;
    static char programs[PATH_MAX];
    const struct options *o = &d->options;
    const struct pool_events events = {
        .ready = on_ready, .failed = on_failed, .exhausted = on_exhausted, .former = on_former};
    const char *containers = o->container_logs;

    /* Its workers and compilers are beside it. */
    int r = file_program_dir(programs, err);
    if (r == 0)
        r = parse_ids(o->user_ids, &uid_first, &uid_count, err);
    if (r < 0)
        return r;
    d->containers = containers[0] ? mem_dup(containers) : mem_print("%s/containers", o->data);
    const struct pool_settings settings = {
        .engine = o->engine,
        .programs = programs,
        .cache = o->cache,
        .user = o->user,
        .uid_first = uid_first,
        .uid_count = uid_count,
        .policy = o->policy,
        .grant_dirs = o->grant_dirs,
        .ca_file = o->ca_file,
        .outbound = o->outbound,
        .data = o->data,
        .container_logs = d->containers,
        .log_all = containers[0] != '\0',
        .workers = o->workers,
        .memory_mb = o->memory_mb,
        .memory_max_mb = o->memory_max_mb,
        .budget_mb = o->budget_mb,
        .wait_ms = o->wait_ms,
        .timeout_ms = o->timeout_ms,
        .log_kb = o->log_kb,
        .file_mb = o->file_mb,
        .compile_s = o->compile_s,
        .cache_mb = o->cache_mb,
        .tiering = o->tiering,
        .trust_precompiled = o->trust_precompiled,
    };
    return pool_new(d->loop, &settings, &events, d, &d->pool, err);
}

static int start_doors(struct wowd *d, struct err *err)
{
    struct server_settings s = {.handler = executor_handle,
                                .ctx = &d->executor,
                                .body_max = BODY_MAX,
                                .timeout_s = d->options.idle_s};

    d->executor.pool = d->pool;
    int r = server_new(d->loop, TAKE_FD(d->executor_fd), &s, &d->executor_server, err);
    s.handler = action_proxy_handle;
    s.ctx = d->pool;
    if (r < 0 || !d->options.proxy)
        return r;
    r = server_new(d->loop, TAKE_FD(d->proxy_fd), &s, &d->proxy_server, err);
    if (r < 0)
        return r;
    const struct docker_settings docker = {.images = d->options.images,
                                           .containers = d->containers,
                                           .files = d->options.container_logs[0] != '\0',
                                           .data = d->options.data};
    d->docker = docker_new(d->pool, &docker);
    s.handler = docker_handle;
    s.ctx = d->docker;
    s.body_max = COMMAND_MAX;
    return server_new(d->loop, TAKE_FD(d->control_fd), &s, &d->control_server, err);
}

/* A connection, a worker and a compiler each take descriptors. */
static void raise_limits(void)
{
    struct rlimit r;

    if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
        r.rlim_cur = r.rlim_max;
        setrlimit(RLIMIT_NOFILE, &r);
    }
}

static int serve(struct wowd *d, struct err *err)
{
    char kept[HARDEN_KEPT];

    int r = take_lock(d, err);
    if (r == 0)
        r = listen_all(d, err);
    if (r == 0 && strcmp(d->options.rest, "off") != 0)
        r = rest_new(d->loop, &d->options, &d->rest, err);
    if (r == 0)
        r = harden_finish(kept, err);
    if (r == 0)
        r = start_pool(d, err);
    if (r == 0)
        r = start_doors(d, err);
    if (r == 0 && d->rest)
        r = rest_start(d->rest, d->pool, err);
    if (r < 0)
        return r;
    log_event("wowd.privileges", "user=%u capabilities=%s", geteuid(), kept[0] ? kept : "none");
    loop_on_stop_signal(d->loop, on_signal, d);
    loop_on_reload_signal(d->loop, on_reload, d);
    if (d->options.trust_precompiled)
        log_event("wowd.trust", "precompiled=on: machine code from clients is run as it is");
    log_event("wowd.start", "pid=%d engines=%s workers=%u executor=%s proxy=%u control=%s rest=%s",
              (int)getpid(), pool_engines(d->pool), d->options.workers, d->executor_at,
              d->executor.proxy_port, d->control ? d->control : "-",
              d->rest ? rest_at(d->rest) : "off");
    loop_run(d->loop);
    log_event("wowd.stop", "pid=%d", (int)getpid());
    return 0;
}

static void finish(struct wowd *d)
{
    rest_stop(d->rest);
    docker_free(d->docker);
    d->docker = NULL;
    pool_free(d->pool); /* answers what is under way, so that the servers can send it */
    server_free(d->executor_server);
    server_free(d->proxy_server);
    if (d->control_server || d->control_fd >= 0)
        unlink(d->control);
    server_free(d->control_server);
    rest_free(d->rest);
    fd_close(d->executor_fd);
    fd_close(d->proxy_fd);
    fd_close(d->control_fd);
    loop_free(d->loop);
    free(d->control);
    free(d->containers);
    options_done(&d->options);
}

int main(int argc, char **argv)
{
    struct wowd d = {.executor_fd = -1, .proxy_fd = -1, .control_fd = -1, .lock = -1};
    enum options_want want;
    struct err err;

    harden_begin();
    if (options_read(argc, argv, &d.options, &want, &err) < 0)
        return usage_error(&err);
    if (want != OPTIONS_SERVE) {
        if (want == OPTIONS_HELP)
            options_help();
        else if (want == OPTIONS_SANDBOX)
            rules_print(stdout);
        else
            puts("wowd " WOW_VERSION);
        options_done(&d.options);
        return 0;
    }
    signal(SIGPIPE, SIG_IGN);
    raise_limits();
    d.loop = loop_new();
    int r = serve(&d, &err);
    if (r < 0)
        fprintf(stderr, "wowd: %s\n", err.msg);
    finish(&d);
    fd_close(d.lock);
    return r < 0 && err.kind == ERR_INVALID ? 64 : r < 0 || d.failed ? 1 : 0;
}
