#pragma once

/* Base64 with the standard alphabet and padding (RFC 4648 section 4), and hexadecimal. */

#include <stdbool.h>

#include "base/buf.h"

/* Decode n characters; white space between them is skipped, all else is an error. */
int base64_decode(const char *text, size_t n, struct buf *out, struct err *err);

/* 2n lower-case hex digits and a NUL. */
void hex_encode(const unsigned char *data, size_t n, char *out);

/* Exactly 2n lower-case hex digits to n bytes; false when text is anything else. */
bool hex_decode(const char *text, unsigned char *out, size_t n);
