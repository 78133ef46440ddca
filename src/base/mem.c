#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *p)
{
    if (!p) {
        fputs("out of memory\n", stderr);
        abort();
    }
    return p;
}

void *mem_zero(size_t size) { return must(calloc(1, size)); }

void *mem_grow(void *p, size_t size) { return must(realloc(p, size)); }

char *mem_dup_n(const char *s, size_t n)
{
    char *copy = must(malloc(n + 1));

    memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

char *mem_dup(const char *s) { return mem_dup_n(s, strlen(s)); }

char *mem_print(const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        text = NULL;
    va_end(ap);
    return must(text);
}
