#include "proxy/executor.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/scan.h"
#include "proxy/payload.h"

typedef void handler(struct executor *x, struct request *r, const char *id);

/* The activation's record, in the form OpenWhisk keeps; or that there is none. */
static unsigned answer(const struct activation *a, struct buf *body)
{
    if (a->refused) {
        buf_put(body, a->result, a->result_size);
        return STATUS_BUSY;
    }
    buf_print(body, "{\"status\":\"%s\",\"status_code\":%d,\"success\":%s,\"result\":",
              activation_status_text(a->status), (int)a->status,
              a->status == ACTIVATION_SUCCESS ? "true" : "false");
    buf_put(body, a->result, a->result_size);
    if (a->wants_log) {
        buf_text(body, ",\"logs\":");
        buf_put(body, a->log.data, a->log.size);
    }
    if (a->wants_stats)
        activation_stats(a, body);
    buf_text(body, "}");
    return 200;
}

/* Give a new container the profile that a start's body names, if it does. */
static int take_profile(const struct request *r, struct container *c, struct err *err)
{
    AUTO(buf) struct buf profile;
    struct scan_text body, key, value;

    buf_init(&profile, 256);
    if (r->body.size == 0)
        return 0;
    int q = scan_whole(r->body.data, r->body.size, &body, err);
    if (q < 0 || body.type != SCAN_OBJECT)
        return err_set(err, ERR_INVALID, "the request's body is not a JSON object");
    struct scan_walk w = scan_members(&body);
    while (q == 0 && scan_next(&w, &key, &value)) {
        if (!scan_equals(&key, "profile") || value.type == SCAN_NULL)
            continue;
        if (value.type != SCAN_STRING || scan_unescape(&value, &profile, err) < 0)
            return err_set(err, ERR_INVALID, "'profile' must be a short string");
        q = container_set_profile(c, profile.data ? profile.data : "", err);
    }
    return q;
}

static void start(struct executor *x, struct request *r, const char *id)
{
    struct container *c;
    struct buf body;
    struct err err;
    char address[INET_ADDRSTRLEN];

    (void)id;
    int q = container_new(x->pool, NULL, &c, &err);
    if (q == 0 && (q = take_profile(r, c, &err)) < 0)
        container_destroy(c);
    if (q < 0) {
        request_reply_error(r, payload_status(err.kind), err.msg);
        return;
    }
    struct in_addr at = container_address(c);
    inet_ntop(AF_INET, &at, address, sizeof address);
    buf_init(&body, 1024);
    buf_print(&body, "{\"containerId\":\"%s\",\"port\":%u,\"address\":\"%s\"}", container_id(c),
              x->proxy_port, address);
    request_reply(r, 200, &body);
}

static void init(struct executor *x, struct request *r, const char *id)
{
    struct container *c = container_find(x->pool, id);
    struct err err;

    if (!c && container_new(x->pool, id, &c, &err) < 0)
        request_reply_error(r, payload_status(err.kind), err.msg);
    else
        payload_init(r, c);
}

/* The container of that id, or the request is answered. */
static struct container *find(struct executor *x, struct request *r, const char *id)
{
    struct container *c = container_find(x->pool, id);
    char text[256];

    if (!c) {
        snprintf(text, sizeof text, "There is no container '%.140s'.", id);
        request_reply_error(r, STATUS_NOT_FOUND, text);
    }
    return c;
}

static void run(struct executor *x, struct request *r, const char *id)
{
    struct container *c = find(x, r, id);

    if (c)
        payload_run(r, c, answer, false);
}

static void destroy(struct executor *x, struct request *r, const char *id)
{
    struct container *c = find(x, r, id);

    if (!c)
        return;
    container_destroy(c);
    request_reply(r, 200, NULL);
}

static void set_paused(struct executor *x, struct request *r, const char *id,
                       int (*set)(struct container *c, struct err *err))
{
    struct container *c = find(x, r, id);
    struct err err;

    if (c && set(c, &err) < 0)
        request_reply_error(r, payload_status(err.kind), err.msg);
    else if (c)
        request_reply(r, 200, NULL);
}

static void hold(struct executor *x, struct request *r, const char *id)
{
    set_paused(x, r, id, container_pause);
}

static void resume(struct executor *x, struct request *r, const char *id)
{
    set_paused(x, r, id, container_resume);
}

static void echo(struct executor *x, struct request *r, const char *id)
{
    struct scan_text body, key, value, args = {.at = "{}", .n = 2};
    struct activation a = {.status = ACTIVATION_SUCCESS};
    struct buf out;
    struct err err;

    (void)x, (void)id;
    if (scan_whole(r->body.data ? r->body.data : "", r->body.size, &body, &err) < 0 ||
        body.type != SCAN_OBJECT) {
        request_reply_error(r, STATUS_BAD_REQUEST, "the request's body is not a JSON object");
        return;
    }
    struct scan_walk w = scan_members(&body);
    while (scan_next(&w, &key, &value))
        if (scan_equals(&key, "value"))
            args = value;
    a.result = args.at;
    a.result_size = args.n;
    buf_init(&out, args.n + 1024);
    unsigned status = answer(&a, &out);
    request_reply(r, status, &out);
}

static const struct route {
    const char *verb; /* the path's last part */
    bool with_id;
    handler *handle;
} routes[] = {
    {"start", false, start},    {"echo", false, echo}, {"init", true, init},
    {"run", true, run},         {"pause", true, hold}, {"resume", true, resume},
    {"destroy", true, destroy},
};

/* Cut "/verb" or "/id/verb". */
static const struct route *find_route(const char *path, char *id, size_t id_size)
{
    const char *verb = strrchr(path, '/');
    size_t n = verb ? (size_t)(verb - path) : 0;

    for (size_t i = 0; verb && i < sizeof routes / sizeof *routes; i++) {
        if (strcmp(verb + 1, routes[i].verb) != 0)
            continue;
        if (!routes[i].with_id)
            return n == 0 ? &routes[i] : NULL;
        if (n < 2 || n > id_size || memchr(path + 1, '/', n - 1))
            return NULL;
        snprintf(id, id_size, "%.*s", (int)n - 1, path + 1);
        return &routes[i];
    }
    return NULL;
}

void executor_handle(struct request *r, void *ctx)
{
    char id[CONTAINER_ID_MAX + 2];
    const struct route *route = find_route(r->path, id, sizeof id);

    if (!route)
        request_reply_error(
            r, STATUS_NOT_FOUND,
            "No such path: POST /start, /:id/init, /:id/run, /:id/pause, /:id/resume, "
            "/:id/destroy.");
    else if (strcmp(r->method, "POST") != 0)
        request_reply_error(r, STATUS_METHOD, "Only POST is understood here.");
    else
        route->handle(ctx, r, id);
}
