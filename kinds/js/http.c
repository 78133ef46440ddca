/* A request to the outside: the host's functions of the module `wow` (docs/guest-abi.md). */
#include <stdlib.h>
#include <string.h>

#include "js.h"

struct part {
    const void *at;
    size_t size;
};

struct host_request {
    struct part method, url, headers, body;
    uint32_t timeout_ms, redirects;
};

struct host_response {
    uint32_t status, headers_size, body_size, text_size;
};

enum { READ_BODY, READ_HEADERS, READ_TEXT };

#define IMPORT(name) __attribute__((import_module("wow"), import_name(name)))

IMPORT("http_request")
uint32_t wow_http_request(const struct host_request *request, struct host_response *response);
IMPORT("http_read") uint32_t wow_http_read(uint32_t what, uint32_t at, void *to, size_t size);

static JSValue read_bytes(JSContext *ctx, uint32_t what, size_t size)
{
    uint8_t *to = malloc(size + 1);

    if (to)
        wow_http_read(what, 0, to, size);
    return bytes_new(ctx, to, size);
}

/*
 * request(method, url, headers, body, timeout in ms, redirects): [how it ended, status, headers,
 * body, what went wrong], the last three as bytes. The activation sleeps meanwhile.
 */
static JSValue request(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    struct host_request q = {0};
    struct host_response r = {0};
    const char *texts[3] = {NULL};
    struct part *parts[3] = {&q.method, &q.url, &q.headers};
    JSValue answer = JS_EXCEPTION;
    bool ok = true;

    (void)self, (void)argc;
    for (int i = 0; i < 3 && ok; i++) {
        texts[i] = JS_ToCStringLen(ctx, &parts[i]->size, argv[i]);
        parts[i]->at = texts[i];
        ok = texts[i] != NULL;
    }
    if (ok && !JS_IsUndefined(argv[3]))
        ok = (q.body.at = bytes_of(ctx, argv[3], &q.body.size)) != NULL;
    ok = ok && JS_ToUint32(ctx, &q.timeout_ms, argv[4]) == 0 &&
         JS_ToUint32(ctx, &q.redirects, argv[5]) == 0;
    if (ok) {
        answer = JS_NewArray(ctx);
        JS_SetPropertyUint32(ctx, answer, 0, JS_NewUint32(ctx, wow_http_request(&q, &r)));
        JS_SetPropertyUint32(ctx, answer, 1, JS_NewUint32(ctx, r.status));
        JS_SetPropertyUint32(ctx, answer, 2, read_bytes(ctx, READ_HEADERS, r.headers_size));
        JS_SetPropertyUint32(ctx, answer, 3, read_bytes(ctx, READ_BODY, r.body_size));
        JS_SetPropertyUint32(ctx, answer, 4, read_bytes(ctx, READ_TEXT, r.text_size));
    }
    for (int i = 0; i < 3; i++)
        JS_FreeCString(ctx, texts[i]);
    return answer;
}

static const JSCFunctionListEntry functions[] = {JS_CFUNC_DEF("request", 6, request)};

void http_add(JSContext *ctx, JSValueConst object)
{
    JS_SetPropertyFunctionList(ctx, object, functions, 1);
}
