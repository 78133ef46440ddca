/*
 * wow-docker: what stands where an OpenWhisk invoker looks for docker. It hands its command line to
 * wowd and prints what comes back (docker/docker.h has the form). The invoker starts one for each
 * step of each container, so it is small, static, and does nothing else; no line of it may take
 * libc's heavier parts (stdio, locales) along.
 *
 *     WOW_CONTROL          wowd's socket; else control.sock in its default data directory
 *     WOW_DOCKER_FALLBACK  a real docker, for what is not wow's
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define VERSION "28.2.2" /* of the docker whose words wowd uses */
#define FALLBACK "WOW_DOCKER_FALLBACK"
#define EXIT_NO_DAEMON 1
#define EXIT_NO_RUN 125

/* One answer: all bytes of the HTTP response. */
struct answer {
    char *data;
    size_t size, room;
};

/* What the first line of its body says. */
struct verdict {
    const char *where;
    size_t where_size;
    int exit;
    const char *out, *err;
    size_t out_size, err_size;
};

static void put(int fd, const char *data, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, data, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return; /* nobody reads */
        data += done;
        n -= (size_t)done;
    }
}

static void put_text(int fd, const char *text) { put(fd, text, strlen(text)); }

static bool is(const char *a, const char *b) { return a && strcmp(a, b) == 0; }

/* Append decimal digits. */
static char *put_number(char *to, size_t n)
{
    char digits[24];
    int i = 0;

    do
        digits[i++] = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    while (i > 0)
        *to++ = digits[--i];
    return to;
}

/* wowd's socket, as its own defaults have it. False: the path is too long for one. */
static bool control_path(char *out, size_t size)
{
    const char *given = getenv("WOW_CONTROL"), *xdg = getenv("XDG_DATA_HOME"),
               *home = getenv("HOME");
    const char *parts[3] = {home ? home : "/tmp", "/.local/share", "/wow/control.sock"};

    if (xdg && xdg[0] == '/') {
        parts[0] = xdg;
        parts[1] = "";
    }
    if (geteuid() == 0) {
        parts[0] = "/var/lib";
        parts[1] = "";
    }
    if (given && given[0]) {
        parts[0] = given;
        parts[1] = parts[2] = "";
    }
    for (int i = 0; i < 3; i++) {
        size_t n = strlen(parts[i]);
        if (n >= size)
            return false;
        memcpy(out, parts[i], n + 1);
        out += n;
        size -= n;
    }
    return true;
}

static bool send_all(int fd, struct iovec *parts, int n)
{
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = (size_t)n};

    while (m.msg_iovlen > 0) {
        ssize_t done = sendmsg(fd, &m, MSG_NOSIGNAL);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return false;
        while (m.msg_iovlen > 0 && (size_t)done >= m.msg_iov->iov_len) {
            done -= (ssize_t)m.msg_iov->iov_len;
            m.msg_iov++;
            m.msg_iovlen--;
        }
        if (m.msg_iovlen > 0) {
            m.msg_iov->iov_base = (char *)m.msg_iov->iov_base + done;
            m.msg_iov->iov_len -= (size_t)done;
        }
    }
    return true;
}

/* The arguments stand one behind the other in memory, each with its NUL: the body as it is. */
static bool ask(int fd, int argc, char **argv)
{
    static const char before[] = "POST /docker HTTP/1.1\r\nHost: wowd\r\nConnection: close\r\n"
                                 "Content-Length: ";
    char head[sizeof before + 32], *to = head + sizeof before - 1;
    size_t n = argc > 1 ? (size_t)(argv[argc - 1] + strlen(argv[argc - 1]) + 1 - argv[1]) : 0;
    struct iovec parts[2] = {{head, 0}, {argv[1], n}};

    memcpy(head, before, sizeof before - 1);
    to = put_number(to, n);
    memcpy(to, "\r\n\r\n", 4);
    parts[0].iov_len = (size_t)(to + 4 - head);
    return send_all(fd, parts, n > 0 ? 2 : 1);
}

static bool hear(int fd, struct answer *a)
{
    static char first[16384];

    a->data = first;
    a->room = sizeof first;
    for (;;) {
        if (a->size == a->room) {
            char *more = realloc(a->data == first ? NULL : a->data, 4 * a->room);
            if (!more)
                return false;
            if (a->data == first)
                memcpy(more, first, a->size);
            a->data = more;
            a->room *= 4;
        }
        ssize_t n = read(fd, a->data + a->size, a->room - a->size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        a->size += (size_t)n;
    }
}

static const char *number(const char *at, const char *end, size_t *out)
{
    *out = 0;
    while (at < end && *at >= '0' && *at <= '9')
        *out = *out * 10 + (size_t)(*at++ - '0');
    return at;
}

/* A header "HTTP/1.1 200 …", an empty line, "ours EXIT BYTES\n", and the two outputs. */
static bool understand(const struct answer *a, struct verdict *v)
{
    const char *end = a->data + a->size, *at = memmem(a->data, a->size, "\r\n\r\n", 4);
    size_t code;

    if (!at || a->size < 12 || memcmp(a->data + 9, "200", 3) != 0)
        return false;
    v->where = at += 4;
    while (at < end && *at != ' ')
        at++;
    v->where_size = (size_t)(at - v->where);
    if (at == end)
        return false;
    at = number(at + 1, end, &code);
    if (at == end)
        return false;
    at = number(at + 1, end, &v->out_size);
    if (at == end || *at != '\n' || v->out_size > (size_t)(end - at - 1))
        return false;
    v->exit = (int)code;
    v->out = at + 1;
    v->err = v->out + v->out_size;
    v->err_size = (size_t)(end - v->err);
    return true;
}

/* What docker itself knows without its daemon, and how it says that there is none. */
static int no_daemon(const char *path, int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "";
    bool is_run = is(command, "run");

    for (int i = 2; i < argc && is(command, "version"); i++)
        if (strstr(argv[i], "{{.Client.Version}}"))
            put_text(1, VERSION "\n");
    put_text(2, is_run ? "docker: " : "");
    put_text(2, "Cannot connect to wowd at unix://");
    put_text(2, path);
    put_text(2, ". Is wowd running?\n");
    put_text(2, is_run ? "\nRun 'docker run --help' for more information\n" : "");
    return is_run ? EXIT_NO_RUN : EXIT_NO_DAEMON;
}

static int bad_answer(const struct answer *a)
{
    const char *body = memmem(a->data, a->size, "\r\n\r\n", 4);

    put_text(2, "Error response from daemon: ");
    if (body)
        put(2, body + 4, (size_t)(a->data + a->size - body) - 4);
    put_text(2, "\n");
    return EXIT_NO_DAEMON;
}

/* Become the real docker, if there is one. Once: should it be us, we do not go round in circles. */
static void fall_back(char **argv)
{
    const char *path = getenv(FALLBACK);

    if (!path || !path[0])
        return;
    unsetenv(FALLBACK);
    execv(path, argv);
    put_text(2, "docker: " FALLBACK ": ");
    put_text(2, path);
    put_text(2, ": cannot be run\n");
}

/* Ask wowd; false: it is not there. */
static bool converse(const struct sockaddr_un *at, int argc, char **argv, struct answer *a)
{
    int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return sock >= 0 && connect(sock, (const struct sockaddr *)at, sizeof *at) == 0 &&
           ask(sock, argc, argv) && hear(sock, a) && a->size > 0;
}

static bool where_is(const struct verdict *v, const char *what)
{
    return v->where_size == strlen(what) && memcmp(v->where, what, v->where_size) == 0;
}

int main(int argc, char **argv)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    static struct answer answer; /* in use to the end */
    struct verdict v;

    if (argc > 1 && (is(argv[1], "--version") || is(argv[1], "-v"))) {
        put_text(1, "Docker version " VERSION ", build wow-" WOW_VERSION "\n");
        return 0;
    }
    if (!control_path(at.sun_path, sizeof at.sun_path) || !converse(&at, argc, argv, &answer))
        return no_daemon(at.sun_path, argc, argv);
    if (!understand(&answer, &v))
        return bad_answer(&answer);
    if (where_is(&v, "foreign"))
        fall_back(argv);
    put(1, v.out, v.out_size);
    put(2, v.err, v.err_size);
    if (where_is(&v, "both"))
        fall_back(argv);
    return v.exit;
}
