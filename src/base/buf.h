#pragma once

/*
 * Bytes that grow up to a limit given at birth. Whatever a client's or a guest's bytes size goes
 * through one of these: growth beyond the limit fails with ERR_TOO_LARGE and changes nothing.
 * Not for threads to share.
 */

#include <stddef.h>

#include "base/auto.h"
#include "wow/err.h"

struct buf {
    char *data; /* size bytes and a NUL behind them; NULL while empty */
    size_t size, room, limit;
};

void buf_init(struct buf *b, size_t limit);
void buf_done(struct buf *b);
void buf_clear(struct buf *b);         /* empty, keeps the memory */
void buf_cut(struct buf *b, size_t n); /* to its first n bytes */

int buf_add(struct buf *b, const void *data, size_t n, struct err *err);

/* For text whose size we know to be small against the limit: ends the process if it is not. */
void buf_put(struct buf *b, const void *data, size_t n);
void buf_text(struct buf *b, const char *s);
void buf_print(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * s as a JSON string with its quotes, or as what stands between them, of at most BUF_JSON_MAX(n)
 * bytes; bytes that are not UTF-8 become U+FFFD.
 */
#define BUF_JSON_MAX(n) (6 * (n))
void buf_json_string(struct buf *b, const char *s, size_t n);
void buf_json_text(struct buf *b, const char *s, size_t n);

static inline void buf_auto(struct buf *b) { buf_done(b); }
