#include "http/server.h"

#include <assert.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <utlist.h>

#include "base/log.h"
#include "base/mem.h"

#define CONNECTIONS_MAX 10000u
#define CONNECTION_MEMORY 16384u /* a request's line and headers; 431 beyond */
#define HEADERS_MAX (256u << 10) /* of an answer */
#define JSON_TYPE "application/json"

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
    unsigned active;  /* connections with a request */
    bool more;        /* libmicrohttpd has work that no descriptor will tell of */
    bool closing;
    uint64_t answers[6]; /* by the first digit of their status */
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
    buf_done(&r->headers);
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

static void add_headers(struct request *r, size_t n)
{
    const char *at = r->headers.data, *end = at + r->headers.size;

    if (n > 0 && r->type)
        MHD_add_response_header(r->response, "Content-Type", r->type);
    while (at < end) {
        const char *value = at + strlen(at) + 1;
        MHD_add_response_header(r->response, at, value);
        at = value + strlen(value) + 1;
    }
}

static void set_response(struct request *r, unsigned status, struct buf *body)
{
    size_t n = body ? body->size : 0;

    r->status = status;
    r->server->answers[status / 100 % 6]++;
    r->response = MHD_create_response_from_buffer(
        n, n ? body->data : NULL, n ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
    assert(r->response);
    if (n > 0) {
        body->data = NULL;
    }
    add_headers(r, n);
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
    r->server->answers[status / 100 % 6]++;
    r->response = MHD_create_response_from_callback(h->body.size, 4096, read_late, r, NULL);
    assert(r->response);
    add_headers(r, h->body.size);
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

    if (r->server->settings.refuse) {
        buf_init(&b, 16384);
        r->server->settings.refuse(r, text, &b);
    } else {
        error_body(&b, text);
    }
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

/* libmicrohttpd has read the first line: the request as it was sent is seen only here. */
static void *on_target(void *ctx, const char *target, struct MHD_Connection *c)
{
    struct server *s = ctx;
    size_t n = strlen(target), path = strcspn(target, "?");
    struct request *r = mem_zero(sizeof *r + n + 2);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct sockaddr_in local = {0};
    socklen_t size = sizeof local;

    r->server = s;
    r->type = JSON_TYPE;
    r->connection = c;
    memcpy(r->target, target, n);
    r->target[path] = '\0';
    r->path = r->target;
    r->query = path < n ? r->target + path + 1 : "";
    buf_init(&r->body, s->settings.body_max);
    buf_init(&r->headers, HEADERS_MAX);
    s->active++;
    if (info && getsockname(info->connect_fd, (struct sockaddr *)&local, &size) == 0 &&
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

    (void)ctx, (void)c, (void)url, (void)version;
    if (!r->begun) {
        r->begun = true;
        r->method = method;
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
    r->server->active--;
    r->connection = NULL;
    if (!r->held)
        request_free(r); /* else the handler's answer frees it */
}

/* Paths are compared, or taken apart and unescaped, by whoever they are for. */
static size_t leave_escapes(void *ctx, struct MHD_Connection *c, char *s)
{
    (void)ctx, (void)c;
    return strlen(s);
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

    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)settings->certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)settings->key},
        {MHD_OPTION_END, 0, NULL},
    };

    if (!settings->certificate)
        tls[0] = tls[2];
    s->settings = *settings;
    s->loop = l;
    s->mhd = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO | MHD_USE_ERROR_LOG |
            (settings->certificate ? MHD_USE_TLS : 0),
        0, NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, log_mhd, NULL,
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_URI_LOG_CALLBACK, on_target, s,
        MHD_OPTION_UNESCAPE_CALLBACK, leave_escapes, NULL, MHD_OPTION_NOTIFY_COMPLETED, completed,
        s, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        settings->head_max ? settings->head_max : (size_t)CONNECTION_MEMORY,
        MHD_OPTION_CONNECTION_TIMEOUT, settings->timeout_s, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
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

void server_quiesce(struct server *s)
{
    int listener = MHD_quiesce_daemon(s->mhd);

    fd_close(listener);
}

uint64_t server_answers(const struct server *s, unsigned digit) { return s->answers[digit]; }

unsigned server_active(const struct server *s) { return s->active; }

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
