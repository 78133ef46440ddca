#include "base/sha256.h"

#include <openssl/sha.h>

#include "base/base64.h"

void sha256(const void *data, size_t n, unsigned char out[SHA256_SIZE]) { SHA256(data, n, out); }

void sha256_hex(const void *data, size_t n, char out[SHA256_HEX])
{
    unsigned char digest[SHA256_DIGEST_LENGTH];

    SHA256(data, n, digest);
    hex_encode(digest, sizeof digest, out);
}
