#pragma once

/* Random bytes from the kernel, fetched many at a time. For one thread. */

#include <stddef.h>

void random_bytes(void *out, size_t n);

/* n random letters and digits, of 62, and a NUL. */
void random_text(char *out, size_t n);
