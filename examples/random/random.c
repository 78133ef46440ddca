/* Chance: {"bytes": 8} gives {"hex": "<16 hex digits>", "uuid": "<a version 4 UUID>"}. */

#include <wow/action.h>

#include <unistd.h>

static void to_hex(char *out, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < 2 * size; i++)
        out[i] = "0123456789abcdef"[bytes[i / 2] >> (i % 2 ? 0 : 4) & 15];
}

static struct json *uuid(struct wow_error *err)
{
    uint8_t id[16];
    char hex[32], text[36], *to = text;

    if (getentropy(id, sizeof id) != 0)
        return wow_fail(err, "there is no source of randomness");
    id[6] = (uint8_t)((id[6] & 0x0f) | 0x40);
    id[8] = (uint8_t)((id[8] & 0x3f) | 0x80);
    to_hex(hex, id, sizeof id);
    for (size_t i = 0; i < sizeof hex; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20)
            *to++ = '-';
        *to++ = hex[i];
    }
    return json_string_n(text, sizeof text);
}

static struct json *chance(const struct json *args, struct wow_error *err)
{
    enum { MOST = 256 }; /* as getentropy gives at once */
    uint8_t bytes[MOST];
    char hex[2 * MOST];
    uint64_t size = wow_uint_or(args, "bytes", 16, err);

    if (wow_failed(err))
        return NULL;
    if (size > MOST)
        return wow_fail(err, "parameter 'bytes' must be at most 256");
    if (getentropy(bytes, (size_t)size) != 0)
        return wow_fail(err, "there is no source of randomness");
    to_hex(hex, bytes, (size_t)size);

    struct json *result = json_object();
    json_set(result, "hex", json_string_n(hex, 2 * (size_t)size));
    json_set(result, "uuid", uuid(err));
    return result;
}

WOW_ACTION(chance)
