/*
 * BLAKE2b-256 (RFC 7693) of a text, applied again and again to its own result:
 * {"text": "abc", "iterations": 1000} gives {"hash": "<64 hex digits>", "iterations": 1000}.
 */

#include <wow/action.h>

#include <string.h>

enum { BLOCK = 128, DIGEST = 32, ROUNDS = 12 };

static const uint64_t initial[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

/* The order in which each round takes the words of the block. */
static const uint8_t order[ROUNDS][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
};

static inline uint64_t rotated(uint64_t word, int right)
{
    return word >> right | word << (64 - right);
}

#define MIX(a, b, c, d, x, y)          \
    do {                               \
        a += b + (x);                  \
        d = rotated(d ^ a, 32);        \
        c += d;                        \
        b = rotated(b ^ c, 24);        \
        a += b + (y);                  \
        d = rotated(d ^ a, 16);        \
        c += d;                        \
        b = rotated(b ^ c, 63);        \
    } while (0)

/* One block into the state; `bytes` is how many there were up to its end. */
static void compress(uint64_t state[8], const uint8_t block[BLOCK], uint64_t bytes, bool last)
{
    uint64_t v[16], word[16];

    for (int i = 0; i < 16; i++) {
        word[i] = 0;
        for (int j = 7; j >= 0; j--)
            word[i] = word[i] << 8 | block[8 * i + j];
    }
    memcpy(v, state, sizeof initial);
    memcpy(v + 8, initial, sizeof initial);
    v[12] ^= bytes;
    v[14] ^= last ? UINT64_MAX : 0;
#pragma GCC unroll 12
    for (int round = 0; round < ROUNDS; round++) {
        const uint8_t *take = order[round];

        MIX(v[0], v[4], v[8], v[12], word[take[0]], word[take[1]]);
        MIX(v[1], v[5], v[9], v[13], word[take[2]], word[take[3]]);
        MIX(v[2], v[6], v[10], v[14], word[take[4]], word[take[5]]);
        MIX(v[3], v[7], v[11], v[15], word[take[6]], word[take[7]]);
        MIX(v[0], v[5], v[10], v[15], word[take[8]], word[take[9]]);
        MIX(v[1], v[6], v[11], v[12], word[take[10]], word[take[11]]);
        MIX(v[2], v[7], v[8], v[13], word[take[12]], word[take[13]]);
        MIX(v[3], v[4], v[9], v[14], word[take[14]], word[take[15]]);
    }
    for (int i = 0; i < 8; i++)
        state[i] ^= v[i] ^ v[i + 8];
}

/* data may be where digest is. */
static void blake2b(const uint8_t *data, size_t size, uint8_t digest[DIGEST])
{
    uint8_t block[BLOCK] = {0};
    uint64_t state[8], bytes = 0;

    memcpy(state, initial, sizeof state);
    state[0] ^= 0x01010000 | DIGEST;
    for (; size - bytes > BLOCK; bytes += BLOCK)
        compress(state, data + bytes, bytes + BLOCK, false);
    memcpy(block, data + bytes, size - bytes);
    compress(state, block, size, true);
    for (int i = 0; i < DIGEST; i++)
        digest[i] = (uint8_t)(state[i / 8] >> 8 * (i % 8));
}

static struct json *hash(const struct json *args, struct wow_error *err)
{
    enum { DEFAULT = 600000, MOST = 1000000000 };
    const char *text = wow_string(args, "text", err);
    int64_t iterations = wow_int_or(args, "iterations", DEFAULT, err);

    if (wow_failed(err))
        return NULL;
    if (iterations < 1 || iterations > MOST)
        return wow_fail(err, "parameter 'iterations' must be between 1 and 1000000000");

    uint8_t digest[DIGEST];
    blake2b((const uint8_t *)text, strlen(text), digest);
    for (int64_t i = 1; i < iterations; i++)
        blake2b(digest, DIGEST, digest);

    char hex[2 * DIGEST];
    for (int i = 0; i < 2 * DIGEST; i++)
        hex[i] = "0123456789abcdef"[digest[i / 2] >> (i % 2 ? 0 : 4) & 15];
    struct json *result = json_object();
    json_set(result, "hash", json_string_n(hex, sizeof hex));
    json_set(result, "iterations", json_int(iterations));
    return result;
}

WOW_ACTION(hash)
