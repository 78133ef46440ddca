#pragma once

#include <stddef.h>
#include <stdint.h>

enum { SHA256_SIZE = 32 };

/* HMAC-SHA256 (RFC 2104, FIPS 180-4). */
void hmac_sha256(const void *key, size_t key_size, const void *data, size_t size,
                 uint8_t mac[SHA256_SIZE]);
