/*
 * Takes an event that somebody's server posts to a raw web action, if it is signed with our
 * secret: header X-Hub-Signature-256 is "sha256=" and the HMAC-SHA256 of the body in hex.
 */

#include <wow/action.h>

#include <string.h>

#include "sha256.h"

/* {"statusCode": …, "body": {…}}, what a web action answers. */
static struct json *answer(int status, const char *key, const struct json *value)
{
    struct json *result = json_object();

    json_set(result, "statusCode", json_int(status));
    json_set(json_set(result, "body", json_object()), key, value);
    return result;
}

static struct json *refuse(int status, const char *text)
{
    wow_logf("refused with %d: %s", status, text);
    return answer(status, "error", json_string(text));
}

/* Takes as long for a signature that is nearly right as for one that is not. */
static bool is_signed(const char *signature, const uint8_t mac[SHA256_SIZE])
{
    static const char head[] = "sha256=";
    size_t size = sizeof head - 1 + 2 * SHA256_SIZE;
    uint8_t differs = 0;

    if (!signature || strlen(signature) != size)
        return false;
    for (size_t i = 0; i < size; i++) {
        size_t digit = i - (sizeof head - 1);
        char right = i < sizeof head - 1
                         ? head[i]
                         : "0123456789abcdef"[mac[digit / 2] >> (digit % 2 ? 0 : 4) & 15];
        differs |= (uint8_t)(signature[i] ^ right);
    }
    return differs == 0;
}

static struct json *receive(const struct json *args, struct wow_error *err)
{
    const char *secret = wow_string(args, "secret", err);
    const struct json *headers = wow_object(args, "__ow_headers", err);
    const struct json *body = json_get(args, "__ow_body");
    uint8_t mac[SHA256_SIZE];
    size_t size;

    if (wow_failed(err))
        return NULL;
    if (secret[0] == '\0')
        return wow_fail(err, "parameter 'secret' must not be empty");
    /* OpenWhisk passes bodies that are binary, application/json among them, in base64. */
    const uint8_t *data = json_as_bytes(body, &size);
    if (!data)
        return refuse(400, "the body must come as base64: make this a raw web action");
    hmac_sha256(secret, strlen(secret), data, size, mac);
    if (!is_signed(json_as_string(json_get(headers, "x-hub-signature-256"), NULL), mac))
        return refuse(401, "the signature is missing or wrong");

    struct wow_error trouble = {0};
    const struct json *event = json_parse((const char *)data, size, &trouble);
    if (!event)
        return refuse(400, wow_error_text(&trouble));
    const char *kind = json_as_string(json_get(event, "action"), NULL);
    if (!kind)
        return refuse(422, "the event has no text 'action'");
    wow_logf("took an event: %s", kind);
    return answer(200, "took", json_get(event, "action"));
}

WOW_ACTION(receive)
