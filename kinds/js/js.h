#pragma once

/*
 * JavaScript: QuickJS with what an action expects around it. The C here is what JavaScript cannot
 * do for itself, an object of functions that prelude.js gets and keeps to itself; everything
 * people see (console, require, timers …) is in the *.js beside it.
 */

#include <stdbool.h>

#include <quickjs.h>

/* natives.c, files.c, code.c, hash.c, http.c: put functions on the object. */
void natives_add(JSContext *ctx, JSValueConst object);
void files_add(JSContext *ctx, JSValueConst object);
void code_add(JSContext *ctx, JSValueConst object);
void hash_add(JSContext *ctx, JSValueConst object);
void http_add(JSContext *ctx, JSValueConst object);

/* The imports of ES modules: asks the prelude's functions of these names for them. */
void code_set_loader(JSRuntime *rt, JSValueConst hooks);

/* The bytes of an ArrayBuffer, typed array or DataView; NULL with an exception. */
const uint8_t *bytes_of(JSContext *ctx, JSValueConst value, size_t *size);
/* An ArrayBuffer with these malloc'ed bytes, which are its own from then on. */
JSValue bytes_new(JSContext *ctx, uint8_t *data, size_t size);

/* files.c: decoding base64, in either alphabet, as forgiving as browsers and Node.js are. */
bool base64_decode(const char *text, size_t n, uint8_t *out, size_t *size, bool strict);
