#include "harness.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/auto.h"
#include "base/file.h"
#include "compile/compiler.h"
#include "engine/tier.h"
#include "wire/message.h"

struct engine {
    const char *dir, *name;
    enum wow_tier tier;
    pid_t zygote;
    int control;
    /* The worker. */
    uint32_t id, loads;
    ino_t loaded; /* the code in place 0 */
    pid_t pid;
    int sock, bell, pidfd;
    struct wire_map map;
    bool alive;
};

static void die(const char *what)
{
    printf("harness: %s\n", what);
    exit(1);
}

static void must(bool ok, const char *what)
{
    if (!ok)
        die(what);
}

/* Start a program with the given descriptors as 3, 4 … */
static pid_t start(struct engine *e, const char *kind, const char *const *args, const int *fds,
                   int fdc)
{
    char path[1024];
    char *argv[8] = {path};
    posix_spawn_file_actions_t actions;
    int high[8];
    pid_t pid;

    for (int i = 0; args[i]; i++)
        argv[1 + i] = (char *)args[i];
    snprintf(path, sizeof path, "%s/wow-%s-%s", e->dir, kind, e->name);
    posix_spawn_file_actions_init(&actions);
    for (int i = 0; i < fdc; i++) {
        high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 100);
        posix_spawn_file_actions_adddup2(&actions, high[i], 3 + i);
    }
    must(posix_spawn(&pid, path, &actions, NULL, argv, environ) == 0, path);
    posix_spawn_file_actions_destroy(&actions);
    for (int i = 0; i < fdc; i++)
        close(high[i]);
    return pid;
}

struct engine *engine_start(const char *dir, const char *name, enum wow_tier tier)
{
    static const char *const args[] = {"nobody", "", "2048", "64", NULL};
    struct engine *e = calloc(1, sizeof *e);
    int pair[2];

    must(e && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
    e->dir = dir;
    e->name = name;
    e->tier = tier;
    e->sock = e->bell = e->pidfd = -1;
    const int fds[2] = {pair[1], STDERR_FILENO};
    e->zygote = start(e, "worker", args, fds, 2);
    e->control = pair[0];
    close(pair[1]);
    return e;
}

static void drop_worker(struct engine *e)
{
    fd_close(e->sock);
    fd_close(e->bell);
    fd_close(e->pidfd);
    wire_map_close(&e->map);
    e->sock = e->bell = e->pidfd = -1;
    e->alive = false;
}

void engine_stop(struct engine *e)
{
    drop_worker(e);
    close(e->control);
    waitpid(e->zygote, NULL, 0);
    free(e);
}

/* The next message of the zygote. */
static struct wire_message hear(struct engine *e, int *fd)
{
    struct wire_message m;
    int fds[WIRE_FDS_MAX];
    struct err err;

    must(wire_receive(e->control, &m, fds, 0, &err) == 1, "the zygote is gone");
    *fd = fds[0];
    return m;
}

void engine_worker(struct engine *e)
{
    struct wire_message m = {.type = WIRE_SPAWN, .id = ++e->id};
    struct err err;
    int pair[2], map, none;

    if (e->alive) {
        syscall(SYS_pidfd_send_signal, e->pidfd, SIGKILL, NULL, 0);
        hear(e, &none);
    }
    drop_worker(e);
    must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
    must(wire_map_create(&map, &e->map, &err) == 0, "shared memory");
    e->bell = eventfd(0, EFD_CLOEXEC);
    int fds[3] = {pair[1], map, e->bell};
    must(wire_send(e->control, &m, fds, 3, 0, &err) == 0, "the zygote does not listen");
    close(pair[1]);
    close(map);
    e->sock = pair[0];
    m = hear(e, &e->pidfd);
    must(m.type == WIRE_SPAWNED, "the zygote did not fork");
    e->alive = true;
    e->loads = 0;
    e->loaded = 0;
    e->pid = m.pid;
}

pid_t engine_worker_pid(const struct engine *e) { return e->pid; }

int engine_compile_text(struct engine *e, const char *base64, char said[512])
{
    const char *args[] = {"nobody", tier_name(e->tier), "512", "60", NULL};
    struct wire_message order = {.type = WIRE_COMPILE, .names_size = 5, .names = "main"};
    struct err err;
    int code = memfd_create("upload", MFD_CLOEXEC), out = memfd_create("code", MFD_CLOEXEC);
    int pair[2], status;
    ssize_t n;

    must(write(code, base64, strlen(base64)) >= 0, "write");
    must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
    pid_t pid = start(e, "compile", args, &pair[1], 1);
    close(pair[1]);
    const int fds[2] = {code, out};
    must(wire_send(pair[0], &order, fds, 2, 0, &err) == 0, "the compiler does not listen");
    close(code);
    said[0] = '\0';
    while ((n = recv(pair[0], said, 511, 0)) > 0) {
        said[n] = '\0';
        if (said[0] == 'K')
            send(pair[0], "c", 1, MSG_NOSIGNAL);
    }
    close(pair[0]);
    waitpid(pid, &status, 0);
    if (status == 0 && said[0] == 'D')
        return out;
    close(out);
    return -1;
}

int engine_compile(struct engine *e, const char *wasm_path, char said[512])
{
    AUTO(buf) struct buf wasm;
    struct err err;

    buf_init(&wasm, 1u << 20);
    must(file_read(wasm_path, &wasm, &err) == 0, wasm_path);
    char *text = calloc(1, wasm.size * 2 + 8);
    EVP_EncodeBlock((unsigned char *)text, (unsigned char *)wasm.data, (int)wasm.size);
    int fd = engine_compile_text(e, text, said);
    free(text);
    return fd;
}

static void fill(struct engine *e, const char *args, uint64_t memory)
{
    static const char strings[] = "conformance\0main\0COLOUR=blue";
    struct wire_slot *s = &e->map.head->slots[0];
    uint8_t *to = wire_input(&e->map, 0);
    size_t n = strlen(args);

    memcpy(to, args, n + 1);
    memcpy(to + n + 1, strings, sizeof strings);
    s->place = 0;
    s->loads = e->loads;
    s->args_size = (uint32_t)n;
    s->text_size = sizeof strings;
    s->log_limit = 1u << 20;
    s->output_limit = WIRE_OUTPUT_MAX;
    s->memory = memory;
}

static void take_log(struct engine *e, struct answer *a)
{
    uint32_t at = 0, size = atomic_load(&e->map.head->slots[0].log_size);
    struct wire_record r;

    while (wire_log_next(wire_log(&e->map, 0), size, &at, &r))
        snprintf(a->log + strlen(a->log), sizeof a->log - strlen(a->log), "%.*s", (int)r.n, r.text);
}

static void take(struct engine *e, struct answer *a)
{
    const struct wire_slot *s = &e->map.head->slots[0];

    a->outcome = s->outcome;
    memcpy(a->text, s->text, sizeof a->text);
    a->output_size = s->output_size;
    size_t n = s->output_size < sizeof a->output ? s->output_size : sizeof a->output - 1;
    memcpy(a->output, wire_output(&e->map, 0), n);
}

/* Have the code in the worker's place 0. */
static void load(struct engine *e, int code)
{
    struct wire_message m = {.type = WIRE_LOAD, .tier = e->tier};
    struct stat st;
    struct err err;

    must(fstat(code, &st) == 0, "fstat");
    if (st.st_ino == e->loaded)
        return;
    m.code_size = (uint64_t)st.st_size;
    must(wire_send(e->sock, &m, &code, 1, 0, &err) == 0, "load");
    e->loads++;
    e->loaded = st.st_ino;
}

/* Wait until the slot is done; false when the worker ended first, or was killed as it took long. */
static bool wait_done(struct engine *e, unsigned kill_ms)
{
    struct pollfd polls[2] = {{.fd = e->bell, .events = POLLIN},
                              {.fd = e->pidfd, .events = POLLIN}};
    uint64_t rings;

    for (;;) {
        if (poll(polls, 2, (int)kill_ms) == 0) {
            syscall(SYS_pidfd_send_signal, e->pidfd, SIGKILL, NULL, 0);
            return false;
        }
        if (polls[0].revents)
            must(read(e->bell, &rings, sizeof rings) == sizeof rings, "bell");
        if (atomic_load(&e->map.head->slots[0].state) == WIRE_DONE)
            return true;
        if (polls[1].revents)
            return false;
        atomic_store(&e->map.head->wowd_sleeps, 1); /* it rang to say that its guest waits */
    }
}

struct answer engine_run(struct engine *e, int code, const char *args, uint64_t memory,
                         unsigned kill_ms)
{
    struct wire_message wake = {.type = WIRE_WAKE};
    struct answer a = {0};
    struct err err;
    int none;

    must(e->alive, "there is no worker");
    load(e, code);
    fill(e, args, memory);
    atomic_store(&e->map.head->wowd_sleeps, 1);
    atomic_store(&e->map.head->slots[0].state, WIRE_QUEUED);
    wire_send(e->sock, &wake, NULL, 0, 0, &err);
    a.done = wait_done(e, kill_ms);
    take_log(e, &a);
    if (a.done) {
        take(e, &a);
        atomic_store(&e->map.head->slots[0].state, WIRE_FREE);
    } else {
        a.status = hear(e, &none).status;
        e->alive = false;
    }
    return a;
}
