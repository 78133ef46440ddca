/*
 * Guests' HTTP requests: a worker asks in its slot (wire/call.h), net/ makes the request, and the
 * answer goes back into the slot. Whether it may be made is decided here: the action must ask for
 * it, and the policy of the moment grant it. Each refusal is an event in wowd's log, and a line in
 * the activation's, which the worker writes.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "net/fetch.h"
#include "pool/priv.h"

/* The worker's memory is hostile: each number is read once. */
struct asked {
    uint32_t method, url, headers, body, timeout_ms, redirects;
};

static struct wire_call *call_of(const struct worker *w)
{
    return &w->map.head->slots[w->fetch_slot].call;
}

static void answer(struct worker *w, enum wire_call_end end, const char *text)
{
    struct wire_call *c = call_of(w);

    c->end = end;
    snprintf(c->text, sizeof c->text, "%s", text);
    atomic_store(&c->state, WIRE_CALL_ANSWERED);
    worker_wake(w);
}

static void fetch_done(void *ctx, const struct fetch *f)
{
    struct worker *w = ctx;
    struct wire_call *c = call_of(w);
    struct fetch_text headers = fetch_headers(f);
    const char *text;

    enum wire_call_end end = fetch_end(f, &text);
    c->status = fetch_status(f);
    c->at = w->fetch_at;
    c->body = (uint32_t)fetch_body(f);
    c->headers = (uint32_t)headers.n;
    if (headers.n > 0)
        memcpy(wire_output(&w->map, w->fetch_slot) + w->fetch_at + fetch_body(f), headers.at,
               headers.n);
    answer(w, end, text);
    call_drop(w->slots[w->fetch_slot]->container->pool, w, w->fetch_slot);
}

/* ---- may it? ---- */

static int refuse(const struct activation *a, const struct fetch_to *to, struct err *err)
{
    log_event("outbound.refused", "container=%.12s to=%s://%s:%u error=\"%s\"",
              container_id(a->container), to->tls ? "https" : "http", to->host, to->port, err->msg);
    return -(int)err->kind;
}

static int count(struct activation *a, unsigned most, struct err *err)
{
    return ++a->requests <= most
               ? 0
               : err_set(err, ERR_BUSY, "the activation has made as many requests as it may, %u",
                         most);
}

static int check_host(void *ctx, const struct fetch_to *to, struct err *err)
{
    const struct worker *w = ctx;
    struct activation *a = w->slots[w->fetch_slot];
    const struct ask *ask = &a->container->ask;
    const struct target target = {to->tls, to->host, to->port};
    struct caps caps;

    limits_caps(a->container, a->ns, &caps);
    int r = count(a, caps.http_requests, err);
    if (r == 0 && !ask->all_hosts && !hosts_have(&ask->hosts, &target, NULL))
        r = err_set(err, ERR_REFUSED,
                    "the action does not ask for %s://%s:%u (annotation \"wow-net\", or \"net\" in "
                    "its zip's wow.json)",
                    to->tls ? "https" : "http", to->host, to->port);
    else if (r == 0 && !(caps.hosts && hosts_have(caps.hosts, &target, NULL)))
        r = err_set(err, ERR_REFUSED, "the policy does not grant %s://%s:%u",
                    to->tls ? "https" : "http", to->host, to->port);
    return r == 0 ? 0 : refuse(a, to, err);
}

static int check_address(void *ctx, const struct fetch_to *to, const char *text, struct err *err)
{
    const struct worker *w = ctx;
    struct activation *a = w->slots[w->fetch_slot];
    const struct target target = {to->tls, to->host, to->port};
    struct address address;
    struct caps caps;
    bool named = false;

    const char *special =
        address_parse(text, &address) ? address_special(&address) : "no address that is known";
    if (!special)
        return 0;
    limits_caps(a->container, a->ns, &caps);
    if (caps.hosts && hosts_have(caps.hosts, &target, &named) && named)
        return 0; /* the URL has the very address that the policy names, and so leads there */
    if (networks_have(caps.addresses, &address))
        return 0;
    err_set(err, ERR_REFUSED, "%.100s leads to %s, %s, which the policy does not name", to->host,
            text, special);
    return refuse(a, to, err);
}

static const struct fetch_guard guard = {.host = check_host, .address = check_address};

/* ---- a request ---- */

static struct asked read_asked(const struct wire_call *c)
{
    return (struct asked){.method = c->method_size,
                          .url = c->url_size,
                          .headers = c->headers_size,
                          .body = c->body_size,
                          .timeout_ms = c->timeout_ms,
                          .redirects = c->redirects};
}

static bool fits(const struct asked *q)
{
    return q->method <= WIRE_METHOD_MAX && q->url <= WIRE_URL_MAX &&
           q->headers <= WIRE_HEADERS_MAX && q->body <= WIRE_CALL_MAX &&
           q->method + q->url + q->headers + q->body <= WIRE_CALL_MAX;
}

static void multi_idle(void *ctx)
{
    struct worker *w = ctx;

    multi_free(w->multi);
    w->multi = NULL;
}

static void start(struct pool *p, struct worker *w, const struct activation *a,
                  const struct asked *q)
{
    const char *at = (const char *)wire_output(&w->map, w->fetch_slot);
    struct caps caps;
    enum wire_call_end end = WIRE_CALL_BROKEN;
    struct err err;

    limits_caps(a->container, a->ns, &caps);
    unsigned most_ms = caps.http_timeout_ms, room = caps.http_response_kb * 1024;
    w->fetch_at = q->method + q->url + q->headers + q->body;
    struct fetch_order order = {
        .method = {at, q->method},
        .url = {at + q->method, q->url},
        .headers = {at + q->method + q->url, q->headers},
        .body = {at + q->method + q->url + q->headers, q->body},
        .timeout_ms = q->timeout_ms && q->timeout_ms < most_ms ? q->timeout_ms : most_ms,
        .redirects = q->redirects,
        .to = wire_output(&w->map, w->fetch_slot) + w->fetch_at,
        .room = room < WIRE_CALL_MAX - w->fetch_at ? room : WIRE_CALL_MAX - w->fetch_at,
        .ca_file = p->settings.ca_file,
        .guard = &guard,
        .done = fetch_done,
        .ctx = w,
    };
    if (!w->multi)
        w->multi = multi_new(p->loop, multi_idle, w);
    w->fetch = fetch_start(w->multi, &order, &end, &err);
    if (w->fetch)
        p->requests++;
    else
        answer(w, end, err.msg);
}

void call_look(struct pool *p, struct worker *w)
{
    for (unsigned i = 0; i < WIRE_SLOTS && !w->fetch; i++) {
        struct wire_slot *s = &w->map.head->slots[i];
        struct activation *a = w->slots[i];
        if (!a || atomic_load(&s->state) != WIRE_TAKEN ||
            atomic_load(&s->call.state) != WIRE_CALL_ASKED)
            continue;
        struct asked q = read_asked(&s->call);
        w->fetch_slot = i;
        s->call.status = s->call.at = s->call.body = s->call.headers = 0;
        if (!fits(&q))
            answer(w, WIRE_CALL_INVALID, "the request is too large");
        else if (p->requests >= p->settings.outbound)
            answer(w, WIRE_CALL_TOO_MANY, "there are as many requests under way as there may be");
        else
            start(p, w, a, &q);
    }
}

void call_drop(struct pool *p, struct worker *w, unsigned slot)
{
    if (!w->fetch || w->fetch_slot != slot)
        return;
    p->requests--;
    fetch_free(w->fetch);
    w->fetch = NULL;
}

void call_close(struct worker *w)
{
    multi_free(w->multi);
    w->multi = NULL;
}
