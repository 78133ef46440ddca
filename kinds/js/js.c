/* The three calls of wow's, and the loop in which promises and timers come to their end. */
#include "js.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../lib/kind.h"
#include "prelude.h" /* made from *.js: sources[] */

/*
 * How deep calls go. An engine's own stack, 1 MiB, is used up in step with ours, and faster; at
 * this size JavaScript sees a RangeError on all of them before the engine traps.
 */
#define STACK_SIZE (KIND_STACK - 32768)

static JSRuntime *rt;
static JSContext *ctx;
static JSValue hooks; /* the prelude's: prepare, run, next, fire, failed … */

static bool is_preparing;

/* What the prelude has settled on. */
static struct {
    bool is_done;
    int32_t status;
} end;

/* finish(status, text): the activation's or the preparation's answer is there. */
static JSValue finish(JSContext *c, JSValueConst self, int argc, JSValueConst *argv)
{
    size_t n = 0;
    char *copy = NULL;
    int32_t status = 0;

    (void)self;
    if (argc < 2 || JS_ToInt32(c, &status, argv[0]) < 0)
        return JS_EXCEPTION;
    if (JS_IsString(argv[1])) {
        const char *text = JS_ToCStringLen(c, &n, argv[1]);
        if (text && (copy = malloc(n + 1)))
            memcpy(copy, text, n + 1);
        JS_FreeCString(c, text);
    } else {
        const uint8_t *bytes = bytes_of(c, argv[1], &n);
        if (bytes && (copy = malloc(n + 1)))
            memcpy(copy, bytes, n);
    }
    if (!copy)
        return JS_HasException(c) ? JS_EXCEPTION : JS_ThrowOutOfMemory(c);
    kind_answer(copy, n);
    end.is_done = true;
    end.status = status;
    return JS_UNDEFINED;
}

/* Promises that nobody has caught (yet). */
static void rejected(JSContext *c, JSValueConst promise, JSValueConst reason, bool handled,
                     void *opaque)
{
    JSValueConst args[3] = {promise, reason, JS_NewBool(c, handled)};

    (void)opaque;
    JSValue f = JS_GetPropertyStr(c, hooks, "rejected");
    if (JS_IsFunction(c, f))
        JS_FreeValue(c, JS_Call(c, f, JS_UNDEFINED, 3, args));
    JS_FreeValue(c, f);
}

/* The last resort, when there is no memory left for the prelude to say what happened. */
static void give_up(void)
{
    static const char text[] = "The action exhausted its memory and was aborted.";
    static const char fault[] = "{\"Fault\":\"The action exhausted its memory and was aborted.\"}";

    if (is_preparing)
        kind_answer((char *)text, sizeof text - 1);
    else
        kind_answer((char *)fault, sizeof fault - 1);
    end.is_done = true;
    end.status = 1;
}

static void put(const char *text) { fwrite(text, 1, strlen(text), stderr); }

/* An exception that came out of the prelude itself: it has words for it, if there is memory. */
static void failed(void)
{
    JSValue exception = JS_GetException(ctx);
    JSValue f = JS_GetPropertyStr(ctx, hooks, "failed");
    JSValueConst args[1] = {exception};
    JSValue r = JS_Call(ctx, f, JS_UNDEFINED, 1, args);

    if (JS_IsException(r) || !end.is_done)
        give_up();
    JS_FreeValue(ctx, r);
    JS_FreeValue(ctx, f);
    JS_FreeValue(ctx, exception);
}

/* Call a hook; false when it threw, and all is settled. */
static bool hook(const char *name, int argc, JSValueConst *argv, double *number)
{
    JSValue f = JS_GetPropertyStr(ctx, hooks, name);
    JSValue r = JS_Call(ctx, f, JS_UNDEFINED, argc, argv);
    bool ok = !JS_IsException(r) && (!number || JS_ToFloat64(ctx, number, r) == 0);

    JS_FreeValue(ctx, r);
    JS_FreeValue(ctx, f);
    if (!ok)
        failed();
    return ok;
}

static bool run_jobs(void)
{
    JSContext *c;
    int r;

    while ((r = JS_ExecutePendingJob(rt, &c)) > 0)
        ;
    if (r < 0)
        failed();
    return r == 0;
}

static void wait_ms(double ms)
{
    struct timespec t = {.tv_sec = (time_t)(ms / 1e3)};

    t.tv_nsec = (long)((ms - (double)t.tv_sec * 1e3) * 1e6);
    if (ms > 0)
        nanosleep(&t, NULL);
}

/* Until finish was called: jobs, then the next timer, and so on. */
static void settle(void)
{
    double ms;

    while (run_jobs() && !end.is_done) {
        if (!hook("next", 0, NULL, &ms))
            return;
        if (isnan(ms)) { /* nothing will ever happen again */
            hook("stuck", 0, NULL, NULL);
            return;
        }
        wait_ms(ms);
        if (!hook("fire", 0, NULL, NULL))
            return;
    }
}

static void begin(void)
{
    JS_UpdateStackTop(rt);
    JS_SetHostPromiseRejectionTracker(rt, rejected, NULL);
}

static JSValue evaluate(const char *name, const char *text, size_t n)
{
    JSValue made = JS_Eval(ctx, text, n, name, JS_EVAL_TYPE_GLOBAL);

    if (JS_IsException(made)) { /* only while wow is built */
        JSValue exception = JS_GetException(ctx);
        const char *why = JS_ToCString(ctx, exception);
        put(name), put(": "), put(why), put("\n");
        abort();
    }
    return made;
}

/*
 * Each of the sources is a function that is called with the natives and the hooks; it makes what
 * is global, and hooks for us.
 */
void kind_initialize(void)
{
    rt = JS_NewRuntime();
    ctx = JS_NewContext(rt);
    JS_SetMaxStackSize(rt, STACK_SIZE);
    JS_UpdateStackTop(rt);
    JSValue natives = JS_NewObject(ctx);
    hooks = JS_NewObject(ctx);
    natives_add(ctx, natives);
    files_add(ctx, natives);
    code_add(ctx, natives);
    hash_add(ctx, natives);
    http_add(ctx, natives);
    JS_SetPropertyStr(ctx, natives, "version", JS_NewString(ctx, JS_GetVersion()));
    JS_SetPropertyStr(ctx, natives, "finish", JS_NewCFunction(ctx, finish, "finish", 2));
    code_set_loader(rt, hooks);
    for (const struct source *s = sources; s->name; s++) {
        JSValueConst args[2] = {natives, hooks};
        JSValue f = evaluate(s->name, (const char *)s->text, s->size);
        JSValue r = JS_Call(ctx, f, JS_UNDEFINED, 2, args);
        if (JS_IsException(r)) {
            JSValue exception = JS_GetException(ctx);
            put(JS_ToCString(ctx, exception)), put("\n");
            abort();
        }
        JS_FreeValue(ctx, f);
    }
    JS_FreeValue(ctx, natives);
    run_jobs();
    JS_RunGC(rt);
}

/* prepare(arguments), and what an action does when it is loaded. */
int32_t kind_prepare(void)
{
    begin();
    is_preparing = true;
    JSValue args[2] = {JS_NewStringLen(ctx, kind_buffer.data, kind_buffer.size),
                       JS_NewString(ctx, kind_argument(2))};
    if (hook("prepare", 2, (JSValueConst *)args, NULL))
        settle();
    return end.status;
}

void kind_run(void)
{
    begin();
    JSValue args = JS_ParseJSON(ctx, kind_buffer.data, kind_buffer.size, "<arguments>");
    JSValueConst argv[1] = {args};
    if (JS_IsException(args))
        failed();
    else if (hook("run", 1, argv, NULL))
        settle();
    hook("end", 0, NULL, NULL);
}
