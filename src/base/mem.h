#pragma once

/*
 * Memory for small things of our own: zeroed, and the process ends when there is none. What a
 * client's bytes size goes through buf, which has a limit from birth.
 */

#include <stddef.h>

#define NEW(type) ((type *)mem_zero(sizeof(type)))

void *mem_zero(size_t size);
void *mem_grow(void *p, size_t size);
char *mem_dup(const char *s);
char *mem_dup_n(const char *s, size_t n); /* n bytes and a NUL */
char *mem_print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
