/*
 * What the compute rows of docs/bench.md run, compiled twice from this one source: into
 * kernels.wasm, and natively into bench-compute-native. Each takes a number of rounds and returns
 * a checksum, which must be the same in both. No library, no memory but what stands here.
 */
#include <stddef.h>
#include <stdint.h>

#ifdef __wasm__
#define KERNEL(name) __attribute__((export_name(#name)))
void _start(void);
__attribute__((export_name("_start"))) void _start(void) {} /* so that it is a command */
#else
#define KERNEL(name)
#endif

int32_t hash(int32_t rounds);
int32_t prime(int32_t rounds);
int32_t sieve(int32_t rounds);
int32_t list(int32_t rounds);
int32_t matrix(int32_t rounds);
int32_t state(int32_t rounds);
int32_t crc(int32_t rounds);

static uint32_t seed = 1;

static uint32_t chance(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

/* ---- hash: the compression function of BLAKE2b, RFC 7693 section 3.2 ---- */

static uint64_t rotate(uint64_t x, int n) { return x >> n | x << (64 - n); }

static void mix(uint64_t *v, int a, int b, int c, int d, uint64_t x, uint64_t y)
{
    v[a] += v[b] + x;
    v[d] = rotate(v[d] ^ v[a], 32);
    v[c] += v[d];
    v[b] = rotate(v[b] ^ v[c], 24);
    v[a] += v[b] + y;
    v[d] = rotate(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = rotate(v[b] ^ v[c], 63);
}

KERNEL(hash) int32_t hash(int32_t rounds)
{
    static const uint8_t order[4][16] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
                                         {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
                                         {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
                                         {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8}};
    uint64_t v[16], m[16];

    for (int i = 0; i < 16; i++)
        v[i] = m[i] = 0x6a09e667f3bcc908u * (uint64_t)(i + 1);
    for (int32_t r = 0; r < rounds; r++) {
        const uint8_t *s = order[r & 3];
        for (int i = 0; i < 4; i++)
            mix(v, i, 4 + i, 8 + i, 12 + i, m[s[2 * i]], m[s[2 * i + 1]]);
        for (int i = 0; i < 4; i++)
            mix(v, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, m[s[8 + 2 * i]],
                m[s[9 + 2 * i]]);
        m[r & 15] ^= v[0];
    }
    return (int32_t)(v[0] ^ v[7] ^ v[15]);
}

/* ---- prime: how many below, by trial division ---- */

KERNEL(prime) int32_t prime(int32_t rounds)
{
    int32_t found = 0;

    for (uint32_t n = 2; n < (uint32_t)rounds; n++) {
        uint32_t d = 2;
        while (d * d <= n && n % d != 0)
            d++;
        found += d * d > n;
    }
    return found;
}

/* ---- sieve of Eratosthenes ---- */

#define SIEVE 65536u
static uint8_t composite[SIEVE];

KERNEL(sieve) int32_t sieve(int32_t rounds)
{
    int32_t sum = 0;

    for (int32_t r = 0; r < rounds; r++) {
        for (uint32_t i = 0; i < SIEVE; i++)
            composite[i] = 0;
        for (uint32_t i = 2; i < SIEVE; i++) {
            if (composite[i])
                continue;
            sum += (int32_t)i;
            for (uint32_t j = 2 * i; j < SIEVE; j += i)
                composite[j] = 1;
        }
    }
    return sum;
}

/* ---- list, matrix, state, crc: what CoreMark is made of ---- */

#define NODES 512
struct node {
    struct node *next;
    int32_t value;
};
static struct node nodes[NODES];

static struct node *merge(struct node *a, struct node *b)
{
    struct node head, *at = &head;

    while (a && b) {
        struct node **less = a->value <= b->value ? &a : &b;
        at->next = *less;
        at = *less;
        *less = at->next;
    }
    at->next = a ? a : b;
    return head.next;
}

static struct node *sort(struct node *list_, int32_t n)
{
    if (n < 2) {
        if (list_)
            list_->next = NULL;
        return list_;
    }
    struct node *half = list_;
    for (int32_t i = 0; i < n / 2; i++)
        half = half->next;
    struct node *second = sort(half, n - n / 2);
    return merge(sort(list_, n / 2), second);
}

KERNEL(list) int32_t list(int32_t rounds)
{
    uint32_t sum = 0;

    seed = 1;
    for (int32_t r = 0; r < rounds; r++) {
        for (int32_t i = 0; i < NODES; i++)
            nodes[i] =
                (struct node){i + 1 < NODES ? &nodes[i + 1] : NULL, (int32_t)(chance() & 0xffff)};
        for (const struct node *n = sort(nodes, NODES); n; n = n->next)
            sum = sum * 31 + (uint32_t)n->value;
    }
    return (int32_t)sum;
}

#define SIDE 48
static int32_t left[SIDE][SIDE], right[SIDE][SIDE], product[SIDE][SIDE];

KERNEL(matrix) int32_t matrix(int32_t rounds)
{
    uint32_t sum = 0;

    seed = 2;
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            left[i][j] = (int32_t)(chance() & 0xff);
            right[i][j] = (int32_t)(chance() & 0xff);
        }
    for (int32_t r = 0; r < rounds; r++) {
        for (int i = 0; i < SIDE; i++)
            for (int j = 0; j < SIDE; j++) {
                int32_t cell = 0;
                for (int k = 0; k < SIDE; k++)
                    cell += left[i][k] * right[k][j];
                product[i][j] = cell;
            }
        sum = sum * 31 + (uint32_t)product[r % SIDE][(r * 7) % SIDE];
        left[r % SIDE][0] = (int32_t)(sum & 0xff);
    }
    return (int32_t)sum;
}

enum form { START, SIGN, INTEGER, DOT, EXPONENT, BAD };

static int is_digit(char c) { return c >= '0' && c <= '9'; }

static enum form step(enum form now, char c)
{
    switch (now) {
    case START:
        return c == '+' || c == '-' ? SIGN : is_digit(c) ? INTEGER : c == '.' ? DOT : BAD;
    case SIGN:
    case INTEGER:
        return is_digit(c) ? INTEGER : c == '.' ? DOT : c == 'e' ? EXPONENT : BAD;
    case DOT:
        return is_digit(c) ? DOT : c == 'e' ? EXPONENT : BAD;
    case EXPONENT:
        return is_digit(c) ? EXPONENT : BAD;
    case BAD:
        break;
    }
    return BAD;
}

/* Is this word a number, and of which form? */
static uint32_t scan(const char *at, uint32_t counts[6])
{
    enum form now = START;

    for (; *at; at++)
        now = step(now, *at);
    return ++counts[now];
}

KERNEL(state) int32_t state(int32_t rounds)
{
    static char words[64][12];
    static const char letters[] = "0123456789+-.e5x";
    uint32_t counts[6] = {0}, sum = 0;

    seed = 3;
    for (int w = 0; w < 64; w++)
        for (int i = 0; i < 11; i++)
            words[w][i] = letters[chance() % (i < 8 ? 10 : 16)];
    for (int32_t r = 0; r < rounds; r++)
        for (int w = 0; w < 64; w++) {
            sum = sum * 31 + scan(words[w], counts);
            words[w][r % 11] = letters[(sum >> 7) & 15];
        }
    return (int32_t)sum;
}

KERNEL(crc) int32_t crc(int32_t rounds)
{
    uint32_t sum = 0xffffffffu;

    for (int32_t r = 0; r < rounds; r++) {
        sum ^= (uint32_t)r & 0xff;
        for (int bit = 0; bit < 8; bit++)
            sum = sum & 1 ? sum >> 1 ^ 0xedb88320u : sum >> 1;
    }
    return (int32_t)sum;
}
