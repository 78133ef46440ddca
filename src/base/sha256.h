#pragma once

/* SHA-256 in hex, by OpenSSL, which uses the processor's own instructions. */

#include <stddef.h>

#define SHA256_HEX 65

void sha256_hex(const void *data, size_t n, char out[SHA256_HEX]);
