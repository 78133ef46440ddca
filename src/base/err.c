#include "wow/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
    va_list ap;

    err->kind = kind;
    va_start(ap, fmt);
    vsnprintf(err->msg, sizeof err->msg, fmt, ap);
    va_end(ap);
    return -(int)kind;
}

int err_errno(struct err *err, enum err_kind kind, const char *fmt, ...)
{
    int code = errno;
    va_list ap;

    err->kind = kind;
    va_start(ap, fmt);
    int n = vsnprintf(err->msg, sizeof err->msg, fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof err->msg)
        snprintf(err->msg + n, sizeof err->msg - (size_t)n, ": %s", strerror(code));
    return -(int)kind;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
    char was[sizeof err->msg];
    va_list ap;

    memcpy(was, err->msg, sizeof was);
    va_start(ap, fmt);
    int n = vsnprintf(err->msg, sizeof err->msg, fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof err->msg)
        snprintf(err->msg + n, sizeof err->msg - (size_t)n, ": %s", was);
    return -(int)err->kind;
}

const char *err_kind_text(enum err_kind kind)
{
    static const char *const texts[] = {[ERR_NONE] = "no error",
#define X(name, text) [ERR_##name] = text,
                                        ERR_KINDS(X)
#undef X
    };
    return texts[kind];
}
