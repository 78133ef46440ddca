#pragma once

/*
 * The error value. It lives on the caller's stack: a kind for machines, a sentence for people,
 * nothing to free. A function that can fail returns int, 0 or negative, and takes a struct err
 * last; it fills err only when it fails. The caller handles the error or returns
 * err_wrap(err, "what was being done").
 *
 * Engines are compiled against this header: kinds are appended, never reordered.
 */

#define ERR_KINDS(X)                  \
    X(INVALID, "invalid input")       \
    X(NOT_FOUND, "not found")         \
    X(CONFLICT, "conflict")           \
    X(TOO_LARGE, "too large")         \
    X(BUSY, "too busy")               \
    X(INTERNAL, "internal error")     \
    X(REFUSED, "refused")             \
    X(UNUSABLE, "unusable code")

enum err_kind {
    ERR_NONE,
#define X(name, text) ERR_##name,
    ERR_KINDS(X)
#undef X
};

struct err {
    enum err_kind kind;
    char msg[384]; /* for a person; cut, never overrun */
};

/* Fill err and return -kind, so that failing is one line. */
int err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* As err_set, with ": " and the text of errno behind the message. */
int err_errno(struct err *err, enum err_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Put a context in front of err's message; returns -err->kind. */
int err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The text of a kind, as in the table. */
const char *err_kind_text(enum err_kind kind);
