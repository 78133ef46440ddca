#include "base/random.h"

#include <assert.h>
#include <string.h>
#include <sys/random.h>

static unsigned char pool[256]; /* getrandom gives as much at once, uninterrupted */
static size_t left;

void random_bytes(void *out, size_t n)
{
    unsigned char *to = out;

    while (n > 0) {
        if (left == 0) {
            ssize_t r = getrandom(pool, sizeof pool, 0);
            assert(r == (ssize_t)sizeof pool);
            left = (size_t)r;
        }
        size_t part = n < left ? n : left;
        memcpy(to, pool + sizeof pool - left, part);
        memset(pool + sizeof pool - left, 0, part); /* given out once */
        left -= part;
        to += part;
        n -= part;
    }
}

void random_text(char *out, size_t n)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    unsigned char byte;

    for (size_t i = 0; i < n;) {
        random_bytes(&byte, 1);
        if (byte < 4 * 62) /* so that each is as likely as any other */
            out[i++] = letters[byte % 62];
    }
    out[n] = '\0';
}
