#include "base/mac.h"

#include <assert.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

void mac_make(const struct mac_key *key, const void *a, size_t an, const void *b, size_t bn,
              unsigned char out[MAC_SIZE])
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
    size_t n = 0;

    bool ok = ctx && EVP_MAC_init(ctx, key->bytes, sizeof key->bytes, params) &&
              EVP_MAC_update(ctx, a, an) && EVP_MAC_update(ctx, b, bn) &&
              EVP_MAC_final(ctx, out, &n, MAC_SIZE);
    assert(ok && n == MAC_SIZE); /* OpenSSL has HMAC, or nothing works */
    (void)ok;
    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(hmac);
}

bool mac_equal(const unsigned char a[MAC_SIZE], const unsigned char b[MAC_SIZE])
{
    return CRYPTO_memcmp(a, b, MAC_SIZE) == 0;
}
