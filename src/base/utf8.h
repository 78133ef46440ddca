#pragma once

/* UTF-8, strict: no overlong forms, no surrogates, nothing beyond U+10FFFF. */

#include <stddef.h>

/* Length of the character at s, which has n >= 1 bytes; 0 when it is not valid UTF-8. */
size_t utf8_length(const char *s, size_t n);
