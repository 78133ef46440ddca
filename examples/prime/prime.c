/* The nth prime, by a segmented sieve: {"n": 100000} gives {"n": 100000, "prime": 1299709}. */

#include <wow/action.h>

#include <string.h>

enum {
    MOST = 100000000,   /* the 100,000,000th prime is 2,038,074,743 */
    SEGMENT = 1 << 18,  /* odd numbers at once; a byte for each, which a processor's cache holds */
    ROOT = 46341,       /* no prime asked for is beyond its square */
    SMALL_PRIMES = 4792 /* that many primes are below ROOT */
};

static uint8_t composite[SEGMENT];
static uint32_t small[SMALL_PRIMES], next[SMALL_PRIMES]; /* where in the segment they go on */

/* The odd primes up to ROOT; how many. */
static size_t find_small(void)
{
    size_t count = 0;

    for (uint32_t i = 3; i < ROOT; i += 2) {
        if (composite[i / 2])
            continue;
        small[count++] = i;
        for (uint32_t multiple = i * i; multiple < ROOT && i < 216; multiple += 2 * i)
            composite[multiple / 2] = 1;
    }
    return count;
}

/* Strike out the multiples among the odd numbers from low on; i stands for low + 2i. */
static void sieve(uint32_t low, size_t count)
{
    memset(composite, 0, sizeof composite);
    for (size_t p = 0; p < count; p++) {
        uint32_t square = small[p] * small[p]; /* smaller multiples are those of smaller primes */

        if (square >= low + 2ull * SEGMENT)
            break;
        uint32_t at = square >= low ? (square - low) / 2 : next[p];
        for (; at < SEGMENT; at += small[p])
            composite[at] = 1;
        next[p] = at - SEGMENT;
    }
}

static uint32_t nth_prime(uint32_t n)
{
    size_t count = find_small();
    uint32_t seen = 1; /* 2 is the first, and no odd number */

    if (n == 1)
        return 2;
    for (uint32_t low = 1;; low += 2 * SEGMENT) {
        sieve(low, count);
        composite[0] |= low == 1; /* 1 is no prime */
        for (uint32_t i = 0; i < SEGMENT; i++)
            if (!composite[i] && ++seen == n)
                return low + 2 * i;
    }
}

static struct json *prime(const struct json *args, struct wow_error *err)
{
    uint64_t n = wow_uint_or(args, "n", 100000, err);

    if (wow_failed(err))
        return NULL;
    if (n < 1 || n > MOST)
        return wow_fail(err, "parameter 'n' must be between 1 and 100000000");
    struct json *result = json_object();
    json_set(result, "n", json_uint(n));
    json_set(result, "prime", json_uint(nth_prime((uint32_t)n)));
    return result;
}

WOW_ACTION(prime)
