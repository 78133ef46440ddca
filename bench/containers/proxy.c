/*
 * bench-action-proxy: OpenWhisk's action proxy for native programs, as small and fast as one can
 * be: what stands in a container of the evaluation in front of an action that wow-cc --native made.
 * As OpenWhisk's docker skeleton does, POST /init stores the program, and POST /run starts it with
 * the arguments as its own and takes the last line it prints for the result. A process for each
 * connection; the sentinels after each run.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/file.h"
#include "base/scan.h"

#define PORT 8080
#define BODY_MAX (66u << 20)
#define RESULT_MAX (8u << 20)
#define PROGRAM "/action/exec"
#define SENTINEL "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX\n"

extern char **environ;

struct request {
    struct buf in;
    char *body;
    size_t size;
};

static bool reply(int fd, const char *status, const char *body, size_t n)
{
    AUTO(buf) struct buf out;

    buf_init(&out, RESULT_MAX + 512);
    buf_print(&out, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
              status, n);
    buf_put(&out, body, n);
    for (size_t done = 0; done < out.size;) {
        ssize_t r = send(fd, out.data + done, out.size - done, MSG_NOSIGNAL);
        if (r < 0 && errno != EINTR)
            return false;
        done += r > 0 ? (size_t)r : 0;
    }
    return true;
}

static bool reply_error(int fd, const char *text)
{
    char body[512];
    int n = snprintf(body, sizeof body, "{\"error\":\"%.400s\"}", text);

    return reply(fd, "502 Bad Gateway", body, (size_t)n);
}

/* One whole request; false when the client has gone or sends something else. */
static bool receive(int fd, struct request *r)
{
    char chunk[16384];
    char *end = NULL;
    struct err err;

    buf_clear(&r->in);
    r->body = NULL;
    while (!r->body || r->in.size < (size_t)(r->body - r->in.data) + r->size) {
        ssize_t n = recv(fd, chunk, sizeof chunk, 0);
        if (n <= 0 || buf_add(&r->in, chunk, (size_t)n, &err) < 0)
            return false;
        if (!end && !(end = strstr(r->in.data, "\r\n\r\n")))
            continue;
        const char *length = strcasestr(r->in.data, "\r\nContent-Length:");
        end = strstr(r->in.data, "\r\n\r\n");
        r->body = end + 4;
        r->size = length ? strtoul(length + 17, NULL, 10) : 0;
    }
    return true;
}

static bool find(const struct scan_text *object, const char *key, struct scan_text *out)
{
    struct scan_walk walk = scan_members(object);
    struct scan_text name;

    if (object->type != SCAN_OBJECT)
        return false;
    while (scan_next(&walk, &name, out))
        if (scan_equals(&name, key))
            return true;
    return false;
}

static bool init(int fd, const struct scan_text *body)
{
    struct scan_text value, code;
    AUTO(buf) struct buf text, program;
    struct err err;

    buf_init(&text, BODY_MAX);
    buf_init(&program, BODY_MAX);
    if (!find(body, "value", &value) || !find(&value, "code", &code) || code.type != SCAN_STRING)
        return reply_error(fd, "Missing main/no code to execute.");
    if (scan_unescape(&code, &text, &err) < 0 ||
        base64_decode(text.data, text.size, &program, &err) < 0)
        return reply_error(fd, err.msg);
    mkdir("/action", 0755);
    FILE *f = fopen(PROGRAM ".new", "we");
    bool written = f && fwrite(program.data, 1, program.size, f) == program.size;
    if ((f && fclose(f) != 0) || !written || chmod(PROGRAM ".new", 0755) < 0 ||
        rename(PROGRAM ".new", PROGRAM) < 0)
        return reply_error(fd, "the action cannot be stored");
    return reply(fd, "200 OK", "{\"ok\":true}", 11);
}

/* What the program prints; false if it did not end well. */
static bool execute(char *args, struct buf *out)
{
    char *argv[] = {(char *)PROGRAM, args, NULL};
    posix_spawn_file_actions_t actions;
    char chunk[16384];
    int ends[2], status = -1;
    ssize_t n;
    pid_t pid;
    struct err err;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    bool going = posix_spawn(&pid, PROGRAM, &actions, NULL, argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    while (going && (n = read(ends[0], chunk, sizeof chunk)) > 0)
        if (buf_add(out, chunk, (size_t)n, &err) < 0)
            break;
    close(ends[0]);
    return going && waitpid(pid, &status, 0) == pid && status == 0;
}

static bool run(int fd, const struct scan_text *body)
{
    struct scan_text value;
    AUTO(buf) struct buf out;
    AUTO(mem) char *args = NULL;

    buf_init(&out, RESULT_MAX);
    if (!find(body, "value", &value))
        return reply_error(fd, "no value");
    args = strndup(value.at, value.n);
    bool well = execute(args, &out);
    while (out.size > 0 && out.data[out.size - 1] == '\n')
        buf_cut(&out, out.size - 1);
    const char *line = out.size ? memrchr(out.data, '\n', out.size) : NULL;
    line = line ? line + 1 : out.data;
    write(1, SENTINEL, sizeof SENTINEL - 1) < 0 ? 0 : write(2, SENTINEL, sizeof SENTINEL - 1);
    if (!well || out.size == 0)
        return reply_error(fd, "the action failed");
    return reply(fd, "200 OK", line, out.size - (size_t)(line - out.data));
}

static void serve(int fd)
{
    struct request r;
    struct scan_text body;
    struct err err;
    bool more = true;

    buf_init(&r.in, BODY_MAX + 65536);
    while (more && receive(fd, &r)) {
        if (scan_whole(r.body, r.size, &body, &err) < 0)
            more = reply_error(fd, err.msg);
        else if (strncmp(r.in.data, "POST /init ", 11) == 0)
            more = init(fd, &body);
        else if (strncmp(r.in.data, "POST /run ", 10) == 0)
            more = run(fd, &body);
        else
            more = reply(fd, "404 Not Found", "{}", 2);
    }
    buf_done(&r.in);
}

int main(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(listener, 511) < 0) {
        perror("bench-action-proxy");
        return 1;
    }
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (fork() == 0) {
            signal(SIGCHLD, SIG_DFL);
            close(listener);
            serve(fd);
            return 0;
        }
        close(fd);
    }
}
