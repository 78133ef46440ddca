#include "base/base64.h"

#include <stdint.h>
#include <string.h>

/* 0–63, or one of these. */
enum { BAD = 255, SPACE = 254, PAD = 253 };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void make_table(uint8_t table[256])
{
    memset(table, BAD, 256);
    for (uint8_t i = 0; i < 64; i++)
        table[(unsigned char)alphabet[i]] = i;
    table[' '] = table['\n'] = table['\r'] = table['\t'] = SPACE;
    table['='] = PAD;
}

static int bad(struct err *err, size_t at)
{
    return err_set(err, ERR_INVALID, "not valid base64 at character %zu", at);
}

int base64_decode(const char *text, size_t n, struct buf *out, struct err *err)
{
    uint8_t table[256], three[3 * 256];
    uint32_t bits = 0;
    size_t count = 0, pads = 0, filled = 0;

    make_table(table);
    for (size_t i = 0; i < n; i++) {
        uint8_t v = table[(unsigned char)text[i]];
        if (v == SPACE)
            continue;
        if (v == BAD || (v != PAD && pads > 0) || (v == PAD && count % 4 < 2))
            return bad(err, i);
        pads += v == PAD;
        bits = bits << 6 | (v == PAD ? 0 : v);
        if (++count % 4 != 0)
            continue;
        three[filled++] = (uint8_t)(bits >> 16);
        three[filled++] = (uint8_t)(bits >> 8);
        three[filled++] = (uint8_t)bits;
        if (filled == sizeof three) {
            int r = buf_add(out, three, filled - pads, err);
            if (r < 0)
                return r;
            filled = 0;
        }
    }
    if (count % 4 != 0)
        return err_set(err, ERR_INVALID, "not valid base64: it ends in mid-group");
    return filled ? buf_add(out, three, filled - pads, err) : 0;
}

void hex_encode(const unsigned char *data, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[data[i] >> 4];
        out[2 * i + 1] = digits[data[i] & 15];
    }
    out[2 * n] = '\0';
}

bool hex_decode(const char *text, unsigned char *out, size_t n)
{
    static const char digits[] = "0123456789abcdef";

    if (strlen(text) != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        const char *high = strchr(digits, text[2 * i]), *low = strchr(digits, text[2 * i + 1]);
        if (!high || !low)
            return false;
        out[i] = (unsigned char)((high - digits) << 4 | (low - digits));
    }
    return true;
}
