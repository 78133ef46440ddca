/* Output, clocks, chance, environment, text and bytes. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

#include "../lib/kind.h"
#include "js.h"

const uint8_t *bytes_of(JSContext *ctx, JSValueConst value, size_t *size)
{
    size_t at = 0, n = 0, whole;
    uint8_t *data;

    if (JS_GetTypedArrayType(value) >= 0) {
        JSValue buffer = JS_GetTypedArrayBuffer(ctx, value, &at, &n, NULL);
        if (JS_IsException(buffer))
            return NULL;
        data = JS_GetArrayBuffer(ctx, &whole, buffer);
        JS_FreeValue(ctx, buffer);
        if (data && at <= whole && n <= whole - at) {
            *size = n;
            return data + at;
        }
        return data ? data : (const uint8_t *)(n == 0 ? "" : NULL);
    }
    data = JS_GetArrayBuffer(ctx, size, value);
    return data || JS_HasException(ctx) ? data : (const uint8_t *)"";
}

static void *resize_bytes(JSRuntime *rt, void *opaque, void *data, size_t size)
{
    (void)rt;
    (void)opaque;
    if (size > 0)
        return realloc(data, size);
    free(data);
    return NULL;
}

JSValue bytes_new(JSContext *ctx, uint8_t *data, size_t size)
{
    if (!data)
        return JS_ThrowOutOfMemory(ctx);
    return JS_NewArrayBuffer(ctx, data, size, 0, resize_bytes, NULL, false);
}

/* print(descriptor, text): to the activation's log. */
static JSValue print(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    int32_t fd = 1;
    size_t n = 0, at = 0;

    (void)self;
    (void)argc;
    if (JS_ToInt32(ctx, &fd, argv[0]) < 0)
        return JS_EXCEPTION;
    const char *text = JS_ToCStringLen(ctx, &n, argv[1]);
    if (!text)
        return JS_EXCEPTION;
    while (at < n) {
        ssize_t wrote = write(fd, text + at, n - at);
        if (wrote <= 0)
            break;
        at += (size_t)wrote;
    }
    JS_FreeCString(ctx, text);
    return JS_UNDEFINED;
}

/* now(): milliseconds of a clock that only goes forward. */
static JSValue now(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    struct timespec t;

    (void)self, (void)argc, (void)argv;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return JS_NewFloat64(ctx, (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6);
}

/* fill(bytes): with chance, from the host. */
static JSValue fill(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    size_t n = 0;
    uint8_t *to = (uint8_t *)bytes_of(ctx, argv[0], &n);

    (void)self, (void)argc;
    if (!to)
        return JS_EXCEPTION;
    if (n > 0 && __wasi_random_get(to, n) != 0)
        return JS_ThrowInternalError(ctx, "there is no chance to be had");
    return JS_UNDEFINED;
}

/*
 * random(): what Math.random gives. The state that QuickJS would use was made when this module was
 * built, and is the same in all instances.
 */
static JSValue random_number(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    static uint64_t state; /* xorshift64* */
    union {
        uint64_t bits;
        double number;
    } x;

    (void)self, (void)argc, (void)argv;
    while (state == 0)
        if (__wasi_random_get((uint8_t *)&state, sizeof state) != 0)
            return JS_ThrowInternalError(ctx, "there is no chance to be had");
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    x.bits = (state * 0x2545f4914f6cdd1dull) >> 12 | 0x3ffull << 52;
    return JS_NewFloat64(ctx, x.number - 1.0);
}

/* environment(): an object of strings. */
static JSValue environment(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    size_t count = 0, size = 0;
    JSValue object = JS_NewObject(ctx);

    (void)self, (void)argc, (void)argv;
    if (__wasi_environ_sizes_get(&count, &size) != 0 || count == 0)
        return object;
    uint8_t **list = calloc(count + 1, sizeof *list);
    uint8_t *text = malloc(size + 1);
    if (list && text && __wasi_environ_get(list, text) == 0)
        for (size_t i = 0; i < count; i++) {
            char *name = (char *)list[i], *is = strchr(name, '=');
            if (!is)
                continue;
            *is = '\0';
            JS_SetPropertyStr(ctx, object, name, JS_NewString(ctx, is + 1));
        }
    free(list);
    free(text);
    return object;
}

/* encode(text): its UTF-8. */
static JSValue encode(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    size_t n = 0;
    const char *text = JS_ToCStringLen(ctx, &n, argv[0]);

    (void)self, (void)argc;
    if (!text)
        return JS_EXCEPTION;
    JSValue bytes = JS_NewArrayBufferCopy(ctx, (const uint8_t *)text, n);
    JS_FreeCString(ctx, text);
    return bytes;
}

/* decode(bytes): the text whose UTF-8 that is; what is none becomes U+FFFD. */
static JSValue decode(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    size_t n = 0;
    const uint8_t *data = bytes_of(ctx, argv[0], &n);

    (void)self, (void)argc;
    return data ? JS_NewStringLen(ctx, (const char *)data, n) : JS_EXCEPTION;
}

/* latin1(bytes): a text with a character for each byte. */
static JSValue latin1(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    size_t n = 0;
    const uint8_t *data = bytes_of(ctx, argv[0], &n);

    (void)self, (void)argc;
    if (!data)
        return JS_EXCEPTION;
    uint16_t *wide = malloc(2 * n + 2);
    if (!wide)
        return JS_ThrowOutOfMemory(ctx);
    for (size_t i = 0; i < n; i++)
        wide[i] = data[i];
    JSValue text = JS_NewStringUTF16(ctx, wide, n);
    free(wide);
    return text;
}

/* data(at, n): that part of the action's data; data(): all of it. */
static JSValue data(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    uint32_t at = 0, n = (uint32_t)kind_data_size();

    (void)self;
    if (argc == 2 && (JS_ToUint32(ctx, &at, argv[0]) < 0 || JS_ToUint32(ctx, &n, argv[1]) < 0))
        return JS_EXCEPTION;
    if (n > kind_data_size())
        return JS_ThrowRangeError(ctx, "the action's data ends before");
    uint8_t *to = malloc(n + 1u);
    if (to)
        n = (uint32_t)kind_data_read(to, at, n);
    return bytes_new(ctx, to, n);
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("print", 2, print),
    JS_CFUNC_DEF("now", 0, now),
    JS_CFUNC_DEF("fill", 1, fill),
    JS_CFUNC_DEF("random", 0, random_number),
    JS_CFUNC_DEF("environment", 0, environment),
    JS_CFUNC_DEF("encode", 1, encode),
    JS_CFUNC_DEF("decode", 1, decode),
    JS_CFUNC_DEF("latin1", 1, latin1),
    JS_CFUNC_DEF("data", 2, data),
};

void natives_add(JSContext *ctx, JSValueConst object)
{
    JS_SetPropertyFunctionList(ctx, object, functions, sizeof functions / sizeof *functions);
}
