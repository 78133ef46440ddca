/* Bytes as text: base64 with padding (RFC 4648), as OpenWhisk passes binary bodies. */

#include "internal.h"

#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct json *json_bytes(const void *bytes, size_t size)
{
    const uint8_t *from = bytes;
    struct json *value = json_new(JSON_STRING);

    if (size > SIZE_MAX / 4 * 3 - 4)
        wow_panic("out of memory");
    char *text = wow_alloc((size + 2) / 3 * 4 + 1), *to = text;
    for (size_t at = 0; at < size; at += 3) {
        size_t left = size - at;
        uint32_t group = (uint32_t)from[at] << 16 | (uint32_t)(left > 1 ? from[at + 1] : 0) << 8 |
                         (left > 2 ? from[at + 2] : 0);

        *to++ = letters[group >> 18];
        *to++ = letters[group >> 12 & 63];
        *to++ = left > 1 ? letters[group >> 6 & 63] : '=';
        *to++ = left > 2 ? letters[group & 63] : '=';
    }
    *to = '\0';
    value->text = text;
    value->size = (size_t)(to - text);
    return value;
}

/* What each letter stands for; 64 and more for what is none. */
static void fill(uint8_t value[256])
{
    memset(value, 64, 256);
    for (uint8_t i = 0; i < 64; i++)
        value[(uint8_t)letters[i]] = i;
}

const uint8_t *json_as_bytes(const struct json *value, size_t *size)
{
    size_t count, pad = 0;
    const char *text = json_as_string(value, &count);
    uint8_t table[256], bad = 0;

    if (!text || count % 4 != 0)
        return NULL;
    while (pad < 2 && pad < count && text[count - 1 - pad] == '=')
        pad++;
    fill(table);
    uint8_t *bytes = wow_alloc(count / 4 * 3 + 1), *to = bytes;
    for (size_t at = 0; at < count; at += 4) {
        uint32_t group = 0;

        for (size_t i = 0; i < 4; i++) {
            uint8_t six = at + i < count - pad ? table[(uint8_t)text[at + i]] : 0;
            bad |= six & 64;
            group = group << 6 | six;
        }
        *to++ = (uint8_t)(group >> 16);
        *to++ = (uint8_t)(group >> 8);
        *to++ = (uint8_t)group;
    }
    *size = (size_t)(to - bytes) - pad;
    bytes[*size] = 0;
    return bad ? NULL : bytes;
}

const uint8_t *wow_bytes(const struct json *args, const char *name, size_t *size,
                         struct wow_error *err)
{
    *size = 0;
    if (wow_string(args, name, err)[0] == '\0')
        return (const uint8_t *)"";
    const uint8_t *bytes = json_as_bytes(json_get(args, name), size);
    if (bytes)
        return bytes;
    *size = 0;
    wow_complain(err, name, "must be base64");
    return (const uint8_t *)"";
}
