#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

void buf_init(struct buf *b, size_t limit) { *b = (struct buf){.limit = limit}; }

void buf_done(struct buf *b)
{
    free(b->data);
    buf_init(b, b->limit);
}

void buf_clear(struct buf *b)
{
    b->size = 0;
    if (b->data)
        b->data[0] = '\0';
}

void buf_cut(struct buf *b, size_t n)
{
    assert(n <= b->size);
    b->size = n;
    if (b->data)
        b->data[n] = '\0';
}

int buf_add(struct buf *b, const void *data, size_t n, struct err *err)
{
    if (n > b->limit - b->size)
        return err_set(err, ERR_TOO_LARGE, "more than %zu bytes", b->limit);
    if (b->size + n + 1 > b->room) {
        size_t room = b->room * 2 > b->size + n + 1 ? b->room * 2 : b->size + n + 1;
        b->data = mem_grow(b->data, room < 64 ? 64 : room);
        b->room = room < 64 ? 64 : room;
    }
    if (n)
        memcpy(b->data + b->size, data, n);
    b->size += n;
    b->data[b->size] = '\0';
    return 0;
}

void buf_put(struct buf *b, const void *data, size_t n)
{
    struct err err;
    int r = buf_add(b, data, n, &err);

    assert(r == 0 && "text of our own exceeds its buffer's limit");
    (void)r;
}

void buf_text(struct buf *b, const char *s) { buf_put(b, s, strlen(s)); }

void buf_print(struct buf *b, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    assert(n >= 0 && (size_t)n < sizeof text);
    buf_put(b, text, (size_t)n);
}

/* The escape of one byte inside a JSON string; NULL when it stands for itself. */
static const char *json_escape(unsigned char c, char hex[7])
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        if (c >= 0x20)
            return NULL;
        memcpy(hex, "\\u00", 4);
        hex[4] = (char)('0' + (c >> 4));
        hex[5] = "0123456789abcdef"[c & 15];
        hex[6] = '\0';
        return hex;
    }
}

/* Stands for itself, and is a character of its own. */
static bool is_plain(unsigned char c) { return c >= 0x20 && c < 0x80 && c != '"' && c != '\\'; }

void buf_json_text(struct buf *b, const char *s, size_t n)
{
    char hex[7];
    size_t from = 0; /* start of the run that needs no escape */

    for (size_t i = 0; i < n;) {
        if (is_plain((unsigned char)s[i])) {
            i++;
            continue;
        }
        size_t len = utf8_length(s + i, n - i);
        const char *escape = len == 0 ? "\xef\xbf\xbd" : json_escape((unsigned char)s[i], hex);
        if (escape) {
            buf_put(b, s + from, i - from);
            buf_text(b, escape);
            from = i + 1;
        }
        i += len ? len : 1;
    }
    buf_put(b, s + from, n - from);
}

void buf_json_string(struct buf *b, const char *s, size_t n)
{
    buf_put(b, "\"", 1);
    buf_json_text(b, s, n);
    buf_put(b, "\"", 1);
}
