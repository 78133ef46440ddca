#include "client.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define ANSWER_MAX (8u << 20)
#define PATIENCE_MS 10000

int client_open(struct client *c, const struct sockaddr_in *to, struct err *err)
{
    int one = 1;

    *c = (struct client){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    buf_init(&c->in, ANSWER_MAX);
    if (c->fd < 0)
        return err_errno(err, ERR_INTERNAL, "socket");
    if (connect(c->fd, (const struct sockaddr *)to, sizeof *to) < 0)
        return err_errno(err, ERR_INTERNAL, "connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return 0;
}

void client_close(struct client *c)
{
    fd_close(c->fd);
    c->fd = -1;
    buf_done(&c->in);
}

void client_request_with(struct buf *out, const char *method, const char *path, const char *header,
                         const char *body, size_t n)
{
    buf_clear(out);
    buf_print(out,
              "%s %s HTTP/1.1\r\nHost: wow\r\nContent-Type: application/json\r\n"
              "%s%sContent-Length: %zu\r\n\r\n",
              method, path, header ? header : "", header ? "\r\n" : "", n);
    buf_put(out, body, n);
}

void client_request(struct buf *out, const char *method, const char *path, const char *body,
                    size_t n)
{
    client_request_with(out, method, path, NULL, body, n);
}

static int await(const struct client *c, short events, struct err *err)
{
    struct pollfd p = {.fd = c->fd, .events = events};
    int r = poll(&p, 1, PATIENCE_MS);

    if (r < 0 && errno != EINTR)
        return err_errno(err, ERR_INTERNAL, "poll");
    return r == 0 ? err_set(err, ERR_BUSY, "nothing for %d s", PATIENCE_MS / 1000) : 0;
}

void client_begin(struct client *c)
{
    buf_clear(&c->in);
    c->head = c->body = c->sent = 0;
    c->status = 0;
    c->sent_ns = clock_mono_ns();
}

int client_push(struct client *c, const struct buf *request, struct err *err)
{
    while (c->sent < request->size) {
        ssize_t n = send(c->fd, request->data + c->sent, request->size - c->sent,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0)
            c->sent += (size_t)n;
        else if (errno == EAGAIN)
            return 0;
        else if (errno != EINTR)
            return err_errno(err, ERR_INTERNAL, "send");
    }
    return 1;
}

int client_send(struct client *c, const struct buf *request, struct err *err)
{
    int r;

    client_begin(c);
    while ((r = client_push(c, request, err)) == 0)
        if ((r = await(c, POLLOUT, err)) < 0)
            return r;
    return r < 0 ? r : 0;
}

/* Find the end of the headers, the status and the length, once they are there. */
static int read_head(struct client *c, struct err *err)
{
    const char *end = strstr(c->in.data, "\r\n\r\n");
    const char *length = strcasestr(c->in.data, "\r\nContent-Length:");

    if (!end)
        return 0;
    if (strncmp(c->in.data, "HTTP/1.1 ", 9) != 0 || !length || length > end)
        return err_set(err, ERR_INTERNAL, "an answer of another form: %.60s", c->in.data);
    c->status = (unsigned)strtoul(c->in.data + 9, NULL, 10);
    c->body = strtoul(length + 17, NULL, 10);
    c->head = (size_t)(end - c->in.data) + 4;
    return 0;
}

int client_pump(struct client *c, struct err *err)
{
    static _Thread_local char chunk[65536];
    ssize_t n = recv(c->fd, chunk, sizeof chunk, MSG_DONTWAIT);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : err_errno(err, ERR_INTERNAL, "recv");
    if (n == 0)
        return err_set(err, ERR_INTERNAL, "the server closed the connection");
    int r = buf_add(&c->in, chunk, (size_t)n, err);
    if (r == 0 && !c->head)
        r = read_head(c, err);
    if (r < 0)
        return r;
    if (c->head && c->in.size > c->head + c->body)
        return err_set(err, ERR_INTERNAL, "an answer is longer than its Content-Length");
    return c->head && c->in.size == c->head + c->body;
}

int client_exchange(struct client *c, const struct buf *request, uint64_t *ns, struct err *err)
{
    int r = client_send(c, request, err);

    while (r == 0) {
        r = await(c, POLLIN, err);
        if (r == 0)
            r = client_pump(c, err);
    }
    *ns = clock_mono_ns() - c->sent_ns;
    return r < 0 ? r : 0;
}

bool client_is_good(const struct client *c) { return c->status >= 200 && c->status < 300; }

bool client_contains(const struct client *c, const char *text)
{
    return !text || (c->head && strstr(c->in.data + c->head, text));
}
