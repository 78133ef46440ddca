/*
 * bench-invoker: cold starts as an OpenWhisk invoker makes them, without a JVM around them. So many
 * activations arrive at once, and each is: docker run (ten at a time), the container's address from
 * its config.v2.json or by docker inspect, POST /init and POST /run, each on a connection of its
 * own. With stem cells the container is there, and its replacement is made at the same time. A
 * round ends when all have been answered; docker rm is not counted.
 *
 * One line of JSON on stdout. bench/run calls it; usage() has its options.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "client.h"
#include "command.h"
#include "samples.h"

#define PARALLEL_RUNS 10 /* whisk.docker.client.parallel-runs */
#define CONCURRENT_MAX 1000

static struct {
    char *docker, *containers; /* containers NULL: ask docker inspect */
    unsigned port, concurrent, rounds;
    bool stem, standin;
    struct buf init, run; /* bodies */
} o = {.concurrent = 1, .rounds = 100};

static sem_t runs;

/* One of the activations that arrive at once, and what becomes of it in a round. */
struct seat {
    unsigned number;
    char id[COMMAND_OUT], next[COMMAND_OUT];
    struct sockaddr_in at, next_at;
    uint64_t all_ns, docker_ns, init_ns, run_ns;
    struct err err, next_err;
    int result, next_result;
};

static int usage(void)
{
    fputs("usage: bench-invoker --docker PROGRAM --port N --init FILE --run FILE\n"
          "                     [--containers DIR] [--concurrent N] [--rounds N] [--stem] "
          "[--standin]\n"
          "       bench-invoker --exec N PROGRAM [ARG …]\n",
          stderr);
    return 64;
}

/* ---- a container ---- */

static int read_address(const char *id, char address[COMMAND_OUT], struct err *err)
{
    static const char before[] = "\"IPAddress\":\"";
    AUTO(mem) char *path = mem_print("%s/%s/config.v2.json", o.containers, id);
    AUTO(buf) struct buf text;

    buf_init(&text, 65536);
    int r = file_read(path, &text, err);
    const char *at = r < 0 ? NULL : strstr(text.data ? text.data : "", before);
    if (r == 0 && !at)
        return err_set(err, ERR_INTERNAL, "%s: no address", path);
    if (r == 0)
        snprintf(address, COMMAND_OUT, "%.*s", (int)strcspn(at + sizeof before - 1, "\""),
                 at + sizeof before - 1);
    return r;
}

static int find_address(const char *id, struct sockaddr_in *at, struct err *err)
{
    char template[] = "{{.NetworkSettings.Networks.bridge.IPAddress}}", address[COMMAND_OUT];
    char *const argv[] = {o.docker, "inspect", "--format", template, (char *)id, NULL};
    uint64_t ns;
    int r = 0;

    if (o.standin && !o.containers)
        r = command_run(argv, address, &ns, err);
    if (o.standin)
        snprintf(address, sizeof address, "127.0.0.1");
    else if (o.containers)
        r = read_address(id, address, err);
    else
        r = command_run(argv, address, &ns, err);
    *at = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)o.port)};
    if (r == 0 && inet_pton(AF_INET, address, &at->sin_addr) != 1)
        r = err_set(err, ERR_INTERNAL, "'%s' is no address", address);
    return r;
}

static int make(unsigned number, char id[COMMAND_OUT], struct sockaddr_in *at, struct err *err)
{
    static unsigned count;
    char name[64];
    char *const argv[] = {o.docker,
                          "run",
                          "-d",
                          "--cpu-shares",
                          "256",
                          "--memory",
                          "256m",
                          "--memory-swap",
                          "256m",
                          "--network",
                          "bridge",
                          "-e",
                          "__OW_API_HOST=http://127.0.0.1:3233",
                          "--name",
                          name,
                          "--pids-limit",
                          "1024",
                          "--cap-drop",
                          "NET_RAW",
                          "--cap-drop",
                          "NET_ADMIN",
                          "--ulimit",
                          "nofile=1024:1024",
                          "--log-driver",
                          "json-file",
                          "wow/wasm:0.1",
                          NULL};
    uint64_t ns;

    snprintf(name, sizeof name, "wsk0_%u_bench%d_%u",
             __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED), (int)getpid(), number);
    sem_wait(&runs);
    int r = command_run(argv, id, &ns, err);
    sem_post(&runs);
    return r < 0 ? r : find_address(id, at, err);
}

static int removed(const char *id, struct err *err)
{
    char *const argv[] = {o.docker, "rm", "-f", (char *)id, NULL};
    char out[COMMAND_OUT];
    uint64_t ns;

    return command_run(argv, out, &ns, err);
}

static int post(const struct sockaddr_in *at, const char *path, const struct buf *body,
                uint64_t *took, struct err *err)
{
    uint64_t began = clock_mono_ns(), ns;
    AUTO(buf) struct buf request;
    struct client c;

    buf_init(&request, body->size + 4096);
    client_request(&request, "POST", path, body->data, body->size);
    int r = client_open(&c, at, err);
    if (r == 0)
        r = client_exchange(&c, &request, &ns, err);
    if (r == 0 && !client_is_good(&c))
        r = err_set(err, ERR_INTERNAL, "%s: %u %.200s", path, c.status, c.in.data + c.head);
    client_close(&c);
    *took = clock_mono_ns() - began;
    return r;
}

/* ---- rounds ---- */

static pthread_barrier_t begin;

static void *activation(void *ctx)
{
    struct seat *s = ctx;
    int r = 0;

    pthread_barrier_wait(&begin);
    uint64_t began = clock_mono_ns();
    if (!o.stem)
        r = make(s->number, s->id, &s->at, &s->err);
    s->docker_ns = clock_mono_ns() - began;
    if (r == 0)
        r = post(&s->at, "/init", &o.init, &s->init_ns, &s->err);
    if (r == 0)
        r = post(&s->at, "/run", &o.run, &s->run_ns, &s->err);
    s->all_ns = clock_mono_ns() - began;
    s->result = r;
    return NULL;
}

static void *replacement(void *ctx)
{
    struct seat *s = ctx;

    pthread_barrier_wait(&begin);
    s->next_result = make(s->number, s->next, &s->next_at, &s->next_err);
    return NULL;
}

static int round_of(struct seat *seats, pthread_t *threads, struct err *err)
{
    unsigned n = o.concurrent, all = o.stem ? 2 * n : n;
    int r = 0;

    pthread_barrier_init(&begin, NULL, all);
    for (unsigned i = 0; i < n; i++) {
        pthread_create(&threads[i], NULL, activation, &seats[i]);
        if (o.stem)
            pthread_create(&threads[n + i], NULL, replacement, &seats[i]);
    }
    for (unsigned i = 0; i < all; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&begin);
    for (unsigned i = 0; i < n && r == 0; i++) {
        struct seat *s = &seats[i];
        if (s->result < 0) {
            *err = s->err;
            return s->result;
        }
        r = removed(s->id, err);
        if (s->next_result < 0) {
            *err = s->next_err;
            return s->next_result;
        }
        if (o.stem) {
            memcpy(s->id, s->next, sizeof s->id);
            s->at = s->next_at;
        }
    }
    return r;
}

static int measure(struct err *err)
{
    struct seat *seats = mem_zero(o.concurrent * sizeof *seats);
    pthread_t *threads = mem_zero(2 * o.concurrent * sizeof *threads);
    struct samples all, docker, init, run;
    size_t most = (size_t)o.concurrent * o.rounds;
    int r = 0;

    samples_init(&all, most);
    samples_init(&docker, most);
    samples_init(&init, most);
    samples_init(&run, most);
    for (unsigned i = 0; i < o.concurrent && r == 0; i++) {
        seats[i].number = i;
        if (o.stem)
            r = make(i, seats[i].id, &seats[i].at, err);
    }
    for (unsigned i = 0; i <= o.rounds && r == 0; i++) {
        r = round_of(seats, threads, err);
        for (unsigned k = 0; k < o.concurrent && i > 0; k++) { /* the first warms up */
            samples_add(&all, seats[k].all_ns);
            samples_add(&docker, seats[k].docker_ns);
            samples_add(&init, seats[k].init_ns);
            samples_add(&run, seats[k].run_ns);
        }
    }
    for (unsigned i = 0; i < o.concurrent && o.stem && r == 0; i++)
        r = removed(seats[i].id, err);
    if (r < 0)
        return r;
    putchar('{');
    samples_print(&all, "", stdout);
    putchar(',');
    samples_print(&docker, "docker_", stdout);
    putchar(',');
    samples_print(&init, "init_", stdout);
    putchar(',');
    samples_print(&run, "run_", stdout);
    puts("}");
    return 0;
}

/* ---- a container that answers at once ---- */

static void answer(int fd)
{
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                               "Content-Length: 2\r\n\r\n{}";
    static char request[1 << 20];
    size_t size = 0, want = SIZE_MAX;
    ssize_t n;

    while (size < want && size < sizeof request - 1 &&
           (n = read(fd, request + size, sizeof request - 1 - size)) > 0) {
        size += (size_t)n;
        request[size] = '\0';
        const char *head = strstr(request, "\r\n\r\n"),
                   *length = strcasestr(request, "Content-Length:");
        if (head && length)
            want = (size_t)(head + 4 - request) + strtoul(length + 15, NULL, 10);
    }
    if (write(fd, text, sizeof text - 1) < 0)
        perror("standin");
}

static void *serve(void *ctx)
{
    int listener = *(int *)ctx, fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        answer(fd);
        close(fd);
    }
    return NULL;
}

static int start_standin(struct err *err)
{
    static int listener;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    pthread_t thread;

    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&at, sizeof at) < 0 ||
        listen(listener, 1024) < 0 || getsockname(listener, (struct sockaddr *)&at, &n) < 0)
        return err_errno(err, ERR_INTERNAL, "standin");
    o.port = ntohs(at.sin_port);
    return pthread_create(&thread, NULL, serve, &listener) == 0
               ? 0
               : err_set(err, ERR_INTERNAL, "no thread");
}

/* ---- a program from start to exit ---- */

static int measure_exec(unsigned count, char **argv, struct err *err)
{
    struct samples all;
    char out[COMMAND_OUT];
    uint64_t ns;

    samples_init(&all, count);
    for (unsigned i = 0; i < count + 10; i++) {
        int r = command_run(argv, out, &ns, err);
        if (r < 0)
            return r;
        if (i >= 10)
            samples_add(&all, ns);
    }
    putchar('{');
    samples_print(&all, "", stdout);
    puts("}");
    return 0;
}

static int read_options(int argc, char **argv, unsigned *exec, struct err *err)
{
    static const struct option options[] = {{"docker", 1, NULL, 'd'},
                                            {"port", 1, NULL, 'p'},
                                            {"init", 1, NULL, 'i'},
                                            {"run", 1, NULL, 'r'},
                                            {"containers", 1, NULL, 'c'},
                                            {"concurrent", 1, NULL, 'n'},
                                            {"rounds", 1, NULL, 'm'},
                                            {"stem", 0, NULL, 's'},
                                            {"standin", 0, NULL, 'x'},
                                            {"exec", 1, NULL, 'e'},
                                            {0}};
    int c, r = 0;

    buf_init(&o.init, 64u << 20);
    buf_init(&o.run, 64u << 20);
    while (r == 0 && (c = getopt_long(argc, argv, "+", options, NULL)) != -1)
        switch (c) {
        case 'd':
            o.docker = optarg;
            break;
        case 'p':
            o.port = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'i':
            r = file_read(optarg, &o.init, err);
            break;
        case 'r':
            r = file_read(optarg, &o.run, err);
            break;
        case 'c':
            o.containers = optarg;
            break;
        case 'n':
            o.concurrent = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'm':
            o.rounds = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'e':
            *exec = (unsigned)strtoul(optarg, NULL, 10);
            break;
        default:
            o.stem |= c == 's';
            o.standin |= c == 'x';
        }
    return r;
}

int main(int argc, char **argv)
{
    unsigned exec = 0;
    struct err err;
    int r = read_options(argc, argv, &exec, &err);

    if (r == 0 && !exec && (!o.docker || !o.concurrent || o.concurrent > CONCURRENT_MAX))
        return usage();
    sem_init(&runs, 0, PARALLEL_RUNS);
    if (r == 0 && o.standin)
        r = start_standin(&err);
    if (r == 0)
        r = exec ? measure_exec(exec, argv + optind, &err) : measure(&err);
    if (r < 0)
        fprintf(stderr, "bench-invoker: %s\n", err.msg);
    return r < 0 ? 1 : 0;
}
