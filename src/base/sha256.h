#pragma once

/* SHA-256, also in hex, by OpenSSL, which uses the processor's own instructions. */

#include <stddef.h>

#define SHA256_SIZE 32
#define SHA256_HEX 65

void sha256(const void *data, size_t n, unsigned char out[SHA256_SIZE]);

void sha256_hex(const void *data, size_t n, char out[SHA256_HEX]);
