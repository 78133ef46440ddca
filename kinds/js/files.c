/* Base64, and zip files: what an action that is more than one file comes in. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "js.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

bool base64_decode(const char *text, size_t n, uint8_t *out, size_t *size, bool strict)
{
    uint32_t bits = 0, have = 0;
    size_t made = 0, i = 0;

    for (; i < n && text[i] != '='; i++) {
        int v = value_of(text[i]);
        if (v < 0 && (text[i] == ' ' || (text[i] >= '\t' && text[i] <= '\r') || !strict))
            continue;
        if (v < 0)
            return false;
        bits = bits << 6 | (uint32_t)v;
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[made++] = (uint8_t)(bits >> have);
        }
    }
    *size = made;
    return !strict || have < 6;
}

/* fromBase64(text, strict): bytes. */
static JSValue from_base64(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    size_t n = 0, size = 0;
    const char *text = JS_ToCStringLen(ctx, &n, argv[0]);

    (void)self, (void)argc;
    if (!text)
        return JS_EXCEPTION;
    uint8_t *out = malloc(n / 4 * 3 + 4);
    bool good = out && base64_decode(text, n, out, &size, JS_ToBool(ctx, argv[1]) > 0);
    JS_FreeCString(ctx, text);
    if (out && !good) {
        free(out);
        return JS_ThrowSyntaxError(ctx, "not valid base64");
    }
    return bytes_new(ctx, out, size);
}

/* toBase64(bytes): text. */
static JSValue to_base64(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    size_t n = 0, made = 0;
    const uint8_t *in = bytes_of(ctx, argv[0], &n);

    (void)self, (void)argc;
    if (!in)
        return JS_EXCEPTION;
    char *out = malloc(n / 3 * 4 + 5);
    if (!out)
        return JS_ThrowOutOfMemory(ctx);
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        uint32_t bits = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
                        (left > 2 ? in[i + 2] : 0);
        out[made++] = alphabet[bits >> 18];
        out[made++] = alphabet[bits >> 12 & 63];
        out[made++] = left > 1 ? alphabet[bits >> 6 & 63] : '=';
        out[made++] = left > 2 ? alphabet[bits & 63] : '=';
    }
    JSValue text = JS_NewStringLen(ctx, out, made);
    free(out);
    return text;
}

/* ---- zip: APPNOTE.TXT 6.3, what ordinary archivers make of it ---- */

#define END_SIZE 22u
#define ENTRY_SIZE 46u
#define LOCAL_SIZE 30u

struct zip {
    const uint8_t *at;
    size_t size;
};

struct member {
    const uint8_t *data;
    uint32_t packed, size, method, crc;
};

static uint32_t u16(const uint8_t *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8; }
static uint32_t u32(const uint8_t *p) { return u16(p) | u16(p + 2) << 16; }

static bool has(const struct zip *z, size_t at, size_t n)
{
    return n <= z->size && at <= z->size - n;
}

/* Where the directory's end record is; 0 when there is none, as a zip begins with a member. */
static size_t find_end(const struct zip *z)
{
    for (size_t at = z->size < END_SIZE ? 0 : z->size - END_SIZE; at > 0; at--)
        if (u32(z->at + at) == 0x06054b50)
            return at;
    return 0;
}

/* From a directory entry to where its bytes are. */
static const char *find_member(const struct zip *z, const uint8_t *entry, struct member *out)
{
    size_t at = u32(entry + 42);

    *out =
        (struct member){NULL, u32(entry + 20), u32(entry + 24), u16(entry + 10), u32(entry + 16)};
    if (u16(entry + 8) & 1)
        return "is encrypted";
    if (out->method != 0 && out->method != 8)
        return "is compressed in a way that is not known here";
    if (!has(z, at, LOCAL_SIZE) || u32(z->at + at) != 0x04034b50)
        return "is not where the directory says";
    at += LOCAL_SIZE + u16(z->at + at + 26) + u16(z->at + at + 28);
    if (!has(z, at, out->packed) || (out->method == 0 && out->packed != out->size))
        return "is cut";
    out->data = z->at + at;
    return NULL;
}

static const char *inflate_member(const struct member *m, uint8_t *to)
{
    z_stream s = {
        .next_in = (uint8_t *)m->data, .avail_in = m->packed, .next_out = to, .avail_out = m->size};

    if (m->method == 0) {
        memcpy(to, m->data, m->size);
        return NULL;
    }
    if (inflateInit2(&s, -MAX_WBITS) != Z_OK)
        return "needs more memory than there is";
    int r = inflate(&s, Z_FINISH);
    inflateEnd(&s);
    return r == Z_STREAM_END && s.total_out == m->size && crc32(0, to, m->size) == m->crc
               ? NULL
               : "is damaged";
}

static JSValue unzip_member(JSContext *ctx, const struct zip *z, const uint8_t *entry,
                            JSValueConst name)
{
    struct member m;
    uint8_t *bytes = NULL;
    const char *wrong = find_member(z, entry, &m);

    if (!wrong && !(bytes = malloc(m.size + 1u)))
        return JS_ThrowOutOfMemory(ctx);
    if (!wrong)
        wrong = inflate_member(&m, bytes);
    if (!wrong)
        return bytes_new(ctx, bytes, m.size);
    free(bytes);
    const char *shown = JS_ToCString(ctx, name);
    JS_ThrowSyntaxError(ctx, "error uncompressing the archive: '%.100s' %s", shown ? shown : "?",
                        wrong);
    JS_FreeCString(ctx, shown);
    return JS_EXCEPTION;
}

/* unzip(bytes): [name, bytes, name, bytes …] of the files in it. */
static JSValue unzip(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    struct zip z = {0};
    uint32_t count = 0;

    (void)self, (void)argc;
    z.at = bytes_of(ctx, argv[0], &z.size);
    if (!z.at)
        return JS_EXCEPTION;
    size_t end = find_end(&z), at = end ? u32(z.at + end + 16) : 0;
    if (!end)
        return JS_ThrowSyntaxError(ctx, "error uncompressing the archive: it is no zip file");
    JSValue all = JS_NewArray(ctx);
    for (uint32_t left = u16(z.at + end + 10); left > 0; left--) {
        if (!has(&z, at, ENTRY_SIZE) || u32(z.at + at) != 0x02014b50 ||
            !has(&z, at + ENTRY_SIZE, u16(z.at + at + 28))) {
            JS_FreeValue(ctx, all);
            return JS_ThrowSyntaxError(ctx, "error uncompressing the archive: its directory is "
                                            "damaged");
        }
        const uint8_t *entry = z.at + at;
        uint32_t n = u16(entry + 28);
        at += ENTRY_SIZE + n + u16(entry + 30) + u16(entry + 32);
        if (n == 0 || entry[ENTRY_SIZE + n - 1] == '/')
            continue;
        JSValue name = JS_NewStringLen(ctx, (const char *)entry + ENTRY_SIZE, n);
        JSValue bytes = unzip_member(ctx, &z, entry, name);
        if (JS_IsException(bytes)) {
            JS_FreeValue(ctx, name);
            JS_FreeValue(ctx, all);
            return bytes;
        }
        JS_SetPropertyUint32(ctx, all, count++, name);
        JS_SetPropertyUint32(ctx, all, count++, bytes);
    }
    return all;
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF("fromBase64", 2, from_base64),
    JS_CFUNC_DEF("toBase64", 1, to_base64),
    JS_CFUNC_DEF("unzip", 1, unzip),
};

void files_add(JSContext *ctx, JSValueConst object)
{
    JS_SetPropertyFunctionList(ctx, object, functions, sizeof functions / sizeof *functions);
}
