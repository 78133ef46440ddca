#include "host/http.h"

#include <stdio.h>
#include <string.h>

#include "host/wasi_priv.h"
#include "wire/slot.h"

/* As they lie in the guest's memory. */
struct guest_text {
    uint32_t at, size;
};

struct guest_request {
    struct guest_text method, url, headers, body;
    uint32_t timeout_ms, redirects;
};

struct guest_response {
    uint32_t status, headers_size, body_size, text_size;
};

_Static_assert(sizeof(struct guest_request) == 40 && sizeof(struct guest_response) == 16,
               "as in docs/guest-abi.md");

enum { READ_BODY, READ_HEADERS, READ_TEXT };

static uint32_t fail(struct http *h, enum wire_call_end end, const char *text)
{
    snprintf(h->said, sizeof h->said, "%s", text);
    h->text = (struct wow_bytes){(const uint8_t *)h->said, strlen(h->said)};
    return end;
}

/* Copy a part of the request to the region; NULL when that went well, else what is wrong. */
static const char *put(const struct wasi_call *c, const struct guest_text *text, uint32_t max,
                       uint32_t *at)
{
    const uint8_t *from = mem(c, text->at, text->size);

    if (!from)
        return "the request does not lie in the guest's memory";
    if (text->size > max || text->size > WIRE_CALL_MAX - *at)
        return "the request is too large: 32 bytes of method, 8 KiB of URL, 64 KiB of headers, "
               "nearly 8 MiB in all";
    memcpy(c->w->setup.http->region + *at, from, text->size);
    *at += text->size;
    return NULL;
}

static const char *put_request(const struct wasi_call *c, const struct guest_request *q,
                               struct wire_call *call)
{
    uint32_t at = 0;
    const char *wrong = put(c, &q->method, WIRE_METHOD_MAX, &at);

    if (!wrong)
        wrong = put(c, &q->url, WIRE_URL_MAX, &at);
    if (!wrong)
        wrong = put(c, &q->headers, WIRE_HEADERS_MAX, &at);
    if (!wrong)
        wrong = put(c, &q->body, WIRE_CALL_MAX, &at);
    call->method_size = q->method.size;
    call->url_size = q->url.size;
    call->headers_size = q->headers.size;
    call->body_size = q->body.size;
    call->timeout_ms = q->timeout_ms;
    call->redirects = q->redirects;
    return wrong;
}

/* Ask, and sleep until the answer. */
static void ask(struct http *h)
{
    atomic_store(&h->call->state, WIRE_CALL_ASKED);
    h->wait(h->ctx, true);
    while (atomic_load(&h->call->state) == WIRE_CALL_ASKED)
        h->sleep(h->ctx);
    h->wait(h->ctx, false);
}

/* What was refused is told to whoever reads the log, too. */
static void log_refusal(const struct http *h, const struct guest_request *q)
{
    char line[WIRE_METHOD_MAX + WIRE_URL_MAX + WIRE_CALL_TEXT + 32];
    int n = snprintf(line, sizeof line, "wow: refused: %.*s %.*s: %s\n", (int)q->method.size,
                     (const char *)h->region, (int)q->url.size,
                     (const char *)h->region + q->method.size, h->said);

    for (int i = 0; i < n - 1; i++) /* one line, whatever the guest calls a URL */
        if ((unsigned char)line[i] < ' ')
            line[i] = '?';
    h->write(h->ctx, 2, (const uint8_t *)line, (size_t)n);
}

static uint32_t take_answer(struct http *h)
{
    const struct wire_call *call = h->call;

    h->body = (struct wow_bytes){h->region + call->at, call->body};
    h->headers = (struct wow_bytes){h->region + call->at + call->body, call->headers};
    return call->end == WIRE_CALL_OK ? WIRE_CALL_OK
                                     : fail(h, (enum wire_call_end)call->end, call->text);
}

static uint32_t request(const struct wasi_call *c, uint32_t *status)
{
    struct http *h = c->w->setup.http;
    const uint8_t *from = mem(c, arg32(c, 0), sizeof(struct guest_request));
    struct guest_request q;

    if (!from)
        return fail(h, WIRE_CALL_INVALID, "the request does not lie in the guest's memory");
    memcpy(&q, from, sizeof q);
    const char *wrong = put_request(c, &q, h->call);
    if (wrong)
        return fail(h, WIRE_CALL_INVALID, wrong);
    uint32_t end;
    if (h->call->left == 0) {
        end = fail(h, WIRE_CALL_TOO_MANY, "the activation has made as many requests as it may");
    } else {
        h->call->left--;
        ask(h);
        end = take_answer(h);
        *status = h->call->status;
    }
    if (end == WIRE_CALL_REFUSED || end == WIRE_CALL_TOO_MANY || end == WIRE_CALL_TOO_LARGE)
        log_refusal(h, &q);
    return end;
}

int http_host_request(void *guest, struct wow_instance *in, uint64_t *v)
{
    const struct wasi_call c = {guest, in, v};
    struct http *h = c.w->setup.http;
    struct guest_response r = {0};

    if (!h) {
        v[0] = WIRE_CALL_UNAVAILABLE;
        return 0;
    }
    h->body = h->headers = h->text = (struct wow_bytes){0};
    uint32_t end = request(&c, &r.status);
    r.headers_size = (uint32_t)h->headers.size;
    r.body_size = (uint32_t)h->body.size;
    r.text_size = (uint32_t)h->text.size;
    uint16_t put_errno = wasi_put(&c, arg32(&c, 1), &r, sizeof r);
    v[0] = put_errno == WASI_OK ? end : WIRE_CALL_INVALID;
    return 0;
}

int http_host_read(void *guest, struct wow_instance *in, uint64_t *v)
{
    const struct wasi_call c = {guest, in, v};
    const struct http *h = c.w->setup.http;
    uint32_t what = arg32(&c, 0), at = arg32(&c, 1), to = arg32(&c, 2), n = arg32(&c, 3);

    v[0] = UINT32_MAX; /* where `what` was */
    if (!h || what > READ_TEXT)
        return 0;
    struct wow_bytes from = what == READ_BODY      ? h->body
                            : what == READ_HEADERS ? h->headers
                                                   : h->text;
    size_t left = at < from.size ? from.size - at : 0;
    if (n > left)
        n = (uint32_t)left;
    if (wasi_put(&c, to, n ? from.data + at : (const uint8_t *)"", n) == WASI_OK)
        v[0] = n;
    return 0;
}
