/*
 * Compiling to bytecode and running it. QuickJS trusts bytecode; here it is made by this same
 * program from the same action's source, and whoever forged it would gain what the action may do
 * anyway: all of it happens inside the guest.
 */
#include <stdlib.h>
#include <string.h>

#include "js.h"

/* is_module(source): does it say import or export? */
static JSValue is_module(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    size_t n = 0;
    const char *text = JS_ToCStringLen(ctx, &n, argv[0]);

    (void)self, (void)argc;
    if (!text)
        return JS_EXCEPTION;
    bool found = JS_DetectModule(text, n);
    JS_FreeCString(ctx, text);
    return JS_NewBool(ctx, found);
}

/* compile(source, name, as module, number of its first line): bytecode. */
static JSValue compile(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    size_t n = 0, size = 0;
    const char *text = JS_ToCStringLen(ctx, &n, argv[0]);
    const char *name = text ? JS_ToCString(ctx, argv[1]) : NULL;
    JSEvalOptions options = {.version = JS_EVAL_OPTIONS_VERSION, .filename = name};
    JSValue code = JS_EXCEPTION, bytes = JS_EXCEPTION;

    (void)self, (void)argc;
    options.eval_flags = (JS_ToBool(ctx, argv[2]) ? JS_EVAL_TYPE_MODULE : JS_EVAL_TYPE_GLOBAL) |
                         JS_EVAL_FLAG_COMPILE_ONLY;
    if (name && JS_ToInt32(ctx, &options.line_num, argv[3]) == 0)
        code = JS_Eval2(ctx, text, n, &options);
    if (!JS_IsException(code)) {
        uint8_t *made =
            JS_WriteObject(ctx, &size, code, JS_WRITE_OBJ_BYTECODE | JS_WRITE_OBJ_STRIP_SOURCE);
        if (made)
            bytes = JS_NewArrayBufferCopy(ctx, made, size);
        js_free(ctx, made);
    }
    JS_FreeValue(ctx, code);
    JS_FreeCString(ctx, name);
    JS_FreeCString(ctx, text);
    return bytes;
}

static JSValue read_code(JSContext *ctx, JSValueConst value)
{
    size_t n = 0;
    const uint8_t *data = bytes_of(ctx, value, &n);

    return data ? JS_ReadObject(ctx, data, n, JS_READ_OBJ_BYTECODE) : JS_EXCEPTION;
}

/* evaluate(bytecode): a script's value; of a module [promise, namespace]. */
static JSValue evaluate(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    JSValue code = read_code(ctx, argv[0]);

    (void)self, (void)argc;
    if (JS_IsException(code) || JS_VALUE_GET_TAG(code) != JS_TAG_MODULE)
        return JS_IsException(code) ? code : JS_EvalFunction(ctx, code);
    JSModuleDef *module = JS_VALUE_GET_PTR(code);
    if (JS_ResolveModule(ctx, code) < 0) {
        JS_FreeValue(ctx, code);
        return JS_EXCEPTION;
    }
    JSValue promise = JS_EvalFunction(ctx, code);
    if (JS_IsException(promise))
        return promise;
    JSValue pair = JS_NewArray(ctx);
    JS_SetPropertyUint32(ctx, pair, 0, promise);
    JS_SetPropertyUint32(ctx, pair, 1, JS_GetModuleNamespace(ctx, module));
    return pair;
}

/* pack(value): objects, arrays, texts, numbers as bytes; unpack(bytes): and back. */
static JSValue pack(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    size_t n = 0;
    uint8_t *made = JS_WriteObject(ctx, &n, argv[0], 0);

    (void)self, (void)argc;
    if (!made)
        return JS_EXCEPTION;
    JSValue bytes = JS_NewArrayBufferCopy(ctx, made, n);
    js_free(ctx, made);
    return bytes;
}

static JSValue unpack(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    size_t n = 0;
    const uint8_t *data = bytes_of(ctx, argv[0], &n);

    (void)self, (void)argc;
    return data ? JS_ReadObject(ctx, data, n, 0) : JS_EXCEPTION;
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("isModule", 1, is_module), JS_CFUNC_DEF("compile", 4, compile),
    JS_CFUNC_DEF("evaluate", 1, evaluate),  JS_CFUNC_DEF("pack", 1, pack),
    JS_CFUNC_DEF("unpack", 1, unpack),
};

void code_add(JSContext *ctx, JSValueConst object)
{
    JS_SetPropertyFunctionList(ctx, object, functions, sizeof functions / sizeof *functions);
}

/* ---- what ES modules import ---- */

static JSValue loader_hooks;

static JSValue ask(JSContext *ctx, const char *hook, const char *a, const char *b)
{
    JSValue f = JS_GetPropertyStr(ctx, loader_hooks, hook);
    JSValue args[2] = {JS_NewString(ctx, a), b ? JS_NewString(ctx, b) : JS_UNDEFINED};
    JSValue r = JS_Call(ctx, f, JS_UNDEFINED, 2, (JSValueConst *)args);

    JS_FreeValue(ctx, args[0]);
    JS_FreeValue(ctx, args[1]);
    JS_FreeValue(ctx, f);
    return r;
}

/* resolve(from, what): a module's full name. */
static char *normalize(JSContext *ctx, const char *from, const char *what, void *opaque)
{
    JSValue name = ask(ctx, "resolve", from, what);
    const char *text = JS_IsException(name) ? NULL : JS_ToCString(ctx, name);
    char *copy = text ? js_strdup(ctx, text) : NULL;

    (void)opaque;
    JS_FreeCString(ctx, text);
    JS_FreeValue(ctx, name);
    return copy;
}

/* A module that is none of ours: what require gives is its default export. */
static int fill_required(JSContext *ctx, JSModuleDef *module)
{
    JSAtom atom = JS_GetModuleName(ctx, module);
    const char *name = JS_AtomToCString(ctx, atom);
    JSValue value = name ? ask(ctx, "required", name, NULL) : JS_EXCEPTION;

    JS_FreeCString(ctx, name);
    JS_FreeAtom(ctx, atom);
    return JS_IsException(value) ? -1 : JS_SetModuleExport(ctx, module, "default", value);
}

/* load(name): bytecode of an ES module, or undefined when it is for require. */
static JSModuleDef *load(JSContext *ctx, const char *name, void *opaque)
{
    JSValue bytes = ask(ctx, "load", name, NULL);
    JSModuleDef *module = NULL;

    (void)opaque;
    if (JS_IsUndefined(bytes)) {
        module = JS_NewCModule(ctx, name, fill_required);
        if (module && JS_AddModuleExport(ctx, module, "default") < 0)
            module = NULL;
    } else if (!JS_IsException(bytes)) {
        JSValue code = read_code(ctx, bytes);
        if (!JS_IsException(code)) {
            module = JS_VALUE_GET_PTR(code);
            JS_FreeValue(ctx, code); /* the context has it */
        }
    }
    JS_FreeValue(ctx, bytes);
    return module;
}

void code_set_loader(JSRuntime *rt, JSValueConst hooks)
{
    loader_hooks = hooks;
    JS_SetModuleLoaderFunc(rt, normalize, load, NULL);
}
