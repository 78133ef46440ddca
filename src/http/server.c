#include "http/server.h"

#include <assert.h>
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <utlist.h>

#include "base/log.h"
#include "base/mem.h"

#define CONNECTIONS_MAX 10000u
#define CONNECTION_MEMORY 16384u /* a request's line and headers; 431 beyond */
#define BACKLOG 1024

/* The body of an answer whose head is under way. */
struct held_back {
    struct request *request;
    struct buf body;
    struct timer *timer;
    struct held_back *prev, *next; /* in its server's list */
    bool ready, waiting;           /* it may be sent; the connection is suspended until then */
};

struct server {
    struct MHD_Daemon *mhd;
    struct held_back *late;
    struct loop *loop;
    struct watch *watch;
    struct timer *timer; /* for connections that time out */
    struct server_settings settings;
    unsigned pending; /* requests that the handler holds */
    bool more;        /* libmicrohttpd has work that no descriptor will tell of */
    bool closing;
};

static void held_back_free(struct held_back *h)
{
    if (!h)
        return;
    DL_DELETE(h->request->server->late, h);
    timer_free(h->timer);
    buf_done(&h->body);
    free(h);
}

static void request_free(struct request *r)
{
    held_back_free(r->late);
    buf_done(&r->body);
    if (r->response)
        MHD_destroy_response(r->response);
    free(r);
}

static enum MHD_Result send_response(struct request *r)
{
    enum MHD_Result ok = MHD_queue_response(r->connection, r->status, r->response);

    MHD_destroy_response(r->response);
    r->response = NULL;
    return ok;
}

static void set_response(struct request *r, unsigned status, struct buf *body)
{
    size_t n = body ? body->size : 0;

    r->status = status;
    r->response = MHD_create_response_from_buffer(
        n, n ? body->data : NULL, n ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
    assert(r->response);
    if (n > 0) {
        body->data = NULL;
        MHD_add_response_header(r->response, "Content-Type", r->type);
    }
    if (body)
        buf_done(body);
}

void request_reply(struct request *r, unsigned status, struct buf *body)
{
    struct server *s = r->server;

    assert(r->held && !r->response);
    r->held = false;
    s->pending--;
    if (!r->connection || s->closing) {
        if (body)
            buf_done(body);
        if (!r->connection)
            request_free(r);
        return;
    }
    set_response(r, status, body);
    if (r->suspended) {
        r->suspended = false;
        s->more = true;
        MHD_resume_connection(r->connection);
    }
}

/* libmicrohttpd asks for more of the body. */
static ssize_t read_late(void *ctx, uint64_t at, char *to, size_t n)
{
    struct request *r = ctx;
    struct held_back *h = r->late;

    if (!h->ready) {
        h->waiting = true;
        MHD_suspend_connection(r->connection);
        return 0;
    }
    if (at >= h->body.size)
        return MHD_CONTENT_READER_END_OF_STREAM;
    n = n < h->body.size - at ? n : h->body.size - at;
    memcpy(to, h->body.data + at, n);
    return (ssize_t)n;
}

static void let_go(void *ctx)
{
    struct request *r = ctx;
    struct server *s = r->server;
    struct held_back *h = r->late;

    h->ready = true;
    r->held = false;
    s->pending--;
    if (!r->connection) {
        request_free(r);
    } else if (h->waiting) {
        h->waiting = false;
        s->more = true;
        MHD_resume_connection(r->connection);
    }
}

void request_reply_begin(struct request *r, unsigned status, struct buf *body)
{
    struct server *s = r->server;
    struct held_back *h = NEW(struct held_back);

    assert(r->held && !r->response && !r->late);
    h->request = r;
    h->body = *body;
    h->timer = timer_new(s->loop, let_go, r);
    *body = (struct buf){0};
    r->late = h;
    DL_APPEND(s->late, h);
    if (!r->connection)
        return;
    r->status = status;
    r->response = MHD_create_response_from_callback(h->body.size, 4096, read_late, r, NULL);
    assert(r->response);
    MHD_add_response_header(r->response, "Content-Type", r->type);
    if (r->suspended) {
        r->suspended = false;
        s->more = true;
        MHD_resume_connection(r->connection);
    }
}

void request_reply_end(struct request *r, unsigned ms)
{
    if (r->connection)
        timer_set(r->late->timer, ms);
    else
        let_go(r);
}

static void error_body(struct buf *b, const char *text)
{
    buf_init(b, 16384);
    buf_text(b, "{\"error\":");
    buf_json_string(b, text, strlen(text));
    buf_text(b, "}");
}

void request_reply_error(struct request *r, unsigned status, const char *text)
{
    struct buf b;

    error_body(&b, text);
    request_reply(r, status, &b);
}

/* Answer from within the server, before a handler has seen the request. */
static enum MHD_Result refuse(struct request *r, unsigned status, const char *text)
{
    struct buf b;

    error_body(&b, text);
    set_response(r, status, &b);
    return send_response(r);
}

static enum MHD_Result refuse_size(struct request *r)
{
    char text[100];

    snprintf(text, sizeof text, "the request's body is larger than %zu bytes",
             r->server->settings.body_max);
    return refuse(r, MHD_HTTP_CONTENT_TOO_LARGE, text);
}

static struct request *request_new(struct server *s, struct MHD_Connection *c, const char *url,
                                   const char *method)
{
    struct request *r = NEW(struct request);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct sockaddr_in local = {0};
    socklen_t n = sizeof local;

    r->server = s;
    r->type = "application/json";
    r->connection = c;
    r->method = method;
    r->path = url;
    buf_init(&r->body, s->settings.body_max);
    if (info && getsockname(info->connect_fd, (struct sockaddr *)&local, &n) == 0 &&
        local.sin_family == AF_INET)
        r->local = local.sin_addr;
    return r;
}

/* The headers are there: refuse what is too large before it is sent. */
static enum MHD_Result begin(struct request *r)
{
    const char *length =
        MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

    if (length && strtoull(length, NULL, 10) > r->server->settings.body_max)
        return refuse_size(r);
    return MHD_YES;
}

/* Part of a body. Beyond the limit it is read and dropped, so that the client sees the 413. */
static enum MHD_Result take_body(struct request *r, const char *data, size_t *n)
{
    struct err err;
    size_t size = *n;

    *n = 0;
    if (r->discard || buf_add(&r->body, data, size, &err) < 0) {
        r->discard = true;
        buf_done(&r->body);
        r->discarded += size;
        return r->discarded > r->server->settings.body_max ? MHD_NO : MHD_YES;
    }
    return MHD_YES;
}

static enum MHD_Result hand_over(struct request *r)
{
    struct server *s = r->server;

    r->handed = r->held = true;
    s->pending++;
    s->settings.handler(r, s->settings.ctx);
    if (r->response)
        return send_response(r);
    r->suspended = true;
    MHD_suspend_connection(r->connection);
    return MHD_YES;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *n, void **state)
{
    struct request *r = *state;

    (void)version;
    if (!r) {
        *state = r = request_new(ctx, c, url, method);
        return begin(r);
    }
    if (*n > 0)
        return take_body(r, data, n);
    if (r->response)
        return send_response(r);
    if (r->discard)
        return refuse_size(r);
    return r->handed ? MHD_YES : hand_over(r);
}

static void completed(void *ctx, struct MHD_Connection *c, void **state,
                      enum MHD_RequestTerminationCode why)
{
    struct request *r = *state;

    (void)ctx, (void)c, (void)why;
    if (!r)
        return;
    *state = NULL;
    r->connection = NULL;
    if (!r->held)
        request_free(r); /* else the handler's answer frees it */
}

static void drive(void *ctx)
{
    struct server *s = ctx;
    MHD_UNSIGNED_LONG_LONG ms;

    MHD_run(s->mhd);
    if (MHD_get_timeout(s->mhd, &ms) != MHD_YES)
        return;
    if (ms == 0)
        s->more = true;
    else if (!timer_is_set(s->timer))
        timer_set(s->timer, ms < 1000 ? 1000 : ms);
}

static bool before_wait(void *ctx)
{
    struct server *s = ctx;

    if (!s->more || s->closing)
        return false;
    s->more = false;
    drive(s);
    return true;
}

static void log_mhd(void *ctx, const char *fmt, va_list ap)
{
    char text[512];

    (void)ctx;
    vsnprintf(text, sizeof text, fmt, ap);
    log_event("http", "text=\"%s\"", text);
}

int server_new(struct loop *l, int listener, const struct server_settings *settings,
               struct server **out, struct err *err)
{
    struct server *s = NEW(struct server);

    s->settings = *settings;
    s->loop = l;
    s->mhd = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO | MHD_USE_ERROR_LOG, 0, NULL, NULL,
        on_request, s, MHD_OPTION_EXTERNAL_LOGGER, log_mhd, NULL, MHD_OPTION_LISTEN_SOCKET,
        listener, MHD_OPTION_NOTIFY_COMPLETED, completed, s, MHD_OPTION_CONNECTION_LIMIT,
        CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_CONNECTION_TIMEOUT, settings->timeout_s, MHD_OPTION_END);
    if (!s->mhd) {
        free(s);
        close(listener);
        return err_set(err, ERR_INTERNAL, "the HTTP server does not start");
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->mhd, MHD_DAEMON_INFO_EPOLL_FD);
    s->timer = timer_new(l, drive, s);
    s->watch = watch_new(l, info->epoll_fd, drive, s);
    loop_before_wait(l, before_wait, s);
    *out = s;
    return 0;
}

void server_free(struct server *s)
{
    if (!s)
        return;
    struct held_back *h, *next;
    DL_FOREACH_SAFE(s->late, h, next)
    if (!h->ready)
        let_go(h->request);
    while (before_wait(s)) /* answers given in the last moment */
        ;
    watch_free(s->watch);
    timer_free(s->timer);
    s->closing = true;
    MHD_stop_daemon(s->mhd);
    assert(s->pending == 0);
    free(s);
}

int server_listen(struct in_addr address, const char *device, unsigned *port, int *fd,
                  struct err *err)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)*port), .sin_addr = address};
    AUTO(fd) int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    socklen_t n = sizeof at;
    char text[INET_ADDRSTRLEN];
    int on = 1;

    inet_ntop(AF_INET, &address, text, sizeof text);
    if (sock < 0 || setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        (device && setsockopt(sock, SOL_SOCKET, SO_BINDTODEVICE, device, strlen(device)) < 0) ||
        bind(sock, (struct sockaddr *)&at, sizeof at) < 0 || listen(sock, BACKLOG) < 0 ||
        getsockname(sock, (struct sockaddr *)&at, &n) < 0)
        return err_errno(err, ERR_INTERNAL, "listening on %s:%u", text, *port);
    *port = ntohs(at.sin_port);
    *fd = TAKE_FD(sock);
    return 0;
}

bool request_is_trusted(const struct request *r)
{
    const union MHD_ConnectionInfo *info =
        r->connection ? MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD)
                      : NULL;
    struct ucred peer;
    socklen_t n = sizeof peer;

    return info && getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 &&
           (peer.uid == 0 || peer.uid == geteuid());
}

/* A socket that a wowd left behind: it is ours, and nobody listens. */
static bool is_left_behind(const struct sockaddr_un *at)
{
    AUTO(fd) int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct stat st;

    return lstat(at->sun_path, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_uid == geteuid() &&
           connect(sock, (const struct sockaddr *)at, sizeof *at) < 0 && errno == ECONNREFUSED;
}

int server_listen_unix(const char *path, int *fd, struct err *err)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    AUTO(fd) int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (strlen(path) >= sizeof at.sun_path)
        return err_set(err, ERR_INVALID, "'%s': a socket's path has %zu bytes at most", path,
                       sizeof at.sun_path - 1);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    mode_t mask = umask(0177);
    int r = bind(sock, (struct sockaddr *)&at, sizeof at);
    if (r < 0 && errno == EADDRINUSE) {
        if (is_left_behind(&at))
            unlink(path);
        r = bind(sock, (struct sockaddr *)&at, sizeof at);
    }
    umask(mask);
    if (r < 0 || listen(sock, BACKLOG) < 0)
        return err_errno(err, ERR_INTERNAL, "listening on '%s'", path);
    *fd = TAKE_FD(sock);
    return 0;
}
